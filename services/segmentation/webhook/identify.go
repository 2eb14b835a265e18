package webhook

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/retry"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// Directory knows customers' names: the identity service's client.
type Directory interface {
	GetCustomer(ctx context.Context, in *identityv1.GetCustomerRequest, opts ...grpc.CallOption) (*identityv1.GetCustomerResponse, error)
}

const (
	// askWithin bounds one question to identity, which answers in milliseconds.
	askWithin = 2 * time.Second
	// A replica of identity that is behind does not know the newest customers yet; nor does any know one that was erased.
	unknownWithin = 5 * time.Second
	// Pauses between questions: from askAgain, doubling up to askAgainMost.
	askAgain, askAgainMost = 100 * time.Millisecond, 2 * time.Second
)

// identify asks who an alert is about, once for all attempts, so that each sends the same bytes. An identity service that is away is asked
// again for as long as cfg.IdentityWait; then the alert goes without the names, and says so: late is worse than nameless, and lost is
// worse than both. Nil when the endpoint wants no names, or when ctx ended.
func (d *Deliverer) identify(ctx context.Context, t *target, a *segmentationv1.Alert) *person {
	if t.identity == IdentityNone || d.deps.People == nil {
		return nil
	}
	began, pauses := time.Now(), retry.Backoff{First: askAgain, Most: askAgainMost} // the time that passes, whatever the clock of timestamps says
	for {
		names, err := d.ask(ctx, a.GetTransition())
		if err == nil {
			return personOf(names, t.identity)
		}
		limit := d.cfg.IdentityWait
		if status.Code(err) == codes.NotFound {
			limit = min(limit, unknownWithin)
		}
		pause := pauses.Next()
		if waited := time.Since(began); waited+pause > limit {
			d.metrics.nameless.WithLabelValues(t.name).Inc()
			d.deps.Logger.WarnContext(ctx, "alert goes without the customer's names: identity does not say them", "endpoint", t.name,
				"alert", a.GetAlertId(), "waited", waited.String(), "code", status.Code(err).String())
			return &person{identifiers: []identifier{}}
		}
		if retry.Sleep(ctx, pause) != nil {
			return nil
		}
	}
}

// ask reads the names of an alert's customer, or of the one that it was merged into since.
func (d *Deliverer) ask(ctx context.Context, t *segmentationv1.Transition) ([]*eventv1.Identifier, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	got, err := d.deps.People.GetCustomer(ctx, &identityv1.GetCustomerRequest{Workspace: t.GetWorkspace(), Id: t.GetCustomerId()})
	if err != nil {
		return nil, err
	}
	var names []*eventv1.Identifier
	for _, l := range got.GetCustomer().GetIdentifiers() {
		names = append(names, l.GetIdentifier())
	}
	return names, nil
}
