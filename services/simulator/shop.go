package simulator

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"
)

// Event is one event as it goes to the collector.
type Event struct {
	// Person is the truth's index of who did it. Events of one person must keep their order on the way.
	Person int
	// MessageID is the event's id; a duplicate has its original's, and a broken event may have none.
	MessageID string
	// At is when it happens. A duplicate and a broken event happen when they are sent.
	At time.Time
	// Body is one item of POST /v1/batch. It must not be changed: a duplicate shares it.
	Body []byte
	// Fault is the reason the collector must give, or "" for a good event.
	Fault Fault
	// Duplicate says that the event was sent before.
	Duplicate bool
}

// Key keeps one person's events in order on the way: see send.Event.
func (e Event) Key() string { return strconv.Itoa(e.Person) }

// Shop is a running simulation. History comes first, if at all; then Live any number of times. Not for concurrent use.
type Shop struct {
	cfg                 Config
	prefix, orderPrefix string
	people              []*person // the bots last
	goods               catalogue
	ids                 graph
	userNode, emailNode []int32
	rng                 *rand.Rand // for duplicates and broken events only
	q                   queue
	from, to            time.Time // the history; zero without one
	period              float64   // even milliseconds of history
	now                 int64     // even milliseconds, of the last event
	gap                 float64   // stretches the pauses of a visit
	repeats             []repeat
	broken              int // broken events made so far
	phases              []Counts
	clock               clock // from calendar time to life; only with Tastes
}

// repeat is a duplicate on its way: it leaves after some more events.
type repeat struct {
	ev   Event
	wait int
}

// New builds the shop and its people. Errors are those of Config.Validate.
func New(cfg Config) (*Shop, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Shop{cfg: cfg, gap: 1, rng: rand.New(rand.NewPCG(cfg.Seed, 0xfa17))}
	s.prefix = fmt.Sprintf("sim%d-", cfg.Seed)
	if cfg.Run != "" {
		s.prefix += cfg.Run + "-"
	}
	s.orderPrefix = "SIM" + s.prefix[len("sim"):]
	s.goods = newCatalogue(rand.New(rand.NewPCG(cfg.Seed, 0x9000d5)), cfg.Products)
	s.goods.style(cfg)
	s.populate()
	return s, nil
}

func (s *Shop) populate() {
	n := s.cfg.Customers
	bots := int(float64(n)*s.cfg.BotShare + 0.5)
	s.people = make([]*person, 0, n+bots)
	s.userNode, s.emailNode = make([]int32, n), make([]int32, n)
	for i := range n {
		s.people = append(s.people, s.newPerson(int32(i)))
		s.userNode[i], s.emailNode[i] = s.ids.add(int32(i)), s.ids.add(noUser)
	}
	for i := range bots {
		s.people = append(s.people, s.newBot(int32(n+i)))
	}
	if s.cfg.Tastes.Feed {
		s.people = append(s.people, s.newFeed(int32(len(s.people))))
	}
	for _, p := range s.people[:n] {
		s.acquaint(p)
	}
}

// acquaint gives a person, at random, somebody who invited them and somebody whose device they borrow.
func (s *Shop) acquaint(p *person) {
	invited, borrows := p.rng.Float64() < 0.3, p.rng.Float64() < s.cfg.SharedShare
	friend, housemate := s.people[p.rng.IntN(s.cfg.Customers)], s.people[p.rng.IntN(s.cfg.Customers)]
	if p.kind != Registered {
		return
	}
	if invited && p.join > 0 && friend.kind == Registered && friend.join == 0 && friend.churn > p.join {
		p.referrer = friend.index
	}
	if borrows && housemate != p && housemate.kind == Registered {
		p.borrowed = housemate.devices[0]
	}
}

// History plays the past from `from` until `to`, in the order of time.
func (s *Shop) History(from, to time.Time) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		s.phases = append(s.phases, newCounts("history"))
		if !to.After(from) {
			return
		}
		s.from, s.to, s.period = from.UTC(), to.UTC(), float64(to.Sub(from).Milliseconds())
		s.open()
		s.clock = s.newClock()
		w := newWarp(s.from, s.to)
		for len(s.q.heap) > 0 && float64(s.q.heap[0].at) < s.period {
			e := s.q.pop()
			s.now = e.at
			if e.ev == nil {
				s.start(s.people[e.who], e.at)
			} else if !s.emit(e.ev, w.time(e.at), yield) {
				return
			}
		}
		s.now = int64(s.period)
		s.flush(yield)
	}
}

// Foresee counts the events that History would give a shop that has not played yet. It plays one like it: the same settings give the same events.
func (s *Shop) Foresee(from, to time.Time) (int64, error) {
	twin, err := New(s.cfg)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	for range twin.History(from, to) {
		n++
	}
	return n, nil
}

