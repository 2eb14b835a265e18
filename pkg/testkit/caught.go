package testkit

import (
	"bytes"
	"encoding/binary"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Request is a request to a broker, as a proxy sees it.
type Request struct {
	// Key says of what kind it is.
	Key kmsg.Key
	// Frame is all of it, as it stands on the wire.
	Frame []byte
}

// Appends is what a rule asks to find requests that append to a topic, with these bytes somewhere in them.
func Appends(topic, holding string) func(Request) bool {
	return func(r Request) bool {
		return r.Key == kmsg.Produce && bytes.Contains(r.Frame, []byte(topic)) && bytes.Contains(r.Frame, []byte(holding))
	}
}

// Caught is one request that a proxy treats otherwise.
type Caught struct {
	which func(Request) bool
	hold  bool // else the answer is lost

	by       *proxied // by whose connection it came; under the proxy's lock
	arrived  chan struct{}
	released chan struct{}
	answered chan struct{}
	once     sync.Once
}

// Arrived is closed when the request has been caught.
func (r *Caught) Arrived() <-chan struct{} { return r.arrived }

// Answered is closed when the broker has answered the request.
func (r *Caught) Answered() <-chan struct{} { return r.answered }

// Cut ends the client's connection, so that it learns at once that it will get no answer. The request stays held.
func (r *Caught) Cut() { _ = r.by.client.Close() }

// Release lets a held request go to the broker, where it arrives although its client may have gone.
func (r *Caught) Release() { r.open() }

func (r *Caught) open() { r.once.Do(func() { close(r.released) }) }

// header is what every request begins with.
type header struct {
	key, version int16
	correlation  int32
}

func headerOf(frame []byte) (header, bool) {
	if len(frame) < 12 {
		return header{}, false
	}
	return header{
		key:         int16(binary.BigEndian.Uint16(frame[4:])),
		version:     int16(binary.BigEndian.Uint16(frame[6:])),
		correlation: int32(binary.BigEndian.Uint32(frame[8:])),
	}, true
}
