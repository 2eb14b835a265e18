package judge

import (
	"errors"
	"fmt"
	"slices"

	"github.com/freshet/freshet/services/recommendation/interaction"
)

// Case is one question with what came.
type Case struct {
	// History is what is told, oldest first.
	History []int32
	Values  []float32
	// Times are those of History; nil where there are none.
	Times []int64
	AtMs  int64
	// Relevant are the items to be found, each once.
	Relevant []int32
	// Group of the case: the session or customer. Cases of one group follow each other.
	Group int
	// User of the session or customer, by the events.
	User int32
	// Place is for who made the set and asks with more than a history: where the question stands in his data.
	Place int
	// NewOnly says that what the history has is not asked for and must not be proposed.
	NewOnly bool
	// Last says that the group ends with this case; Ended is then the whole session, for models that learn on.
	Last  bool
	Ended []int32
}

// Set is what is learnt from and what judges.
type Set struct {
	Protocol string
	// Train are the sessions, or customers' histories, that are learnt from, in the order in which they end.
	Train []interaction.Session
	// Items is the size of the id space; Known are those in Train, with how many sessions have them.
	Items  int
	Counts []int64
	Cases  []Case
	// NewOnly says that what a customer touched before is not asked for and must not be proposed.
	NewOnly bool
	// Unknown is how many touches were left out because nobody touched the item in Train; Asked is how many are to be found.
	Unknown, Asked int
	// Repeats is the share of Asked that the history holds.
	Repeats float64

	log    *interaction.Log // names alone
	plan   Plan
	fitted map[string]Model // those that do not learn on
	taken  [][]int32        // by item, the sessions with it; made when it is asked for
}

// Protocols are their names.
var Protocols = []string{"next-item", "next-basket", "holdout", "users", "leave-last-out"}

// What of a held-out user is told, by the protocol users.
const (
	// ToldOldest tells the first four fifths of what the user touched.
	ToldOldest = "oldest"
	// ToldRandom tells four fifths that are drawn, as the published splits have it.
	ToldRandom = "random"
)

// Plan says how a log is cut.
type Plan struct {
	// Protocol is one of Protocols.
	Protocol string
	// Share of the sessions, of the newest events, or of the users that judges. Above 0 and below 1; for leave-last-out up to 1.
	Share float64
	// Told is ToldOldest or ToldRandom, for users; empty means ToldOldest.
	Told string
	// MinTouches leaves out users or sessions with fewer touches, of what is learnt from and of what judges. Zero and 1 leave out none.
	MinTouches int
	// EASEItems is how many items EASE is fitted on, the most taken; zero means its default. Memory is 8 bytes times its square, time its cube.
	EASEItems int
	// VisitGapMs parts what a user touched into visits where nothing was touched for longer, in milliseconds. For next-item; zero parts nothing.
	VisitGapMs int64
	// Tell is what of the users in a test file is told, which is the rest, for users; nil means that the test file is parted as Told says.
	Tell []interaction.Event
	// BasketGapMs is how long after its first touch a basket takes others, in milliseconds. For next-basket.
	BasketGapMs int64
	// Seed draws the users.
	Seed uint64

	// every asks, of next-basket, for every basket behind the time and not for each customer's first alone: a ranker learns from all.
	every bool
	// tuned has the settings that Tune chose, by family.
	tuned map[string]Setting
}

// NewSet cuts a log. test holds what judges when it is a file of its own; nil means that the log is cut.
func NewSet(l *interaction.Log, test []interaction.Event, p Plan) (*Set, error) {
	s := &Set{log: &interaction.Log{Users: l.Users, Items: l.Items, Timed: l.Timed}, plan: p, Protocol: p.Protocol, Items: l.Items.Len(), NewOnly: newOnly(p.Protocol)}
	if p.Told != "" && p.Told != ToldOldest && p.Told != ToldRandom {
		return nil, fmt.Errorf("told %q: want %s or %s", p.Told, ToldOldest, ToldRandom)
	}
	if p.VisitGapMs > 0 && (p.Protocol != "next-item" || !l.Timed) {
		return nil, errors.New("visits are parted by times, for next-item: the protocol is another or the file has no times")
	}
	if p.Tell != nil && (p.Protocol != "users" || test == nil) {
		return nil, errors.New("what is told in a file of its own is for users, with what is to be found in a test file")
	}
	if p.MinTouches > 1 && p.VisitGapMs == 0 {
		l, test = &interaction.Log{Users: l.Users, Items: l.Items, Timed: l.Timed, Events: interaction.AtLeast(l.Events, p.MinTouches)}, interaction.AtLeast(test, p.MinTouches)
	}
	var err error
	switch p.Protocol {
	case "next-item":
		err = s.nextItem(l, test, p)
	case "next-basket", "holdout":
		err = s.byTime(l, test, p)
	case "users":
		err = s.byUser(l, test, p)
	case "leave-last-out":
		err = s.leaveLast(l, test, p)
	default:
		err = fmt.Errorf("a protocol %q: want one of %v", p.Protocol, Protocols)
	}
	if err == nil && len(s.Cases) == 0 {
		err = fmt.Errorf("nothing is left to judge: %d sessions or customers were learnt from, and %d touches of items that are not among theirs were left out", len(s.Train), s.Unknown)
	}
	if err != nil {
		return nil, fmt.Errorf("cut the data for %s: %w", p.Protocol, err)
	}
	s.Repeats /= float64(s.Asked)
	return s, nil
}

