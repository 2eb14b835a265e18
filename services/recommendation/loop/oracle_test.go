package loop

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// story is a random past: everything that is said, by topic in its order.
type story struct {
	r        *rand.Rand
	base     int64
	answers  []*recommendationv1.Answer
	feedback []*recommendationv1.Feedback
	touches  []*recommendationv1.Touch
	mappings []*identityv1.Mapping
}

const people, things = 8, 6

func thing(n int) string { return fmt.Sprintf("item-%d", n) }

func (s *story) at() int64 { return s.base - int64(s.r.IntN(2*24*3600))*1000 }

func (s *story) customer() string { return who(s.r.IntN(people)) }

func (s *story) someAnswer() *recommendationv1.Answer { return s.answers[s.r.IntN(len(s.answers))] }

// like is the category of an item.
func like(n int) string { return fmt.Sprint("kind ", n%2) }

// tellStory makes one up.
func tellStory(seed uint64, ids *ids) *story {
	s := &story{r: rand.New(rand.NewPCG(seed, 1)), base: time.Now().UnixMilli()}
	for range 30 {
		a := &recommendationv1.Answer{CustomerId: s.customer(), Workspace: "default", Scene: "home", Variant: []string{"", "control"}[s.r.IntN(2)], AtMs: s.at(), Unseen: s.r.IntN(3) == 0, ModelVersion: "m1", Context: []string{"", "category:Shoes", "segment:vip"}[len(s.answers)%3]}
		a.RequestId = ids.make("default", a.CustomerId, a.AtMs)
		for _, n := range s.r.Perm(things)[:1+s.r.IntN(4)] {
			a.Items = append(a.Items, &recommendationv1.AnswerItem{ItemId: thing(n), Source: "session", Explored: n == 0, Category: like(n)})
		}
		s.answers = append(s.answers, a)
	}
	for i := range 40 {
		a := s.someAnswer()
		f := &recommendationv1.Feedback{FeedbackId: fmt.Sprint("f", i), RequestId: a.RequestId, Workspace: "default", CustomerId: a.CustomerId, AtMs: s.at(), Kind: recommendationv1.FeedbackKind(1 + s.r.IntN(5))}
		if f.Kind != kindImpression || s.r.IntN(2) == 0 {
			f.ItemIds = []string{thing(s.r.IntN(things))}
		}
		if f.Kind == kindPurchase {
			f.ValueMicros = proto.Int64(int64(1+s.r.IntN(9)) * 1_000_000)
		}
		s.feedback = append(s.feedback, f)
	}
	for i := range 120 {
		m := &recommendationv1.Touch{Workspace: "default", CustomerId: s.customer(), ItemId: thing(s.r.IntN(things)), AtMs: s.at(), EventId: fmt.Sprint("e", i), Line: 1, History: s.r.IntN(10) == 0}
		m.Kind = []recommendationv1.TouchKind{recommendationv1.TouchKind_TOUCH_KIND_VIEW, recommendationv1.TouchKind_TOUCH_KIND_CLICK, recommendationv1.TouchKind_TOUCH_KIND_CART, recommendationv1.TouchKind_TOUCH_KIND_BUY}[s.r.IntN(4)]
		if s.r.IntN(2) == 0 {
			m.RequestId = s.someAnswer().RequestId
		}
		s.touches = append(s.touches, m)
		if m.Kind == recommendationv1.TouchKind_TOUCH_KIND_BUY {
			s.order(m, i)
		}
	}
	gone := map[string]bool{}
	for range 3 {
		from, to := s.customer(), s.customer()
		if from != to && !gone[from] && !gone[to] {
			gone[from] = true
			s.mappings = append(s.mappings, &identityv1.Mapping{Workspace: "default", FromCustomerId: from, ToCustomerId: to, Epoch: int64(len(s.mappings) + 1)})
		}
	}
	return s
}

// order gives a purchase its order, and what may become of it: told twice, given back, undone.
func (s *story) order(m *recommendationv1.Touch, i int) {
	m.OrderId, m.ValueMicros = fmt.Sprint("o", i), proto.Int64(int64(10+s.r.IntN(90))*1_000_000)
	more := func(edit func(*recommendationv1.Touch)) {
		c := proto.CloneOf(m)
		edit(c)
		s.touches = append(s.touches, c)
	}
	if s.r.IntN(3) == 0 {
		more(func(c *recommendationv1.Touch) { c.EventId += "-server"; c.RequestId = m.RequestId })
	}
	switch s.r.IntN(6) {
	case 0:
		more(func(c *recommendationv1.Touch) { c.Undone = true })
	case 1, 2:
		more(func(c *recommendationv1.Touch) {
			c.Kind, c.EventId, c.RequestId = recommendationv1.TouchKind_TOUCH_KIND_RETURN, c.EventId+"-back", ""
			if s.r.IntN(2) == 0 {
				c.ValueMicros = proto.Int64(c.GetValueMicros() / 2)
			}
		})
	}
}