// Live plays the present: rate events a second, evenly from start on, for the given time. Nobody joins or leaves meanwhile.
func (s *Shop) Live(start time.Time, rate float64, duration time.Duration) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		s.phases = append(s.phases, newCounts("live"))
		s.open()
		s.gap = s.liveGap(rate)
		n, total := 0, int(rate*duration.Seconds())
		paced := func(ev Event) bool { n++; return yield(ev) && n < total }
		for n < total && len(s.q.heap) > 0 {
			e := s.q.pop()
			s.now = e.at
			if e.ev == nil {
				s.start(s.people[e.who], e.at)
				continue
			}
			at := start.Add(time.Duration(float64(n) / rate * float64(time.Second))).UTC()
			if !s.emit(e.ev, at, paced) {
				return
			}
		}
	}
}

// liveGap stretches visits so that, at this rate, one lasts a few seconds and many overlap: visits begin in even time at the rate of
// all people together, which the live rate speeds up.
func (s *Shop) liveGap(rate float64) float64 {
	starts := 0.0 // visits in an even millisecond
	for _, p := range s.people {
		starts += p.rate * p.activity(s.life(s.now))
	}
	if starts == 0 {
		return 1
	}
	const eventsPerVisit, seconds = 10, 3
	together := min(max(rate*seconds/eventsPerVisit, 2), float64(len(s.people))/4+1)
	return together / starts / (eventsPerVisit * meanPause)
}

// open plans everybody's first visit, once. Without a history everybody is there from the start and stays.
func (s *Shop) open() {
	if len(s.phases) > 1 {
		return
	}
	for _, p := range s.people {
		if s.period == 0 {
			p.join, p.churn = 0, never
		}
		if p.kind == Feed {
			s.feed(p)
			continue
		}
		if p.join > 0 {
			s.q.push(int64(p.join*s.period), p.index, nil)
		} else {
			s.planVisit(p, 0)
		}
	}
}

// life is where in the history an even time lies, 0 to 1; after it, and without one, everything stays as it is.
func (s *Shop) life(at int64) float64 {
	if s.period == 0 {
		return 0.999
	}
	return min(float64(at)/s.period, 0.999)
}

// planVisit puts the person's next visit after `at` in line: a Poisson stream thinned by the person's activity. Who has left gets none.
func (s *Shop) planVisit(p *person, at int64) {
	for {
		at += 1 + int64(p.rng.ExpFloat64()/p.rate)
		activity := p.activity(s.life(at))
		if activity == 0 {
			return
		}
		if p.rng.Float64() < activity {
			s.q.push(at, p.index, nil)
			return
		}
	}
}

// emit sends an event with its time filled in, and what goes with it: earlier events' duplicates that are due, and a broken neighbour.
func (s *Shop) emit(d *draft, at time.Time, yield func(Event) bool) bool {
	ev, ok := s.emitOne(d, at, yield)
	if !ok {
		return false
	}
	if s.rng.Float64() < s.cfg.DuplicateShare {
		s.repeats = append(s.repeats, repeat{ev: ev, wait: 1 + s.rng.IntN(20)})
	}
	if !s.repeatDue(at, yield) {
		return false
	}
	if s.rng.Float64() < s.cfg.BrokenShare {
		return s.emitBroken(ev.Person, at, yield)
	}
	return true
}

// emitOne sends an event with its time filled in, and nothing with it.
func (s *Shop) emitOne(d *draft, at time.Time, yield func(Event) bool) (Event, bool) {
	var stamp [40]byte // AppendFormat scribbles past what it returns, so not straight into the body
	copy(d.body[d.stamp:], at.AppendFormat(stamp[:0], stampLayout))
	ev := Event{Person: int(d.who), MessageID: d.id, At: at, Body: d.body}
	s.ids.link(d.nodes[:d.named])
	s.count(d, at)
	return ev, yield(ev)
}

func (s *Shop) repeatDue(at time.Time, yield func(Event) bool) bool {
	kept := s.repeats[:0]
	ok := true
	for _, r := range s.repeats {
		if r.wait--; r.wait > 0 || !ok {
			kept = append(kept, r)
			continue
		}
		r.ev.At, r.ev.Duplicate = at, true
		s.phase().Duplicates++
		ok = yield(r.ev)
	}
	s.repeats = kept
	return ok
}

func (s *Shop) flush(yield func(Event) bool) {
	for len(s.repeats) > 0 {
		if !s.repeatDue(s.repeats[0].ev.At, yield) {
			return
		}
	}
}
