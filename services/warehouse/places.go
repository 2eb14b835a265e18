package warehouse

import "github.com/freshet/freshet/pkg/broker"

// The group's metadata holds a broker.Place beside the plan: an offset alone does not say whose it is. The follower asks whether the place is still one
// before it gives anything, and after each fault; broker.gaps says what becomes of one that is not.
//
// What comes once more behind a break is in the tables already, and equal copies meet there. A planned block of which nobody knows whether it
// landed, and which cannot be read again, is left as it is; what the log has in its place lands beside it, in a life of its own.

// enliven has the records that wait be of the life that the place is in.
func (t *task) enliven() {
	for i := range t.ahead {
		t.ahead[i].Life = t.place.Life
	}
}

// moveTo is the place behind a block.
func (t *task) moveTo(b block) broker.Place {
	if n := len(b.records); n > 0 {
		return t.place.After(b.records[n-1]).At(b.to)
	}
	return t.place.At(b.to)
}
