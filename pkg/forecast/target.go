package forecast

import (
	"fmt"
	"time"
)

// Outcome is what is made of how much a feature rises.
type Outcome string

// The outcomes.
const (
	// None is 1 when it does not rise, 0 when it does: who leaves.
	None Outcome = "none"
	// Any is 1 when it rises, 0 when it does not: who buys again, or who cancels.
	Any Outcome = "any"
	// Sum is by how much it rises, at least 0: what they spend.
	Sum Outcome = "sum"
)

// Target is one thing that is predicted.
type Target struct {
	// Name is the score's.
	Name        string
	Description string
	// Counts is the lifetime feature that is watched.
	Counts  string
	Outcome Outcome
	// Within is the horizon; 0 with Rhythm.
	Within time.Duration
	// Rhythm makes the horizon each customer's own; nil for Within.
	Rhythm *Rhythm
	// Among is a condition over features and tags: who it is predicted for.
	Among string
	// Bands are what acting costs; nil for a target without bands.
	Bands *Bands
}

// Rhythm is a horizon of a customer's own.
type Rhythm struct {
	// Times of the feature Of, a duration, not below Least nor above Most. A customer without one has Least.
	Times       float64
	Of          string
	Least, Most time.Duration
}

// Horizon is how long behind a moment the outcome is known for a customer whose rhythm, in milliseconds, was cycleMs then (0: none).
func (t *Target) Horizon(cycleMs int64) time.Duration {
	r := t.Rhythm
	if r == nil {
		return t.Within
	}
	return min(max(time.Duration(float64(cycleMs)*r.Times)*time.Millisecond, r.Least), r.Most)
}

// Longest is the longest horizon of any customer.
func (t *Target) Longest() time.Duration {
	if t.Rhythm != nil {
		return t.Rhythm.Most
	}
	return t.Within
}

// Label is the outcome, from the feature's values at a moment and a horizon behind it. What was taken back rises by nothing.
func (t *Target) Label(before, after float64) float64 {
	rose := after - before
	switch {
	case t.Outcome == Sum:
		return max(rose, 0)
	case (rose > 0) == (t.Outcome == Any):
		return 1
	}
	return 0
}

// Leaving says that a high score means that a customer leaves.
func (t *Target) Leaving() bool { return t.Outcome == None }

// Bands are what acting costs: high is where a dear act pays, medium where a cheap one does.
type Bands struct{ High, Medium Act }

// Act is something that is done to keep a customer.
type Act struct {
	// Cost is what it costs a customer in the workspace's currency; CostShare what it costs as a part of what is at stake. One of them is 0.
	Cost, CostShare float64
	// Saves is the share, 0 to 1, of those who would leave and stay because of it.
	Saves float64
}

// From is the probability from which on the act pays: where what it keeps, probability x saves x stake, is what it costs. stake is what a customer who
// stays is worth within the horizon. Above 1 it pays for nobody.
func (a Act) From(stake float64) float64 {
	if a.CostShare > 0 {
		return a.CostShare / a.Saves
	}
	return a.Cost / (a.Saves * stake)
}

// Because says in words how From came about.
func (a Act) Because(stake float64) string {
	if a.CostShare > 0 {
		return fmt.Sprintf("an act that costs %g of what is at stake and keeps %g of those who would leave pays from a probability of %.3f on", a.CostShare, a.Saves, a.From(stake))
	}
	return fmt.Sprintf("an act that costs %g and keeps %g of those who would leave, each worth %.2f, pays from a probability of %.3f on", a.Cost, a.Saves, stake, a.From(stake))
}

// Band is high, medium or low: the word for a score, by where high and medium begin.
func Band(score, high, medium float64) string {
	switch {
	case score >= high:
		return "high"
	case score >= medium:
		return "medium"
	}
	return "low"
}
