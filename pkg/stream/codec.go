package stream

import (
	"encoding/binary"
	"fmt"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/wire"
)

// commit is the bookkeeping that closes a batch of changelog records.
type commit struct {
	seq int64
	// inputs is where to go on reading, by topic.
	inputs map[string]broker.Place
	// outputs are the records to publish for this commit.
	outputs []broker.Message
}

var commitFormat = wire.Format{Name: "commit of a changelog", Oldest: 1, Written: 1, Newest: 1}

func (c commit) encode() []byte {
	b := binary.AppendVarint(commitFormat.Begin(make([]byte, 0, c.room())), c.seq)
	b = appendInputs(b, c.inputs)
	b = binary.AppendUvarint(b, uint64(len(c.outputs)))
	for _, m := range c.outputs {
		b = wire.AppendText(b, m.Topic)
		b = wire.AppendNullable(b, m.Key)
		b = wire.AppendNullable(b, m.Value)
		b = binary.AppendUvarint(b, uint64(len(m.Headers)))
		for _, h := range m.Headers {
			b = wire.AppendBytes(wire.AppendText(b, h.Key), h.Value)
		}
	}
	return b
}

// room is about how many bytes a commit takes, so that its outputs are copied once.
func (c commit) room() int {
	n := 64 + 128*len(c.inputs)
	for _, m := range c.outputs {
		n += len(m.Topic) + len(m.Key) + len(m.Value) + 16
		for _, h := range m.Headers {
			n += len(h.Key) + len(h.Value) + 8
		}
	}
	return n
}

func decodeCommit(b []byte) (commit, error) {
	in, _, err := commitFormat.Open(b)
	if err != nil {
		return commit{}, err
	}
	c := commit{seq: in.Varint(), inputs: readInputs(&in)}
	for range in.Count(4) {
		m := broker.Message{Topic: in.Text(), Key: in.Nullable(), Value: in.Nullable()}
		for range in.Count(2) {
			m.Headers = append(m.Headers, broker.Header{Key: in.Text(), Value: in.Bytes()})
		}
		c.outputs = append(c.outputs, m)
	}
	if err := in.Done(); err != nil {
		return commit{}, fmt.Errorf("%s: %w", commitFormat.Name, err)
	}
	return c, nil
}

func appendInputs(b []byte, inputs map[string]broker.Place) []byte {
	b = binary.AppendUvarint(b, uint64(len(inputs)))
	for topic, next := range inputs {
		b = wire.AppendBytes(wire.AppendText(b, topic), next.Append(nil))
	}
	return b
}

func readInputs(in *wire.Cursor) map[string]broker.Place {
	inputs := map[string]broker.Place{}
	for range in.Count(2) {
		topic := in.Text()
		place, rest, err := broker.ReadPlace(in.Bytes())
		if err != nil || len(rest) > 0 {
			in.Fail()
		}
		inputs[topic] = place
	}
	return inputs
}

func encodeDue(due int64) []byte { return binary.AppendVarint(nil, due) }

func decodeDue(b []byte) (int64, error) {
	in := wire.Read(b)
	due := in.Varint()
	return due, in.Done()
}
