package feature

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/order"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
)

const (
	simulatedYear = 400 * 24 * time.Hour
	// aPhase is how many events come before the tasks fold again: a year has some dozens of phases, since at each the windows of everybody have moved.
	aPhase = 1250
	// eachCustomer is how many events a customer has on average; some have a hundred times as many as others.
	eachCustomer = 100
)

// simulation is a round: a world of package rapid's tests, but drawn by a plain generator, and a year long.
type simulation struct {
	*world
	fails *testing.T
	round int
	r     *rand.Rand
	did   tallied
	begin time.Time
	sold  []sold
	// reached counts up to the next phase.
	reached int
}

type sold struct {
	customer int
	order    *eventv1.Order
	atMs     int64
}

func newSimulation(t *testing.T, round int) *simulation {
	task := func() *memoryTask {
		return &memoryTask{kv: map[string][]byte{}, timers: map[string]int64{}, next: map[string]int{}}
	}
	s := &simulation{fails: t, round: round, r: rand.New(rand.NewPCG(uint64(round), 9)), begin: oracle.Epoch.Add(-simulatedYear)}
	s.world = &world{kept: shipped, now: s.begin, parts: 3, logs: map[broker.TopicPartition][]broker.Record{}, sent: map[lane][]broker.Message{},
		gone: map[string]bool{}, offsets: make([]int64, 2)}
	for range s.parts {
		s.tasks, s.books = append(s.tasks, task()), append(s.books, task())
	}
	for i := range aRound / eachCustomer {
		s.ids = append(s.ids, customer.ID("default", "user_id", fmt.Sprint(round, "-", i), 0))
	}
	return s
}

// next is the next event, and what happens beside it now and then.
func (s *simulation) next() {
	s.now = s.begin.Add(time.Duration(float64(simulatedYear) * float64(s.events) / aRound))
	who := int(float64(len(s.ids)) * math.Pow(s.r.Float64(), 2))
	e := s.event(who)
	e.Workspace, e.EventId, e.ReceivedMs = "default", fmt.Sprint("s", s.round, "-", s.events), s.now.UnixMilli()
	s.events++
	s.did.events++
	s.tell(s.ids[who], e)
	if s.r.IntN(1000) < 2 {
		s.merge()
	}
	if s.r.IntN(200) == 0 {
		s.repeat()
	}
	if s.reached++; s.reached == aPhase {
		s.reached = 0
		for p := range s.parts {
			s.world.tell(p, math.MaxInt, false)
			s.fold(p, aPhase)
		}
	}
}

// tell sends an event as identity resolves it: most often to whom the customer is part of, else to the id that it knows yet.
func (s *simulation) tell(id string, e *eventv1.Event) {
	if s.r.IntN(10) > 0 {
		id = s.truth.Canonical(id)
	}
	s.truth.Add(id, e)
	raw := s.r.IntN(len(s.offsets))
	m := &eventv1.ResolvedEvent{Event: e, CustomerId: id, RawPartition: int32(raw), RawOffset: s.offsets[raw]}
	s.offsets[raw] += 1 + s.r.Int64N(3)
	s.resolved = append(s.resolved, m)
	value := s.bytes(m)
	s.send(fmt.Sprint("identity ", raw), broker.Message{Topic: topics.EventsResolved.Name, Key: []byte(id), Value: value})
	if n := e.GetOrder().GetOrderId(); n != "" {
		s.send(fmt.Sprint("identity ", raw), broker.Message{Topic: topics.OrderEvents.Name, Key: order.Key("default", n), Value: value})
	}
}

func (s *simulation) bytes(m proto.Message) []byte {
	value, err := proto.Marshal(m)
	if err != nil {
		s.fails.Fatal(err)
	}
	return value
}

// merge makes two customers who still are two one, with a mapping for each id that had become the first.
func (s *simulation) merge() {
	from, to := s.truth.Canonical(s.ids[s.r.IntN(len(s.ids))]), s.truth.Canonical(s.ids[s.r.IntN(len(s.ids))])
	if from == to {
		return
	}
	s.did.merges++
	s.epoch++
	for _, id := range s.ids {
		if s.truth.Canonical(id) == from {
			m := &identityv1.Mapping{Workspace: "default", FromCustomerId: id, ToCustomerId: to, Epoch: s.epoch}
			s.mappings = append(s.mappings, m)
			s.send("identity merges", broker.Message{Topic: topics.IdentityMappings.Name, Key: []byte(id), Value: s.bytes(m)})
		}
	}
	s.gone[from] = true
	s.truth.Merge(from, to)
}

