package fleet

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/stream"
	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
)

// roomBytes is how much is put into an answer before the rest is left to the next one.
const roomBytes = 1 << 20

// server answers other replicas.
type server struct {
	fleetv1.UnimplementedFleetServiceServer
	fleet *Fleet
}

// Register adds the API for other replicas to r.
func (f *Fleet) Register(r grpc.ServiceRegistrar) {
	fleetv1.RegisterFleetServiceServer(r, server{fleet: f})
}

func (s server) find(name string) (*Task, error) {
	if t := s.fleet.task(name); t != nil {
		return t, nil
	}
	return nil, status.Errorf(codes.NotFound, "this process does not run the task %q", name)
}

// Read reads keys.
func (s server) Read(_ context.Context, req *fleetv1.ReadRequest) (*fleetv1.ReadResponse, error) {
	t, err := s.find(req.GetTask())
	if err != nil {
		return nil, err
	}
	out := &fleetv1.ReadResponse{NowMs: s.fleet.deps.Now().UnixMilli()}
	room := roomBytes
	for _, part := range req.GetParts() {
		if len(part.GetKeys()) == 0 {
			return nil, status.Errorf(codes.InvalidArgument, "parts: there are no keys to read of partition %d", part.GetPartition())
		}
		answer := &fleetv1.ReadAnswer{}
		out.Parts = append(out.Parts, answer)
		if room <= 0 {
			continue
		}
		view, err := t.as(int(part.GetPartition()), part.GetTenure())
		for _, key := range part.GetKeys() {
			if err != nil || room <= 0 {
				break
			}
			v := &fleetv1.Value{}
			if v.Data, v.Found, err = view.Get(key); err == nil {
				answer.Values = append(answer.Values, v)
				room -= len(v.GetData()) + 8
			}
		}
		if errors.Is(err, stream.ErrNotOwner) {
			answer = &fleetv1.ReadAnswer{Moved: true}
			out.Parts[len(out.GetParts())-1] = answer
		} else if err != nil {
			return nil, err
		}
		s.fleet.metrics.served(t.p.Name(), len(answer.GetValues()))
	}
	return out, nil
}

// Scan reads a page.
func (s server) Scan(_ context.Context, req *fleetv1.ScanRequest) (*fleetv1.ScanResponse, error) {
	t, err := s.find(req.GetTask())
	if err != nil {
		return nil, err
	}
	out, room := &fleetv1.ScanResponse{}, roomBytes
	view, err := t.as(int(req.GetPartition()), req.GetTenure())
	if err == nil {
		err = view.Scan(req.GetPrefix(), req.GetFrom(), func(k, v []byte) (bool, error) {
			out.Pairs = append(out.Pairs, &fleetv1.Pair{Key: k, Value: v})
			room -= len(k) + len(v) + 8
			out.More = room <= 0 || len(out.GetPairs()) == int(req.GetLimit())
			return !out.GetMore(), nil
		})
	}
	if errors.Is(err, stream.ErrNotOwner) {
		return &fleetv1.ScanResponse{Moved: true}, nil
	}
	if err != nil {
		return nil, err
	}
	s.fleet.metrics.served(t.p.Name(), len(out.GetPairs()))
	return out, nil
}

// as is the view of a partition, if this process has it, and under no earlier tenure than the asker knows of.
func (t *Task) as(partition int, asked *fleetv1.Tenure) (stream.View, error) {
	want := tenureOf(asked)
	if mine, ok := t.p.Tenure(partition); !ok || mine.Log != want.Log || supersedes(want, mine) {
		return stream.View{}, stream.ErrNotOwner
	}
	return t.p.View(partition)
}
