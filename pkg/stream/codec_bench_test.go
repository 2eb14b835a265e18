package stream

import (
	"fmt"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
)

// A commit of identity at a few thousand events a second: each output is an event.
func BenchmarkEncodeACommit(b *testing.B) {
	c := commit{seq: 7, inputs: map[string]broker.Place{"events.raw.v1": {Offset: 1 << 30}}}
	for i := range 100 {
		c.outputs = append(c.outputs, broker.Message{Topic: "events.resolved.v1", Key: fmt.Appendf(nil, "%032d", i), Value: make([]byte, 700)})
	}
	b.ReportAllocs()
	for b.Loop() {
		c.encode()
	}
}