// repeat has a writer send a run of what it sent last once more.
func (s *simulation) repeat() {
	lanes := slices.SortedFunc(maps.Keys(s.sent), func(a, b lane) int {
		return strings.Compare(a.writer+a.to.String(), b.writer+b.to.String())
	})
	l := lanes[s.r.IntN(len(lanes))]
	sent := s.sent[l]
	for _, m := range sent[len(sent)-min(len(sent), 1+s.r.IntN(30)):] {
		s.append(l.to, m)
		s.did.repeats++
	}
}

// fold has a task fold what is there in batches, in any order between its inputs; one in fifty is lost before its commit, and folded again.
func (s *simulation) fold(partition, batch int) (did bool) {
	task := s.tasks[partition]
	m, err := newMetrics(nil, time.Now)
	if err != nil {
		s.fails.Fatal(err)
	}
	for {
		tx := &memoryTx{w: s.world, task: task, kv: map[string][]byte{}, timers: map[string]int64{}}
		h := newHandler(s.kept.copy(), m)
		next, some := maps.Clone(task.next), false
		for _, key := range slices.Sorted(maps.Keys(task.timers)) {
			if task.timers[key] <= s.now.UnixMilli() {
				tx.timers[key], some = 0, true
				if err := h.timer(tx, []byte(key)); err != nil {
					s.fails.Fatal(err)
				}
			}
		}
		for range batch {
			rec, ok := s.draw(partition, next)
			if !ok {
				break
			}
			some = true
			if err := h.process(tx, rec); err != nil {
				s.fails.Fatalf("%s at %d: %v", rec.Topic, rec.Offset, err)
			}
		}
		if err := h.batch.flush(tx); err != nil {
			s.fails.Fatal(err)
		}
		if !some {
			return did
		}
		if s.r.IntN(50) == 0 {
			s.did.crashes++
			continue
		}
		did, task.next = true, next
		tx.commit()
		for _, m := range tx.out {
			s.send(fmt.Sprint("task ", partition), m)
		}
	}
}

// draw takes a record of any input that has one.
func (s *simulation) draw(partition int, next map[string]int) (broker.Record, bool) {
	for _, i := range s.r.Perm(len(inputs)) {
		in := inputs[i].Name
		if log := s.logs[broker.TopicPartition{Topic: in, Partition: partition}]; next[in] < len(log) {
			next[in]++
			return log[next[in]-1], true
		}
	}
	return broker.Record{}, false
}

// end folds until nothing is left.
func (s *simulation) end() {
	s.now = oracle.Epoch
	for busy := true; busy; {
		busy = false
		for p := range s.parts {
			s.world.tell(p, math.MaxInt, false)
			busy = s.fold(p, aPhase) || busy
		}
	}
}

// event draws what a customer does, and when: one in thirty events comes late by up to a year.
func (s *simulation) event(who int) *eventv1.Event {
	late := s.r.Int64N(5_000)
	switch s.r.IntN(30) {
	case 0:
		late = s.r.Int64N(int64(1) << (10 + s.r.IntN(26)))
		if late > 86_400_000 {
			s.did.late++
		}
	case 1, 2, 3:
		late = s.r.Int64N(3_600_000)
	}
	e := &eventv1.Event{OccurredMs: s.now.UnixMilli() - late, Type: eventv1.EventType_EVENT_TYPE_TRACK, Source: []string{"web", "app"}[s.r.IntN(2)],
		Identifiers: []*eventv1.Identifier{{Type: "user_id", Value: fmt.Sprint(who)}}, History: s.r.IntN(50) == 0,
		Enrichment: &eventv1.Enrichment{Country: []string{"", "DE", "FR"}[s.r.IntN(3)]}}
	switch n := s.r.IntN(100); {
	case n < 18:
		e.Type = eventv1.EventType_EVENT_TYPE_PAGE
	case n < 23:
		e.Type = eventv1.EventType_EVENT_TYPE_IDENTIFY
		e.TraitsJson = fmt.Appendf(nil, `{"age":%d,"gender":%q,"membership_level":%q,"email":"e%d@example.com"}`, 20+s.r.IntN(50),
			[]string{"f", "m", ""}[s.r.IntN(3)], []string{"gold", "silver"}[s.r.IntN(2)], s.r.IntN(9))
	case n < 60:
		e.Name = "Product Viewed"
	case n < 70:
		s.order(e, who)
	default:
		e.Name = simulatedNames[s.r.IntN(len(simulatedNames))]
	}
	if e.PropertiesJson == nil {
		e.PropertiesJson = s.properties()
	}
	return e
}

