package watch

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// cause is why a stage breaches.
type cause string

const (
	late   cause = "late"   // a live event is older than its line
	unseen cause = "unseen" // the stage cannot be looked at
)

// key names what can breach.
type key struct {
	stage string
	grade grade
	cause cause
}

// state is how one key is at a look.
type state struct {
	key
	// bad says that it is past its line. age is how far, from receipt or, unseen, from when it was last seen.
	bad       bool
	age, line time.Duration
	// sure says that not being bad was seen, not assumed.
	sure bool
	lag  int64
	// at and began are of an overload: the stage where most of it stands, and since when, zero when there is none. Of models at is the model.
	at    string
	began time.Time
	// words are of models: which, and what is wrong.
	words string
}

// breach is one that has not ended. It lasts from began, where that is known, else from since, when it was found, until calmSince.
type breach struct {
	id        string
	since     time.Time
	began     time.Time
	told      time.Time
	repeats   int
	calmSince time.Time // zero: it is bad
}

// book keeps what was told. It decides by the times it is given, and is for one goroutine.
type book struct {
	cfg    Config
	open   map[key]*breach
	hidden map[string]time.Time // since when a stage cannot be seen
}

func newBook(cfg Config) *book {
	return &book{cfg: cfg, open: map[key]*breach{}, hidden: map[string]time.Time{}}
}

// see takes a reading of a stage and gives what is to be told, and how each of the stage's keys is.
func (b *book) see(now time.Time, stage string, grades []grade, r reading) (told []Notice, states []state) {
	for _, g := range grades {
		states = append(states, b.lateness(now, key{stage, g, late}, r))
	}
	states = append(states, b.sight(now, stage, r))
	for _, s := range states {
		if n, ok := b.step(now, s); ok {
			told = append(told, n)
		}
	}
	return told, states
}

// skip forgets how long a stage was out of sight: what it stands behind is out of sight itself.
func (b *book) skip(stage string) { delete(b.hidden, stage) }

// lateness holds a grade's events in a stage against their line.
func (b *book) lateness(now time.Time, k key, r reading) state {
	s := state{key: k, line: b.cfg.line(k.stage, k.grade), lag: r.lag, sure: r.err == nil}
	for _, w := range r.waiting {
		if w.grade != k.grade {
			continue
		}
		age, stood := now.Sub(w.received), now.Sub(w.arrived)
		bad := age > s.line && stood >= b.cfg.Hold
		if bad && !s.bad || bad == s.bad && age > s.age {
			s.age = age
		}
		s.bad = s.bad || bad
	}
	return s
}

// sight holds the time that a stage was not to be seen against its line.
func (b *book) sight(now time.Time, stage string, r reading) state {
	s := state{key: key{stage, unknown, unseen}, line: b.cfg.UnseenFor, lag: r.lag, sure: true}
	if r.err == nil {
		delete(b.hidden, stage)
		return s
	}
	since, hidden := b.hidden[stage]
	if !hidden {
		b.hidden[stage], since = now, now
	}
	s.age = now.Sub(since)
	s.bad = s.age >= s.line
	return s
}

// step brings one key up to date: begins, repeats or ends its breach.
func (b *book) step(now time.Time, s state) (Notice, bool) {
	open := b.open[s.key]
	switch {
	case s.bad && open == nil:
		open = &breach{id: breachID(s.key, now), since: now, began: now, told: now}
		if !s.began.IsZero() {
			open.began = s.began
		}
		b.open[s.key] = open
		return notice(breached, now, s, open), true
	case s.bad:
		open.calmSince = time.Time{}
		if now.Sub(open.told) < b.cfg.RepeatEvery {
			return Notice{}, false
		}
		open.told = now
		open.repeats++
		return notice(breached, now, s, open), true
	case open == nil || !s.sure:
		return Notice{}, false
	case open.calmSince.IsZero():
		open.calmSince = now
	}
	if now.Sub(open.calmSince) < b.cfg.Calm {
		return Notice{}, false
	}
	delete(b.open, s.key)
	return notice(restored, now, s, open), true
}

// breaches describes what is open, for readiness: a sentence each.
func (b *book) breaches() []string {
	var out []string
	for k, open := range b.open {
		out = append(out, fmt.Sprintf("%s is %s (%s) since %s", k.stage, k.cause, k.grade, open.since.UTC().Format(time.RFC3339)))
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}

// breachID is the name of one breach.
func breachID(k key, since time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", k.stage, k.grade, k.cause, since.UnixNano()))
	return hex.EncodeToString(sum[:16])
}
