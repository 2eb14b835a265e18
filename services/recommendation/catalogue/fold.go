package catalogue

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// MostAttributes is how many attributes are kept of an item. One that was taken away counts until newer ones push it out: it has to be known that it was.
const MostAttributes = 200

// folded is what a change did.
type folded struct {
	// state says that the state is another; item that the item is, and has to be told.
	state, item bool
	// left is how many attributes are above MostAttributes.
	left int
}

// fold puts a change into the state of its item. The state is a function of the set of changes alone, but for the item's version, which counts, and what the package
// comment says of prices. The change must have passed check.
func fold(s *recommendationv1.ItemState, c *recommendationv1.ItemChange) folded {
	if s.Item == nil {
		s.Item = &recommendationv1.Item{Workspace: c.GetWorkspace(), ItemId: c.GetItemId(), Stub: true}
	}
	if s.Said == nil {
		s.Said = map[string]*recommendationv1.FieldWord{}
	}
	before := proto.CloneOf(s.Item)
	w := &recommendationv1.FieldWord{AtMs: c.GetAtMs(), ChangeId: c.GetChangeId(), Upsert: c.GetKind() != kindSeen}
	var out folded
	for _, field := range says(c) {
		out.state = say(s, c, field, w) || out.state
	}
	out.left = trim(s)
	s.Item.PriceWasMicros, s.Item.PriceChangedMs = priceBefore(s.GetPrices())
	created(s.Item, c)
	s.Item.UpdatedMs = updated(s)
	out.state = out.state || before.GetCreatedMs() != s.Item.GetCreatedMs() || before.GetStub() != s.Item.GetStub()
	before.UpdatedMs = s.Item.GetUpdatedMs() // that alone is not worth telling
	out.item = !proto.Equal(before, s.Item)
	return out
}

// Short names of the kinds.
const (
	kindUpsert = recommendationv1.ItemChangeKind_ITEM_CHANGE_KIND_UPSERT
	kindRemove = recommendationv1.ItemChangeKind_ITEM_CHANGE_KIND_REMOVE
	kindSeen   = recommendationv1.ItemChangeKind_ITEM_CHANGE_KIND_SEEN
)

// says are the fields that a change says: a removal that alone, an upsert also that the item is there.
func says(c *recommendationv1.ItemChange) []string {
	switch {
	case c.GetKind() == kindRemove:
		return []string{fieldRemoved}
	case c.GetKind() == kindUpsert && !slices.Contains(c.GetFields(), fieldRemoved):
		return append(slices.Clone(c.GetFields()), fieldRemoved)
	}
	return c.GetFields()
}

// say folds one field, and says whether it is the state's now. A field that this release does not know is passed over.
func say(s *recommendationv1.ItemState, c *recommendationv1.ItemChange, field string, w *recommendationv1.FieldWord) bool {
	if field == fieldRemoved && w.GetUpsert() {
		if compare(w, s.Said[field]) <= 0 {
			return false
		}
		s.Said[field] = w
		s.Item.Removed = c.GetKind() == kindRemove || c.GetItem().GetRemoved()
		return true
	}
	name, isAttribute := attribute(field)
	if !isAttribute && (descriptors[field] == nil || field == fieldRemoved) {
		return false
	}
	told := field == fieldPrice && tell(s, c, w)
	if compare(w, s.Said[field]) <= 0 {
		return told
	}
	switch {
	case field == fieldAttributes:
		sweep(s, w)
	case !isAttribute:
		assign(s.Item, c.GetItem(), field)
	case compare(w, s.Said[fieldAttributes]) < 0:
		return false // all of them were taken away since
	default:
		setAttribute(s.Item, name, c.GetItem().GetAttributes()[name])
	}
	s.Said[field] = w
	return true
}

// compare orders words: what an upsert says holds over what a stub says, then the later one, then the higher change id. Nobody's is the lowest.
func compare(a, b *recommendationv1.FieldWord) int {
	if b == nil {
		return 1
	}
	if a.GetUpsert() != b.GetUpsert() {
		if a.GetUpsert() {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(a.GetAtMs(), b.GetAtMs()), cmp.Compare(a.GetChangeId(), b.GetChangeId()))
}

// created keeps when the item was first heard of: by an upsert where there was one.
func created(i *recommendationv1.Item, c *recommendationv1.ItemChange) {
	upsert := c.GetKind() == kindUpsert
	switch {
	case upsert && i.GetStub():
		i.Stub, i.CreatedMs = false, c.GetAtMs()
	case upsert == !i.GetStub() && (i.GetCreatedMs() == 0 || c.GetAtMs() < i.GetCreatedMs()):
		i.CreatedMs = c.GetAtMs()
	}
}

func updated(s *recommendationv1.ItemState) (ms int64) {
	for _, w := range s.GetSaid() {
		ms = max(ms, w.GetAtMs())
	}
	return max(ms, s.GetItem().GetCreatedMs())
}
