package history

import (
	"cmp"
	"maps"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/expr"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/tally"
)

// fact is an event of a customer, or what an order added to one, or took back, and from when on it counts.
type fact struct {
	at       int64
	customer string
	event    *eventv1.Event
	posting  *orderv1.Posting
	taken    bool
}

// merge says that one id went into another.
type merge struct {
	at       int64
	from, to string
}

// component is everybody who is one customer today, with what is asked of them.
type component struct {
	present string
	facts   []fact
	merges  []merge // by epoch
	// rows are what is asked; one without a customer asks for everybody there was.
	rows []Row
}

// replayer folds components, one after the other. It is one goroutine's.
type replayer struct {
	reader *Reader
	emit   func(Answer) error

	x        expr.Event
	readings []catalog.Reading
	values   []catalog.Value
	nobody   *tally.State

	// Of the component in hand: the customers that there are by now, and where ids went.
	people map[string]*person
	into   map[string]string
}

// person is one customer at the moment in hand.
type person struct {
	state *tally.State
	seen  bool
}

func newReplayer(r *Reader, emit func(Answer) error) *replayer {
	return &replayer{reader: r, emit: emit, nobody: r.Engine.New()}
}

// replay answers all that is asked of a component.
func (p *replayer) replay(c *component) error {
	p.people, p.into = map[string]*person{}, map[string]string{}
	inTime(c)
	facts, merges := c.facts, c.merges
	for _, row := range c.rows {
		for len(merges) > 0 && merges[0].at <= row.AtMs {
			p.merge(merges[0])
			merges = merges[1:]
		}
		for len(facts) > 0 && facts[0].at <= row.AtMs {
			p.add(&facts[0], row.AtMs)
			facts = facts[1:]
		}
		if err := p.answer(row); err != nil {
			return err
		}
	}
	return nil
}

// inTime sorts facts and rows. Merges stay in the order in which identity told them: none was known before those that it followed.
func inTime(c *component) {
	slices.SortStableFunc(c.facts, func(a, b fact) int { return cmp.Compare(a.at, b.at) })
	slices.SortFunc(c.rows, func(a, b Row) int { return cmp.Compare(a.AtMs, b.AtMs) })
}

// add takes a fact. Readings are at readMs at the earliest: what no window reaches from there need not be kept.
func (p *replayer) add(f *fact, readMs int64) {
	who := p.person(p.root(f.customer))
	if f.posting != nil {
		who.state.Post(f.posting, f.taken, readMs)
		return
	}
	p.x.Reset(f.event)
	who.state.Insert(&p.x, readMs)
	who.seen = true
}

func (p *replayer) person(id string) *person {
	who := p.people[id]
	if who == nil {
		who = &person{state: p.reader.Engine.New()}
		p.people[id] = who
	}
	return who
}

// root is the id that an id goes by at the moment in hand.
func (p *replayer) root(id string) string {
	for {
		to, gone := p.into[id]
		if !gone {
			return id
		}
		id = to
	}
}

// merge makes two customers one. Mappings are flattened: one that says again what is known already changes nothing.
func (p *replayer) merge(m merge) {
	from, to := p.root(m.from), p.root(m.to)
	if from == to {
		return
	}
	p.into[from] = to
	left := p.people[from]
	if left == nil {
		return
	}
	delete(p.people, from)
	who := p.people[to]
	if who == nil {
		p.people[to] = left
		return
	}
	who.state.Merge(left.state)
	who.seen = who.seen || left.seen
}

// answer answers a row, when all that counts by then is folded.
func (p *replayer) answer(row Row) error {
	if row.Customer != "" {
		return p.read(row)
	}
	for _, id := range slices.Sorted(maps.Keys(p.people)) {
		if !p.people[id].seen {
			continue
		}
		row.Customer = id
		if err := p.read(row); err != nil {
			return err
		}
	}
	return nil
}

// read reads one customer.
func (p *replayer) read(row Row) error {
	a := Answer{Row: row, Surviving: p.root(row.Customer)}
	state := p.nobody
	if who := p.people[a.Surviving]; who != nil {
		state, a.Seen = who.state, who.seen
	}
	p.readings = state.Read(row.AtMs, p.readings)
	p.values = p.reader.Catalog.Values(p.readings, row.AtMs, p.values[:0])
	a.Values, a.State = p.values, state
	return p.emit(a)
}
