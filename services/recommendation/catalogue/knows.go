package catalogue

import (
	"google.golang.org/protobuf/proto"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Knows says that the shelf has what a change says already, so that it need not be sent: a stub that says nothing new. Of upserts and removals it is false: they are always
// sent, since what they say holds from then on. A shelf that is behind says false once too often, never true.
func (s *Shelf) Knows(c *recommendationv1.ItemChange) bool {
	i := s.Get(c.GetItemId())
	if c.GetKind() != kindSeen || i == nil {
		return false
	}
	if i.GetStub() && c.GetAtMs() < i.GetCreatedMs() {
		return false // it was heard of earlier than is known
	}
	for _, field := range c.GetFields() {
		if !holds(i, field) || i.GetStub() && c.GetAtMs() > i.GetUpdatedMs() && !same(i, c.GetItem(), field) {
			return false
		}
	}
	return true
}

// same says whether two items have the same in a field.
func same(a, b *recommendationv1.Item, field string) bool {
	d := descriptors[field]
	return d != nil && a.ProtoReflect().Get(d).Equal(b.ProtoReflect().Get(d))
}

// Copy gives what is known of an item, for a caller who may change it; nil where nothing is.
func (i *Item) Copy() *recommendationv1.Item {
	if i.Proto == nil {
		return nil
	}
	return proto.CloneOf(i.Proto)
}