// root is whom a customer became.
func (s *story) root(id string) string {
	for _, m := range s.mappings {
		if m.FromCustomerId == id {
			return s.root(m.ToCustomerId)
		}
	}
	return id
}

// fact is one line of the expected table.
func fact(kind recommendationv1.FeedbackKind, list, context string, position int, item, order, customer string, value int64) string {
	return fmt.Sprintf("%s %s (%s)/%d %s order %q of %s worth %d", kind, list[:min(12, len(list))], context, position, item, order, customer, value)
}

// tell is the plain second implementation: it has everything at hand, and asks of each place and each deed.
func (s *story) tell(clickMs, viewMs int64) map[string]int {
	out := map[string]int{}
	first := func(a *recommendationv1.Answer, item string, kinds ...recommendationv1.FeedbackKind) (ms int64) {
		take := func(at int64) {
			if at = max(at, a.AtMs); ms == 0 || at < ms {
				ms = at
			}
		}
		for _, f := range s.feedback {
			k := f.Kind
			if k == kindPurchase {
				k = kindCart // bought from it, so chosen
			}
			if f.RequestId == a.RequestId && slices.Contains(kinds, k) && (len(f.ItemIds) == 0 || f.ItemIds[0] == item) {
				take(f.AtMs)
			}
		}
		for _, m := range s.touches {
			if m.RequestId != a.RequestId || m.ItemId != item || m.History || m.Undone {
				continue
			}
			isDeed := m.Kind == recommendationv1.TouchKind_TOUCH_KIND_CART || m.Kind == recommendationv1.TouchKind_TOUCH_KIND_BUY
			if isDeed && s.root(m.CustomerId) == s.root(a.CustomerId) && slices.Contains(kinds, kindCart) || !isDeed && slices.Contains(kinds, kindClick) {
				take(m.AtMs)
			}
		}
		return ms
	}
	seen := func(a *recommendationv1.Answer, item string) int64 {
		if !a.Unseen {
			return a.AtMs
		}
		return first(a, item, kindImpression, kindClick, kindCart, kindDismiss)
	}
	for _, a := range s.answers {
		for i, x := range a.Items {
			if seen(a, x.ItemId) != 0 {
				out[fact(kindImpression, a.RequestId, a.Context, i+1, x.ItemId, "", "", 0)]++
			}
			for _, k := range []recommendationv1.FeedbackKind{kindClick, kindDismiss} {
				if first(a, x.ItemId, k) != 0 {
					out[fact(k, a.RequestId, a.Context, i+1, x.ItemId, "", "", 0)]++
				}
			}
		}
	}
	for _, d := range s.deeds() {
		if d.value <= 0 && d.kind == kindPurchase {
			continue
		}
		var best *recommendationv1.Answer
		place, top := 0, ""
		for _, a := range s.answers {
			i := slices.IndexFunc(a.Items, func(x *recommendationv1.AnswerItem) bool { return x.ItemId == d.item })
			if i < 0 || s.root(a.CustomerId) != d.customer {
				continue
			}
			strength := 0
			chosen, saw := first(a, d.item, kindClick, kindCart), seen(a, d.item)
			switch {
			case d.named == a.RequestId:
				strength = 3
			case chosen != 0 && chosen <= d.at+5_000 && d.at-chosen <= clickMs:
				strength = 2
			case saw != 0 && saw <= d.at+5_000 && d.at-saw <= viewMs:
				strength = 1
			}
			if key := fmt.Sprintf("%d %020d %s", strength, a.AtMs, a.RequestId); strength > 0 && key > top {
				best, place, top = a, i+1, key
			}
		}
		if best != nil {
			out[fact(d.kind, best.RequestId, best.Context, place, d.item, d.order, d.customer, d.value)]++
		}
	}
	return out
}

// done is a deed as the oracle sees it.
type done struct {
	kind                         recommendationv1.FeedbackKind
	customer, item, order, named string
	at, value                    int64
}

