package rpc

import (
	"errors"
	"fmt"
)

// Stream bounds what one IngestStream holds.
type Stream struct {
	// Window is how many events of one stream may wait for their answer. Beyond it the server reads no further, and HTTP/2's
	// flow control holds the client. A client that takes no answer for write_timeout loses its stream. Above 0.
	Window int `koanf:"window"`
	// WindowBytes bounds the same events by their size as JSON; one is always taken, whatever its size. Above 0. They count in
	// limits.in_flight_bytes too, beyond which an event is answered RETRY.
	WindowBytes int `koanf:"window_bytes"`
}

// DefaultStream holds a thousand events or a megabyte.
func DefaultStream() Stream { return Stream{Window: 1000, WindowBytes: 1 << 20} }

// Validate reports every fault, each under its key.
func (c Stream) Validate() error {
	var errs []error
	if c.Window <= 0 {
		errs = append(errs, fmt.Errorf("stream.window: %d is not above 0", c.Window))
	}
	if c.WindowBytes <= 0 {
		errs = append(errs, fmt.Errorf("stream.window_bytes: %d is not above 0", c.WindowBytes))
	}
	return errors.Join(errs...)
}
