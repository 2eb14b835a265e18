package graph

import (
	"testing"

	"github.com/freshet/freshet/pkg/wire/wiretest"
)

func TestGoldenRows(t *testing.T) {
	email, event := Identifier{"email", "ann@example.com"}, Provenance{EventID: "e-1", ReceivedMS: 1_781_524_800_000, RawPartition: 63, RawOffset: 1 << 40}
	wiretest.Golden(t, wiretest.Layout[ownerRow]{
		Format: Format, Name: "identity-owner", Version: 2, Write: ownerRow.encode, Read: decodeOwner,
		Examples: map[string]ownerRow{
			"ties":                 {id: ID{1, 15: 2}, degree: 300},
			"retired, with a rush": {id: ID{0xff}, degree: 7, retired: DegreeCap, retiredMS: 1_781_524_800_000, meetings: meetings{minute: 29_692_080, inMinute: 3, day: 20_619, inDay: 200}},
		},
	})
	wiretest.Golden(t, wiretest.Layout[customerRow]{
		Format: Format, Name: "identity-customer", Version: 2, Write: customerRow.encode, Read: decodeCustomer,
		Examples: map[string]customerRow{
			"alive":       {firstOffset: 9, createdMS: 1_781_524_800_000, identifiers: 1000, merges: 100, refused: 3, uniques: []Identifier{email, {"user_id", ""}}},
			"merged away": {merged: true, into: ID{3}, since: 1 << 33},
		},
	})
	wiretest.Golden(t, wiretest.Layout[linkedRow]{
		Format: Format, Name: "identity-linked", Version: 2, Write: linkedRow.encode, Read: decodeLinked,
		Examples: map[string]linkedRow{"an identifier": {identifier: email, provenance: event}},
	})
	wiretest.Golden(t, wiretest.Layout[aliasRow]{
		Format: Format, Name: "identity-alias", Version: 2, Write: aliasRow.encode, Read: decodeAlias,
		Examples: map[string]aliasRow{"of a user id": {target: Identifier{"user_id", "ann"}, provenance: event}},
	})
	wiretest.Golden(t, wiretest.Layout[int64]{
		Format: Format, Name: "identity-merged", Version: 2, Write: encodeMerged, Examples: map[string]int64{"an epoch": 123_456},
	})
	wiretest.Golden(t, wiretest.Layout[Provenance]{
		Format: Format, Name: "identity-refused", Version: 2, Write: func(p Provenance) []byte { return encodeRefused(DegreeCap, p) },
		Examples: map[string]Provenance{"by the degree cap": event},
	})
}

// The keys are a layout too: another order of their parts loses every row.
func TestGoldenKeys(t *testing.T) {
	id, email := ID{1, 15: 2}, Identifier{"email", "ann@example.com"}
	keys := map[string][]byte{
		"identifier": appendIdentifierKey(nil, "w", email), "customer": customerKey(spaceCustomer, "w", id),
		"linked": linkedKey("w", id, 1<<40, 3), "merged": mergedKey("w", id, ID{4}), "refused": refusedKey("w", id, email), "alias": aliasKey("w", "ann"),
	}
	wiretest.Golden(t, wiretest.Layout[[]byte]{
		Format: Format, Name: "identity-keys", Version: 2, Write: func(b []byte) []byte { return b }, Examples: keys,
	})
}
