package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/simulator"
)

// finding is one number of the truth and what the stack says of it.
type finding struct {
	name         string
	truth, found int64
	money        bool
	// atMost says that fewer are right too.
	atMost bool
	// copies says that more are right too: on a busy machine an answer may come too late, and what is then sent again comes twice.
	copies bool
}

func (f finding) right() bool {
	return f.found == f.truth || f.atMost && f.found < f.truth || f.copies && f.found > f.truth
}

// label is the finding's name, with how many copies were not the shop's.
func (f finding) label() string {
	if f.copies && f.found > f.truth {
		return fmt.Sprintf("%s (%d more are ours: sent or stored again on the way)", f.name, f.found-f.truth)
	}
	return f.name
}

func (f finding) show(n int64) string {
	if f.money {
		return money.Format(n)
	}
	return strconv.FormatInt(n, 10)
}

// findings asks ClickHouse and identity for every number of the truth.
func (l *look) findings(ctx context.Context, shop *simulator.Shop) ([]finding, error) {
	counts := shop.Counts()
	last := counts[len(counts)-1]
	var all simulator.Counts
	rejects := map[simulator.Fault]int64{}
	for _, c := range counts {
		all.Events += c.Events
		all.Duplicates += c.Duplicates
		all.Orders += c.Orders
		all.RevenueMicros += c.RevenueMicros
		all.Refunds += c.Refunds
		all.RefundMicros += c.RefundMicros
		for reason, n := range c.Rejects {
			rejects[reason] += n
		}
	}
	const orders = " FROM dw.orders WHERE kind = 'completed'"
	list := []struct {
		finding
		query string
	}{
		{finding{name: "events stored, each once", truth: all.Events}, "SELECT toInt64(count()) FROM dw.events"},
		{finding{name: "second copies, dropped", truth: all.Duplicates, copies: true},
			"SELECT toInt64((SELECT count() FROM ods.events) - (SELECT count() FROM dw.events))"},
		{finding{name: "events dropped of which no copy is stored"},
			"SELECT toInt64(uniqExact(workspace, event_id)) FROM ods.events WHERE (workspace, event_id) NOT IN (SELECT workspace, event_id FROM dw.events)"},
		{finding{name: "orders", truth: all.Orders}, "SELECT toInt64(count())" + orders},
		{finding{name: "revenue", truth: all.RevenueMicros, money: true}, "SELECT sum(total_micros)" + orders},
		{finding{name: "refunds", truth: all.Refunds}, "SELECT toInt64(sum(refunds * sign)) FROM dw.order_postings"},
		{finding{name: "refunded", truth: all.RefundMicros, money: true}, "SELECT toInt64(sum(refund_micros * sign)) FROM dw.order_postings"},
		{finding{name: "customers", truth: last.Customers}, "SELECT toInt64(uniqExact(current_customer_id)) FROM dw.events_current"},
		{finding{name: "merges (at most: a log-in may overtake the visit before it)", truth: last.Merges, atMost: true},
			"SELECT toInt64(count()) FROM dw.identity_overrides"},
	}
	var out []finding
	for _, f := range list {
		n, err := l.count(ctx, f.query)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		f.found = n
		out = append(out, f.finding)
	}
	got, err := l.rejects(ctx)
	if err != nil {
		return nil, err
	}
	for _, reason := range slices.Sorted(maps.Keys(rejects)) {
		out = append(out, finding{name: "refused: " + string(reason), truth: rejects[reason], found: got[reason], copies: true})
	}
	people, err := l.people(ctx, shop)
	return append(out, people), err
}

// sample is how many people are looked up one by one.
const sample = 200

// people looks up people with several names and checks that all of them lead to one customer.
func (l *look) people(ctx context.Context, shop *simulator.Shop) (finding, error) {
	f := finding{name: "people of a sample whose user id, e-mail and devices are one customer"}
	for _, p := range shop.People() {
		if p.UserID == "" || len(p.LinkedIDs) < 2 || p.Borrowed != "" {
			continue
		}
		if f.truth == sample {
			break
		}
		f.truth++
		same, err := l.one(ctx, p)
		if err != nil {
			return f, err
		}
		if same {
			f.found++
		}
	}
	return f, nil
}

func (l *look) one(ctx context.Context, p simulator.Person) (bool, error) {
	names := []*eventv1.Identifier{{Type: customer.TypeUserID, Value: p.UserID}}
	if p.Email != "" {
		names = append(names, &eventv1.Identifier{Type: customer.TypeEmail, Value: p.Email})
	}
	for _, id := range p.LinkedIDs {
		names = append(names, &eventv1.Identifier{Type: customer.TypeAnonymousID, Value: id})
	}
	_, err := l.api.Identity.Resolve(ctx, &identityv1.ResolveRequest{Identifiers: names})
	switch status.Code(err) {
	case codes.OK:
		return true, nil
	case codes.FailedPrecondition, codes.NotFound:
		return false, nil
	}
	return false, fmt.Errorf("resolve %s: %w", p.UserID, err)
}
