package feature

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/pkg/wire"
)

// tokenForm is the first byte of a token.
const tokenForm = 1

// maxPartitions bounds what is read of a token.
const maxPartitions = 10_000

// tokenOf writes where a watch stands, by partition.
func tokenOf(places []broker.Place) string {
	b := binary.AppendUvarint([]byte{tokenForm}, uint64(len(places)))
	for _, p := range places {
		b = p.Append(b)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// errToken says that a text is no token.
var errToken = errors.New("resume: this is no token of a watch; give the resume of an answer as it came, or none to watch from now")

// parseToken reads what tokenOf wrote.
func parseToken(text string) ([]broker.Place, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 || b[0] != tokenForm {
		return nil, errToken
	}
	c := wire.Read(b[1:])
	n := c.Count(1)
	if b = c.Rest(); c.Failed() || n == 0 || n > maxPartitions {
		return nil, errToken
	}
	var places []broker.Place
	for range n {
		var p broker.Place
		if p, b, err = broker.ReadPlace(b); err != nil || p.Offset < 0 {
			return nil, errToken
		}
		places = append(places, p)
	}
	if len(b) > 0 {
		return nil, errToken
	}
	return places, nil
}

// places are where a watch begins: where a token says, or behind all that there is.
func (s *Service) places(ctx context.Context, token string) (places []broker.Place, err error) {
	spans, err := s.deps.Broker.Spans(ctx, topics.Features.Name)
	if err != nil {
		return nil, fmt.Errorf("find the ends of %s: %w", topics.Features.Name, err)
	}
	if token != "" {
		if places, err = parseToken(token); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		if len(places) != len(spans) {
			return nil, status.Errorf(codes.OutOfRange, "resume: it is of %d partitions, and %s has %d: read the present values, and watch from now",
				len(places), topics.Features.Name, len(spans))
		}
		return places, nil
	}
	for i := range len(spans) {
		at := broker.TopicPartition{Topic: topics.Features.Name, Partition: i}
		// The place is completed with the log that it is in, so that a token means nothing in another one.
		p, err := s.deps.Broker.Stand(ctx, at, broker.Place{Offset: spans[i].Next})
		if err != nil {
			return nil, fmt.Errorf("stand at the end of %s: %w", at, err)
		}
		places = append(places, p)
	}
	return places, nil
}
