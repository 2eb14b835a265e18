package visitor

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/testkit"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// oracle is the plain rule: sets of what was done, by customer, and who became whom.
type oracle struct {
	done   map[int]map[string]int64 // "VIEW a" by event and line: when
	undone map[int]map[string]bool  // orders
	denied map[int]int64
	into   map[int]int
}

func (o *oracle) at(n int) int {
	for to, ok := o.into[n]; ok; to, ok = o.into[n] {
		n = to
	}
	return n
}

func (o *oracle) note(n int, name string, at int64) {
	n = o.at(n)
	if o.done[n] == nil {
		o.done[n] = map[string]int64{}
	}
	o.done[n][name] = at
}

func (o *oracle) cancel(n int, order string) {
	n = o.at(n)
	if o.undone[n] == nil {
		o.undone[n] = map[string]bool{}
	}
	o.undone[n][order] = true
}

func (o *oracle) deny(n int, at int64) { o.denied[o.at(n)] = max(at, o.denied[o.at(n)]) }

// merge makes all of one customer another's.
func (o *oracle) merge(from, to int) {
	o.into[from] = to
	for name, at := range o.done[from] {
		o.note(to, name, at)
	}
	for order := range o.undone[from] {
		o.cancel(to, order)
	}
	o.deny(to, o.denied[from])
}

// says is a customer's view. Names are "<order> BUY <item>", or "<event> VIEW <item>".
func (o *oracle) says(n int) string {
	n = o.at(n)
	var names []string
	for name := range o.done[n] {
		order, _, _ := strings.Cut(name, " ")
		if o.undone[n][order] || o.done[n][name] <= o.denied[n] {
			continue
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(o.done[n][a] - o.done[n][b]) })
	for i := range names {
		_, names[i], _ = strings.Cut(names[i], " ")
	}
	return strings.Join(names, ", ")
}

// speaks makes every event of half of the customers one that allows a profile; the others never say anything. Those who speak now and then are decided by what is known
// when they are silent, which two ways of records through a merge may make another: TestConsentWithdrawn has them.
func speaks(n int, e *eventv1.ResolvedEvent) *eventv1.ResolvedEvent {
	if n >= speakers {
		return says(e, true)
	}
	return e
}

const (
	customers = 16
	speakers  = customers / 2
)