func (s *story) deeds() (list []done) {
	orders := map[[2]string]bool{}
	for _, m := range s.touches {
		root := s.root(m.CustomerId)
		if m.History || m.Undone {
			continue
		}
		switch m.Kind {
		case recommendationv1.TouchKind_TOUCH_KIND_CART:
			list = append(list, done{kindCart, root, m.ItemId, "", m.RequestId, m.AtMs, 0})
		case recommendationv1.TouchKind_TOUCH_KIND_BUY:
			if orders[[2]string{root, m.OrderId}] {
				continue
			}
			orders[[2]string{root, m.OrderId}] = true
			left := m.GetValueMicros()
			for _, o := range s.touches {
				if o.OrderId != m.OrderId || o.History {
					continue
				}
				if o.Undone {
					left = 0
				}
				if o.Kind == recommendationv1.TouchKind_TOUCH_KIND_RETURN {
					left -= o.GetValueMicros()
				}
			}
			list = append(list, done{kindPurchase, root, m.ItemId, m.OrderId, m.RequestId, m.AtMs, left})
		}
	}
	for _, f := range s.feedback {
		root := s.root(f.CustomerId)
		switch f.Kind {
		case kindCart:
			list = append(list, done{kindCart, root, f.ItemIds[0], "", f.RequestId, f.AtMs, 0})
		case kindPurchase:
			doubled := slices.ContainsFunc(list, func(d done) bool {
				gap := d.at - f.AtMs
				return d.kind == kindPurchase && d.order != "" && d.customer == root && d.item == f.ItemIds[0] && max(gap, -gap) <= 24*3600_000
			})
			if !doubled {
				list = append(list, done{kindPurchase, root, f.ItemIds[0], "", f.RequestId, f.AtMs, f.GetValueMicros()})
			}
		}
	}
	return list
}

// sum is the table of what was told: what was taken back is taken off.
func (s *story) sum(list []*recommendationv1.Outcome) map[string]int {
	out := map[string]int{}
	for _, o := range list {
		who := ""
		if o.Kind == kindCart || o.Kind == kindPurchase {
			who = s.root(o.CustomerId) // it may have been told before the merge
		}
		if no, ok := strings.CutPrefix(o.ItemId, "item-"); ok && o.Category != "kind "+strconv.Itoa(int(no[0])%2) {
			out[fmt.Sprintf("%s is of category %q", o.ItemId, o.Category)]++
		}
		key := fact(o.Kind, o.RequestId, o.Context, int(o.Position), o.ItemId, o.OrderId, who, o.GetValueMicros())
		if o.Undone {
			out[key]--
		} else {
			out[key]++
		}
		if out[key] == 0 {
			delete(out, key)
		}
	}
	return out
}

// messages are the story as records, each topic in its order, the topics mixed by chance, some records twice.
func (s *story) messages(t *testing.T) (all []broker.Message) {
	var queues [4][]broker.Message
	add := func(q int, topic topics.Topic, key string, m proto.Message) {
		value, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		queues[q] = append(queues[q], broker.Message{Topic: topic.Name, Key: []byte(key), Value: value})
	}
	for _, a := range s.answers {
		add(0, topics.Recommendations, a.CustomerId, a)
	}
	for _, f := range s.feedback {
		add(1, topics.RecommendationFeedback, f.CustomerId, f)
	}
	for _, m := range s.touches {
		add(2, topics.Touches, m.CustomerId, m)
	}
	for _, m := range s.mappings {
		add(3, topics.IdentityMappings, m.FromCustomerId, m)
	}
	speed := [4]int{1 + s.r.IntN(20), 1 + s.r.IntN(20), 1 + s.r.IntN(20), 1 + s.r.IntN(3)} // some topic is far behind
	for slices.ContainsFunc(queues[:], func(q []broker.Message) bool { return len(q) > 0 }) {
		q := s.r.IntN(4)
		for range min(speed[q], len(queues[q])) {
			all, queues[q] = append(all, queues[q][0]), queues[q][1:]
			if s.r.IntN(15) == 0 {
				all = append(all, all[len(all)-1])
			}
		}
	}
	return all
}

// A random past, told in any order between topics, with copies, merges, two replicas, restarts and lost disks, becomes what a plain second implementation makes of it.
func TestOutcomesFollowFromTheFacts(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t)
			s := tellStory(seed, newIDs([]byte(testSecret)))
			messages := s.messages(t)
			_, stop := w.start(nil)
			other := func(c *Config) { c.Dir = filepath.Join(w.cfg.Dir, "other") }
			for i, m := range messages {
				if err := w.out.Produce(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				switch i {
				case len(messages) / 3:
					w.start(other)
				case len(messages) * 2 / 3: // it ends; who comes has another disk
					stop()
					w.start(func(c *Config) { c.Dir = filepath.Join(w.cfg.Dir, "third") })
				}
			}
			want := s.tell(w.cfg.windows().clickMs, w.cfg.windows().viewMs)
			purchases := 0
			for k := range want {
				if k[:22] == "FEEDBACK_KIND_PURCHASE" {
					purchases++
				}
			}
			if purchases < 5 {
				t.Fatalf("the story has only %d purchases from lists", purchases)
			}
			defer func() {
				got := s.sum(w.outcomes())
				for k := range want {
					if got[k] != want[k] {
						t.Errorf("%d instead of %d: %s", got[k], want[k], k)
					}
				}
				for k := range got {
					if want[k] == 0 {
						t.Errorf("%d too many: %s", got[k], k)
					}
				}
			}()
			w.until("what the facts say", func() bool { return maps.Equal(s.sum(w.outcomes()), want) })
		})
	}
}