// newOnly says which protocols ask for what was not touched before.
func newOnly(protocol string) bool {
	return protocol == "holdout" || protocol == "users" || protocol == "leave-last-out"
}

// learn takes what is learnt from.
func (s *Set) learn(train []interaction.Session) {
	s.Train = train
	s.Counts = make([]int64, s.Items)
	for i := range train {
		for _, item := range interaction.Distinct(train[i].Items) {
			s.Counts[item]++
		}
	}
}

// ask adds a case. Items of want that the history holds must have been left out before, when they are not wanted.
func (s *Set) ask(c Case) {
	s.Asked += len(c.Relevant)
	for _, item := range c.Relevant {
		if slices.Contains(c.History, item) {
			s.Repeats++
		}
	}
	s.Cases = append(s.Cases, c)
}

// known leaves out the touches of a session whose items were not learnt.
func (s *Set) known(in interaction.Session) interaction.Session {
	out := interaction.Session{User: in.User}
	for i, item := range in.Items {
		if s.Counts[item] == 0 {
			s.Unknown++
			continue
		}
		out.Items, out.Values = append(out.Items, item), append(out.Values, in.Values[i])
		if in.At != nil {
			out.At = append(out.At, in.At[i])
		}
	}
	return out
}

func (s *Set) nextItem(l *interaction.Log, test []interaction.Event, p Plan) error {
	train, judged := visits(l.Events, l.Timed, p), visits(test, l.Timed, p)
	if test == nil {
		var err error
		if train, judged, err = interaction.Last(train, p.Share); err != nil {
			return err
		}
	}
	s.learn(train)
	for group := range judged {
		one := s.known(judged[group])
		for i := 1; i < len(one.Items); i++ {
			c := Case{History: one.Items[:i], Relevant: one.Items[i : i+1], Group: group, User: one.User, Last: i == len(one.Items)-1}
			if one.At != nil {
				c.AtMs, c.Times = one.At[i], one.At[:i]
			}
			if c.Last {
				c.Ended = one.Items
			}
			s.ask(c)
		}
	}
	return nil
}

// visits gathers events by session, or by user and visit.
func visits(events []interaction.Event, timed bool, p Plan) []interaction.Session {
	out := interaction.Sessions(events, timed)
	if p.VisitGapMs == 0 {
		return out
	}
	return slices.DeleteFunc(interaction.Visits(out, p.VisitGapMs), func(v interaction.Session) bool { return len(v.Items) < p.MinTouches })
}

func (s *Set) byTime(l *interaction.Log, test []interaction.Event, p Plan) error {
	before, behind := l.Events, test
	if test == nil {
		if !l.Timed {
			return errors.New("the file has no times: name their column, give a test file, or take users or next-item")
		}
		at, err := interaction.CutAt(l.Events, p.Share)
		if err != nil {
			return err
		}
		before, behind = interaction.Cut(l.Events, at)
	}
	s.learn(interaction.Sessions(before, l.Timed))
	history := map[int32]*interaction.Session{}
	for i := range s.Train {
		history[s.Train[i].User] = &s.Train[i]
	}
	for group, one := range interaction.Sessions(behind, l.Timed) {
		if p.every && p.Protocol == "next-basket" {
			s.findEvery(history[one.User], one, p.BasketGapMs, group)
			continue
		}
		if h := history[one.User]; h != nil {
			if p.Protocol == "next-basket" {
				one = interaction.Baskets(&one, p.BasketGapMs)[0]
			}
			s.find(h, s.known(one), group)
		}
	}
	return nil
}

// findEvery asks for every basket of what followed, with all that was before it. h is nil for somebody new.
func (s *Set) findEvery(h *interaction.Session, then interaction.Session, gapMs int64, group int) {
	told := interaction.Session{User: then.User}
	if h != nil {
		told = part(*h, 0, len(h.Items))
	}
	for _, basket := range interaction.Baskets(&then, gapMs) {
		basket = s.known(basket)
		s.find(&told, basket, group)
		n := len(told.Items)
		told = interaction.Session{User: told.User, Items: append(told.Items[:n:n], basket.Items...), Values: append(told.Values[:n:n], basket.Values...), At: append(told.At[:n:n], basket.At...)}
	}
}

// find asks, with a history, for the items of what followed.
func (s *Set) find(h *interaction.Session, then interaction.Session, group int) {
	c := Case{History: h.Items, Values: h.Values, Times: h.At, Group: group, User: then.User, NewOnly: s.NewOnly, Last: true}
	if len(then.At) > 0 {
		c.AtMs = then.At[0]
	}
	told := map[int32]bool{}
	for _, item := range h.Items {
		told[item] = s.NewOnly
	}
	for _, item := range interaction.Distinct(then.Items) {
		if !told[item] {
			c.Relevant = append(c.Relevant, item)
		}
	}
	if len(c.Relevant) > 0 && len(c.History) > 0 {
		s.ask(c)
	}
}

// Thin keeps about n of the cases, in whole groups, evenly taken; 0 keeps all. It is for a first look at slow models.
func (s *Set) Thin(n int) {
	if n <= 0 || n >= len(s.Cases) {
		return
	}
	var kept []Case
	for i := 0; i < len(s.Cases); {
		end := i + 1
		for end < len(s.Cases) && s.Cases[end].Group == s.Cases[i].Group {
			end++
		}
		if len(kept)*len(s.Cases) <= i*n {
			kept = append(kept, s.Cases[i:end]...)
		}
		i = end
	}
	s.Cases = kept
}
