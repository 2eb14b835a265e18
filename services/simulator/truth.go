package simulator

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Tally counts good events, each message id once.
type Tally struct {
	// Events is all of them: what the facts must hold.
	Events int64 `json:"events"`
	// Orders and Refunds are Order Completed and Order Refunded; the money is the sum of their totals in millionths of the currency.
	Orders        int64 `json:"orders"`
	RevenueMicros int64 `json:"revenue_micros"`
	Refunds       int64 `json:"refunds"`
	RefundMicros  int64 `json:"refund_micros"`
	// Complaints are Complaint Filed.
	Complaints int64 `json:"complaints"`
}

func (t *Tally) add(d *draft) {
	t.Events++
	switch d.what {
	case ordered:
		t.Orders++
		t.RevenueMicros += d.cents * 10_000
	case refunded:
		t.Refunds++
		t.RefundMicros += d.cents * 10_000
	case complained:
		t.Complaints++
	}
}

// Counts is what was sent in one phase, and so what a right pipeline must show. The identity numbers hold for everything sent so far.
type Counts struct {
	// Phase is "history" or "live".
	Phase string `json:"phase"`
	Tally
	// Duplicates is the number of second sendings: accepted by the collector, dropped by identity.
	Duplicates int64 `json:"duplicates"`
	// Rejects counts the broken events by the reason they must be refused for.
	Rejects map[Fault]int64 `json:"rejects"`
	// Customers is how many customers there are in the end, bots included: exact, whatever order the events were handled in.
	Customers int64 `json:"customers"`
	// Merges is how often two customers became one when events are handled in the order they were sent. A pipeline that handles
	// several partitions at once may meet the linking event first and need fewer.
	Merges int64 `json:"merges"`
	// First and Last are the times of the first and the last good event; absent when there was none.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

func newCounts(phase string) Counts { return Counts{Phase: phase, Rejects: map[Fault]int64{}} }

// Rejected is the sum of Rejects.
func (c Counts) Rejected() int64 {
	n := int64(0)
	for _, k := range c.Rejects {
		n += k
	}
	return n
}

// Person is the truth of one person.
type Person struct {
	// Person is the index, the last part but one of the person's message ids.
	Person int  `json:"person"`
	Kind   Kind `json:"kind"`
	// UserID, Email and AnonymousIDs are the names used so far. A borrowed device stays its owner's.
	UserID       string   `json:"user_id,omitempty"`
	Email        string   `json:"email,omitempty"`
	AnonymousIDs []string `json:"anonymous_ids"`
	// LinkedIDs are those of AnonymousIDs that events tie to the user id or the e-mail: the others were used without ever logging in.
	LinkedIDs []string `json:"linked_ids"`
	// Borrowed is the anonymous id of somebody else's device that this person uses, "" for none.
	Borrowed string `json:"borrowed,omitempty"`
	// ReferredBy is the user id of who invited this person.
	ReferredBy string `json:"referred_by,omitempty"`
	// JoinAt is the first possible visit, ChurnAt the time after which no visit begins. Absent: before the history; never.
	JoinAt  time.Time `json:"join_at,omitzero"`
	ChurnAt time.Time `json:"churn_at,omitzero"`
	// Likes are the categories the person is drawn to.
	Likes []Like `json:"likes,omitempty"`
	// Styles are the preferred styles by category; DriftAt is when LikesAfter and StylesAfter take their place. Only with Config.Tastes.
	Styles      map[string]int `json:"styles,omitempty"`
	DriftAt     time.Time      `json:"drift_at,omitzero"`
	LikesAfter  []Like         `json:"likes_after,omitempty"`
	StylesAfter map[string]int `json:"styles_after,omitempty"`
	Tally
}

func (s *Shop) phase() *Counts { return &s.phases[len(s.phases)-1] }

func (s *Shop) count(d *draft, at time.Time) {
	c := s.phase()
	c.add(d)
	s.people[d.who].tally.add(d)
	if c.First.IsZero() {
		c.First = at
	}
	c.Last = at
	c.Customers, c.Merges = s.ids.customers, s.ids.merges
}

// Counts returns one entry for each phase played so far, in order.
func (s *Shop) Counts() []Counts { return append([]Counts(nil), s.phases...) }

// People returns the truth of everybody who has been seen so far, bots included, in the order of their indexes.
func (s *Shop) People() []Person {
	joins := s.calendar(func(p *person) float64 { return p.join })
	churns := s.calendar(func(p *person) float64 { return p.churn })
	drifts := s.calendar(func(p *person) float64 { return p.inner.drift })
	var out []Person
	for i, p := range s.people {
		if p.tally.Events == 0 {
			continue
		}
		t := Person{Person: i, Kind: p.kind, UserID: p.userID, AnonymousIDs: []string{}, LinkedIDs: []string{}, Likes: p.likes, Tally: p.tally,
			JoinAt: joins[i], ChurnAt: churns[i]}
		p.inner.tell(&t, drifts[i])
		s.nameAll(p, &t)
		out = append(out, t)
	}
	return out
}

// nameAll lists the identifiers that were really sent.
func (s *Shop) nameAll(p *person, t *Person) {
	if p.kind == Registered && !s.ids.seen[s.userNode[p.index]] {
		t.UserID = ""
	}
	if p.email != "" && s.ids.seen[s.emailNode[p.index]] {
		t.Email = p.email
	}
	for _, d := range p.devices {
		if d.used {
			t.AnonymousIDs = append(t.AnonymousIDs, d.anon)
		}
		if p.email != "" && (s.ids.same(d.node, s.userNode[p.index]) || s.ids.same(d.node, s.emailNode[p.index])) {
			t.LinkedIDs = append(t.LinkedIDs, d.anon)
		}
	}
	if p.borrowed != nil && p.known {
		t.Borrowed = p.borrowed.anon
	}
	if p.referrer >= 0 {
		t.ReferredBy = s.people[p.referrer].userID
	}
}

// calendar turns a point of everybody's life into a time; the zero time for points outside the history.
func (s *Shop) calendar(point func(*person) float64) []time.Time {
	out := make([]time.Time, len(s.people))
	if s.period == 0 {
		return out
	}
	order := make([]int, len(s.people))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(point(s.people[a]), point(s.people[b])) })
	w := newWarp(s.from, s.to)
	for _, i := range order {
		if f := point(s.people[i]); f > 0 && f <= 1 {
			out[i] = w.time(int64(f * s.period))
		}
	}
	return out
}

// WriteTruth writes people.ndjson (a Person a line) and counts.ndjson (a Counts a line) into dir, which it makes when missing; with Tastes also items.ndjson (a Good a line).
func (s *Shop) WriteTruth(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the truth directory %s: %w", dir, err)
	}
	if err := writeLines(filepath.Join(dir, "people.ndjson"), s.People()); err != nil {
		return err
	}
	if s.cfg.Tastes.Styles > 0 {
		if err := writeLines(filepath.Join(dir, "items.ndjson"), s.Goods()); err != nil {
			return err
		}
	}
	return writeLines(filepath.Join(dir, "counts.ndjson"), s.phases)
}

func writeLines[T any](path string, values []T) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the truth: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<16)
	enc := json.NewEncoder(w)
	for _, v := range values {
		if err := enc.Encode(v); err != nil {
			return fmt.Errorf("write the truth to %s: %w", path, err)
		}
	}
	return w.Flush()
}
