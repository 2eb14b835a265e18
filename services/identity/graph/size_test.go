package graph

import (
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"

	"github.com/freshet/freshet/pkg/customer"
)

// TestWhatAnIdentifierCosts holds docs/identity.md to its figures: customers with a user id, an e-mail address and a browser, whose values and
// event ids are UUIDs, which do not compress. Memory is the cache's and no more, whatever their number.
func TestWhatAnIdentifierCosts(t *testing.T) {
	const customers, each = 5000, 3
	g, db := New(DefaultLimits()), openPebble(t)
	for n := range int64(customers) {
		batch := db.NewIndexedBatch()
		s, o := NewBatch(batch), op(n, "user_id:"+uuid.NewString(), "email:"+uuid.NewString(), "anonymous_id:"+uuid.NewString())
		o.Workspace, o.EventId, o.ReceivedMs, o.RawOffset = customer.DefaultWorkspace, uuid.NewString(), 1_790_000_000_000+n, n
		if _, err := g.Apply(s, o, n); err != nil || s.Err() != nil {
			t.Fatal(err, s.Err())
		}
		if err := batch.Commit(pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := db.Compact(t.Context(), []byte{0}, []byte{0xff}, false); err != nil {
		t.Fatal(err)
	}
	bytes := map[byte]int{}
	for k, v := range dump(t, NewSnapshot(db)) {
		bytes[k[0]] += len(k) + len(v)
	}
	disk, err := db.EstimateDiskUsage([]byte{0}, []byte{0xff})
	if err != nil {
		t.Fatal(err)
	}
	const n = customers * each
	t.Logf("an identifier: %d bytes in the look-up space, %d in the provenance, %d of its customer; %d on the disk",
		bytes[spaceIdentifier]/n, bytes[spaceLinked]/n, bytes[spaceCustomer]/n, disk/n)
	if look, provenance := bytes[spaceIdentifier]/n, bytes[spaceLinked]/n; look > 80 || provenance > 140 || disk/n > 175 {
		t.Errorf("%d and %d bytes, %d on the disk: docs/identity.md says 75, 130 and 150", look, provenance, disk/n)
	}
}