var simulatedNames = []string{"Product Added", "Product Removed", "Products Searched", "Checkout Started", "Coupon Applied", "Message Sent", "Message Opened",
	"Message Clicked", "Ticket Opened", "Ticket Closed", "Complaint Filed", "Survey Answered", "Product Added to Wishlist", "Invite Sent", "Product Viewed"}

// properties have types that change: a price is a number or a text, and now and then something else.
func (s *simulation) properties() []byte {
	price := []string{"%d.5", `"%d.25"`, "%d", "%d.125", "null", `"dear"`, "[%d]", "true"}[min(7, s.r.IntN(40))]
	if strings.Contains(price, "%") {
		price = fmt.Sprintf(price, s.r.IntN(90))
	}
	return fmt.Appendf(nil, `{"product_id":"p%d","category":"c%d","brand":"b%d","price":%s,"quantity":%d,"query":"q%d","score":%d,"topic":"t%d","products":[{"product_id":"p%d","category":"c%d","brand":"b%d","price":%d.5,"quantity":2}]}`,
		s.r.IntN(400), s.r.IntN(30), s.r.IntN(12), price, s.r.IntN(4), s.r.IntN(200), s.r.IntN(11), s.r.IntN(3), s.r.IntN(400), s.r.IntN(30), s.r.IntN(12), s.r.IntN(90))
}

// order makes an event of an order: a new one, or what becomes of one before, also when somebody else tells it.
func (s *simulation) order(e *eventv1.Event, who int) {
	o := &eventv1.Order{OrderId: fmt.Sprint("o", s.round, "-", len(s.sold)), Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Currency: "EUR",
		Conversion: &eventv1.Conversion{Currency: "EUR", RateE12: 1e12}}
	e.Name = "Order Completed"
	for i := range 1 + s.r.IntN(3) {
		o.Items = append(o.Items, &eventv1.OrderItem{Line: int32(i + 1), ProductId: fmt.Sprint("p", s.r.IntN(400)), QuantityMicros: int64(1+s.r.IntN(4)) * 1e6,
			UnitPriceMicros: new(s.r.Int64N(90_000_000))})
	}
	if s.r.IntN(3) > 0 {
		o.TotalMicros = new(s.r.Int64N(400_000_000))
	}
	if n := len(s.sold); n > 0 && s.r.IntN(4) == 0 {
		before := s.sold[n-1-s.r.IntN(min(n, 300))]
		kinds := []eventv1.OrderKind{eventv1.OrderKind_ORDER_KIND_REFUNDED, eventv1.OrderKind_ORDER_KIND_REFUNDED, eventv1.OrderKind_ORDER_KIND_CANCELLED,
			eventv1.OrderKind_ORDER_KIND_UPDATED, eventv1.OrderKind_ORDER_KIND_COMPLETED}
		o.OrderId, o.Kind, e.Name = before.order.OrderId, kinds[s.r.IntN(len(kinds))], "Order Refunded"
		if o.Kind == eventv1.OrderKind_ORDER_KIND_REFUNDED || o.Kind == eventv1.OrderKind_ORDER_KIND_CANCELLED {
			s.did.refunds++
		}
		if s.r.IntN(2) == 0 {
			o.Items = before.order.Items
		}
	}
	s.sold = append(s.sold, sold{customer: who, order: o, atMs: e.OccurredMs})
	e.Order = o
}
