package recommendation

import (
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

const (
	// mostBatch is how many customers one request may name.
	mostBatch = 10_000
	// batchWithin is how long a list that is made ahead waits for who it is for: nobody looks at a page meanwhile.
	batchWithin = 2 * time.Second
)

// BatchRecommend gives a list for each of many, as they are made.
func (a *api) BatchRecommend(r *recommendationv1.BatchRecommendRequest, to grpc.ServerStreamingServer[recommendationv1.BatchRecommendResponse]) error {
	if n := len(r.GetIds()); n > mostBatch {
		return status.Errorf(codes.InvalidArgument, "ids: %d customers, at most %d are allowed", n, mostBatch)
	}
	req := &recommendationv1.RecommendRequest{}
	if r.GetAsk() != nil {
		req = proto.CloneOf(r.GetAsk())
	}
	req.Id, req.Workspace = "", r.GetWorkspace() // the gateway allows a token the workspace that the request itself names
	q, err := a.s.check(req)
	if err != nil {
		return err
	}
	var mu sync.Mutex // one message after the other; who reads slowly slows the work down
	group, ctx := errgroup.WithContext(to.Context())
	group.SetLimit(a.s.cfg.BatchWorkers)
	for _, id := range r.GetIds() {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			out := &recommendationv1.BatchRecommendResponse{Id: id}
			var err error
			if id == "" {
				err = status.Error(codes.InvalidArgument, "id: it is empty")
			} else {
				out.Answer, err = a.s.recommend(ctx, q, id, true, batchWithin)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				out.Error = status.Convert(err).Message()
			}
			mu.Lock()
			defer mu.Unlock()
			return to.Send(out)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return to.Context().Err()
}