// After a random log of views, orders, cancellations, withdrawn consents, merges, copies, stragglers, restarts with and without the local store, on one replica and
// on two, every customer's view is what plain Go says, on any replica, and no event was told twice.
func TestRandomLogAgainstOracle(t *testing.T) {
	w := newWorld(t)
	w.begin()
	r := rand.New(rand.NewPCG(11, 12))
	o := &oracle{done: map[int]map[string]int64{}, undone: map[int]map[string]bool{}, denied: map[int]int64{}, into: map[int]int{}}
	var sent []*eventv1.ResolvedEvent
	at := start - 1_000*Pause // long ago: what may not be kept is not kept for a visit either
	epoch := int64(0)
	for step := range 6 {
		for range 60 {
			at += 1 + r.Int64N(2*minute)
			n, name, item := r.IntN(customers), fmt.Sprint(len(sent)), string(rune('a'+r.IntN(6)))
			var e *eventv1.ResolvedEvent
			switch k := r.IntN(20); {
			case k < 13:
				e = speaks(n, viewed(n, "e"+name, item, at))
				o.note(n, "e"+name+" VIEW "+item, at)
			case k < 17:
				e = speaks(n, ordered(n, "e"+name, "o"+name, sale, at, item))
				o.note(n, "o"+name+" BUY "+item, at)
			case k < 18 && len(sent) > 10:
				last := sent[r.IntN(len(sent))]
				if last.GetEvent().GetOrder() == nil || last.GetEvent().GetOrder().GetKind() != sale {
					continue
				}
				order := last.GetEvent().GetOrder().GetOrderId()
				e = ordered(n, "e"+name, order, cancel, at)
				e.CustomerId = last.GetCustomerId()
				for i := range customers {
					if id(i) == e.CustomerId {
						o.cancel(i, order)
						e = speaks(i, e)
					}
				}
			case k < 19 && n >= speakers:
				e = says(viewed(n, "e"+name, item, at), false)
				o.deny(n, at)
			default:
				if to := r.IntN(customers); o.at(n) == n && o.at(to) != n && step > 1 && (n < speakers) == (to < speakers) {
					epoch++
					w.merge(n, o.at(to), epoch)
					o.merge(n, o.at(to))
				}
				continue
			}
			sent = append(sent, e)
			w.send(e)
			if r.IntN(4) == 0 {
				w.send(sent[r.IntN(len(sent))]) // a copy, of any time
			}
		}
		switch step {
		case 1:
			w.begin()
		case 2:
			w.end()
			w.cfg.Dir = filepath.Join(w.dir, "lost")
			w.begin()
		case 3:
			two, _ := w.replica("two")
			w.sharing(w.s, two)
			for n := range customers {
				w.agrees(two, o, n)
			}
		}
		for n := range customers {
			w.agrees(w.s, o, n)
		}
	}
	known := map[string]bool{}
	for _, m := range w.told() {
		if name := fmt.Sprint(m.GetEventId(), "/", m.GetLine(), m.GetUndone(), m.GetItemId()); !m.GetAnonymous() && known[name] {
			t.Errorf("told twice: %v", m)
		} else {
			known[name] = true
		}
	}
	if len(o.into) < 3 || len(o.denied) < 3 || len(slices.Collect(maps.Keys(o.undone))) < 2 || len(known) < 150 {
		t.Errorf("too little happened: %d merges, %d denials, %d cancelled, %d told", len(o.into), len(o.denied), len(o.undone), len(known))
	}
}

// agrees waits until a replica's view of a customer is the oracle's.
func (w *world) agrees(s *Service, o *oracle, n int) {
	w.t.Helper()
	testkit.Eventually(w.t, within, func() error {
		v, err := s.View(w.t.Context(), "default", id(n))
		if err != nil {
			return err
		}
		_, got, _ := strings.Cut(short(v), ": ")
		if v == nil {
			got = ""
		}
		personal := v == nil || v.Personal
		want := o.says(n)
		if !personal {
			want, got = "", strings.TrimSpace(got)
		}
		if got != want {
			return fmt.Errorf("customer %d, now %d: %s\nwant %s", n, o.at(n), got, want)
		}
		return nil
	})
}

// sharing waits until each of the replicas has a partition.
func (w *world) sharing(replicas ...*Service) {
	w.t.Helper()
	testkit.Eventually(w.t, within, func() error {
		for _, s := range replicas {
			if err := s.Ready(); err != nil || len(s.processor.Owned()) != 1 {
				return fmt.Errorf("%d partitions; %w", len(s.processor.Owned()), err)
			}
		}
		return nil
	})
}

// Each of two replicas answers for every customer; one that is gone is replaced.
func TestAnyReplicaAnswers(t *testing.T) {
	w := newWorld(t)
	one, stop := w.replica("one")
	two, _ := w.replica("two")
	w.sharing(one, two)
	for n := range 12 {
		w.send(viewed(n, fmt.Sprint("e", n), fmt.Sprint("p", n), start))
	}
	for n := range 12 {
		for _, s := range []*Service{one, two} {
			w.showsAt(s, n, fmt.Sprintf("personal: VIEW p%d", n))
		}
	}
	stop() // its partition moves
	for n := range 12 {
		w.send(viewed(n, fmt.Sprint("f", n), "q", start+1))
	}
	for n := range 12 {
		w.showsAt(two, n, fmt.Sprintf("personal: VIEW p%d, VIEW q", n))
	}
	w.tells(24)
}
