package rpc

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
)

// errUnread ends a stream whose client takes no answers.
var errUnread = status.Error(codes.DeadlineExceeded, "the stream's answers are not being read: connect again, read while sending, and send what has no answer yet")

// outbox holds the answers of one stream until they are sent. Putting never waits for the client, so that events which it sent do not stay in
// the memory that all share while it does not read; the stream's window bounds what can be here.
type outbox struct {
	mu     sync.Mutex
	groups [][]collectorv1.IngestStreamResponse // in order, none empty
	closed bool
	news   chan struct{} // holds a token when there may be something new
}

func newOutbox() *outbox { return &outbox{news: make(chan struct{}, 1)} }

func (o *outbox) put(answers []collectorv1.IngestStreamResponse) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.groups = append(o.groups, answers)
	token(o.news)
}

// close says that nothing more will be put.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	token(o.news)
}

// next blocks until there are answers, and returns those of one group; none when the outbox is closed and empty.
func (o *outbox) next() []collectorv1.IngestStreamResponse {
	for {
		if group, over := o.first(); over || len(group) > 0 {
			return group
		}
		<-o.news
	}
}

func (o *outbox) first() (group []collectorv1.IngestStreamResponse, over bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.groups) == 0 {
		return nil, o.closed
	}
	group = o.groups[0]
	if o.groups[0] = nil; len(o.groups) == 1 {
		o.groups = o.groups[:0]
	} else {
		o.groups = o.groups[1:]
	}
	return group, false
}

// sendAnswers sends until out is closed and empty. An answer that its client does not take within patience ends ctx, by end.
func sendAnswers(stream ingestStream, out *outbox, win *window, patience time.Duration, end context.CancelCauseFunc) {
	late := time.AfterFunc(patience, func() { end(errUnread) })
	late.Stop()
	defer late.Stop()
	for answers := out.next(); len(answers) > 0; answers = out.next() {
		for i := range answers {
			late.Reset(patience)
			if err := stream.Send(&answers[i]); err != nil {
				end(err)
				return
			}
			win.answered()
		}
		late.Stop()
	}
}
