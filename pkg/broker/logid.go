package broker

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// LogID names one life of a topic: Kafka's topic id. A topic that is deleted and made anew has another one, under the
// same name and with offsets from 0. The zero LogID is that of a broker which knows no topic ids (Kafka before 2.8).
type LogID [16]byte

// String is the id in hexadecimal, "none" for the zero LogID.
func (id LogID) String() string {
	if id == (LogID{}) {
		return "none"
	}
	return hex.EncodeToString(id[:])
}

// idVersion is the first version of Kafka's Metadata that tells topic ids. kafka-go speaks up to 8.
const idVersion = 10

// Log asks for the id of a topic. Nothing is remembered: the question is whether it is still the same one.
func (c *Client) Log(ctx context.Context, topic string) (LogID, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	id, err := c.askLog(ctx, topic)
	if err != nil {
		return LogID{}, fmt.Errorf("ask for the id of topic %s: %w", topic, err)
	}
	return id, nil
}

func (c *Client) askLog(ctx context.Context, topic string) (LogID, error) {
	if known, err := c.knowsIDs(ctx); err != nil || !known {
		return LogID{}, err
	}
	t, err := c.askTopic(ctx, topic)
	return t.TopicID, err
}

// knowsIDs tells whether the broker's Metadata has topic ids.
func (c *Client) knowsIDs(ctx context.Context) (bool, error) {
	metadata := kmsg.NewMetadataRequest()
	most, err := c.mostVersion(ctx, metadata.Key())
	return most >= idVersion, err
}

// mostVersion is the highest version that the broker takes of a request; -1 when it knows none.
func (c *Client) mostVersion(ctx context.Context, key int16) (int, error) {
	res, err := c.kafka.ApiVersions(ctx, &kafka.ApiVersionsRequest{})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return -1, err
	}
	for _, k := range res.ApiKeys {
		if k.ApiKey == int(key) {
			return k.MaxVersion, nil
		}
	}
	return -1, nil
}

// answerFor is how long a small question may take to be answered: by Kafka's measure it is a moment.
const answerFor = 5 * time.Second

// ask makes one request that kafka-go does not know, at the first broker that can be reached.
func (c *Client) ask(ctx context.Context, req kmsg.Request, res kmsg.Response) error {
	conn, err := c.dialAny(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return askOn(ctx, conn, req, res)
}

// askOn makes the first request of a connection, and waits for the answer.
func askOn(ctx context.Context, conn net.Conn, req kmsg.Request, res kmsg.Response) error {
	by := time.Now().Add(answerFor)
	if end, ok := ctx.Deadline(); ok && end.Before(by) {
		by = end
	}
	if err := conn.SetDeadline(by); err != nil {
		return err
	}
	if _, err := conn.Write(appendQuestion(nil, req)); err != nil {
		return err
	}
	body, err := readFrame(conn, nil, maxAnswer)
	if err != nil {
		return err
	}
	return readAnswer(body, req, res)
}

// correlation is the number of every question that is asked here: a connection has one at a time.
const correlation = 1

func appendQuestion(b []byte, req kmsg.Request) []byte {
	return kmsg.NewRequestFormatter(kmsg.FormatterClientID("freshet")).AppendRequest(b, req, correlation)
}

// readAnswer reads the answer to req into res, which keeps parts of body.
func readAnswer(body []byte, req kmsg.Request, res kmsg.Response) error {
	if len(body) < 4 || binary.BigEndian.Uint32(body) != correlation {
		return errors.New("the broker answered another question")
	}
	body = body[4:]
	res.SetVersion(req.GetVersion())
	if res.IsFlexible() { // a header with tags, of which none is known
		if len(body) == 0 || body[0] != 0 {
			return errors.New("the broker's answer has tags in its header")
		}
		body = body[1:]
	}
	return res.ReadFrom(body)
}

// maxAnswer bounds an answer of ask: the metadata of one topic.
const maxAnswer = 16 << 20

// readFrame reads one answer, of `most` bytes or less, into b or a larger slice.
func readFrame(r io.Reader, b []byte, most uint32) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return b, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > most {
		return b, fmt.Errorf("an answer of %d bytes", n)
	}
	b = slices.Grow(b[:0], int(n))[:n]
	_, err := io.ReadFull(r, b)
	return b, err
}

func (c *Client) dialAny(ctx context.Context) (net.Conn, error) {
	var errs []error
	for _, address := range c.cfg.Addresses {
		conn, err := c.transport.Dial(ctx, "tcp", address)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
