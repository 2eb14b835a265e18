package segmentation

import (
	"errors"
	"testing"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

func TestGoldenState(t *testing.T) {
	const noon = 1_781_524_800_000 // 15 June 2026
	wiretest.Golden(t, wiretest.Layout[*record]{
		Format: recordFormat, Name: "segmentation-record", Version: 3, Write: (*record).encode, Read: decodeRecord,
		Examples: map[string]*record{
			"in one segment, out of another": {workspace: "default", version: 300, evaluatedMs: noon, dueMs: noon + 300_000, rules: 1<<64 - 1, cuts: 3, schema: 0xfeed, features: []byte{0x0a, 1, 'x'},
				segments: []membership{{segment: "vip", version: 2, seq: 5, in: true, sinceMs: noon}, {segment: "big_spender", version: -1, seq: 1 << 40, sinceMs: 1}}},
			"a tombstone": {workspace: "w", version: 1, mergedInto: id(7), features: []byte{}, scored: scored{version: 9, of: 6, gone: 7}},
			"scored, in no segment": {workspace: "w", version: 4, schema: 0xfeed, features: []byte{0x0a, 1, 'x'},
				scored: scored{version: 1 << 33, of: 300, gone: 1, schema: 0xbeef, values: []byte{3, 0, 1, 2}, models: []uint32{1, 0, 1<<32 - 1}},
				wait:   wait{untilMs: noon + 500, reason: reasonEvent, receivedMs: noon - 1}},
			"scored before the first features": {workspace: "w", features: []byte{}, evaluatedMs: noon, scored: scored{version: 1, schema: 0xbeef, values: []byte{}, models: []uint32{7}}},
		},
	})
	wiretest.Golden(t, wiretest.Layout[member]{
		Format: memberFormat, Name: "segmentation-member", Version: 1, Write: member.encode, Read: decodeMember, Examples: map[string]member{"since noon": {version: 7, sinceMs: noon}},
	})
	wiretest.Golden(t, wiretest.Layout[int64]{
		Format: countFormat, Name: "segmentation-count", Version: 1, Write: encodeCount, Read: decodeCount, Examples: map[string]int64{"none left": 0, "a million": 1_000_000},
	})
	wiretest.Golden(t, wiretest.Layout[versions]{
		Format: versionsFormat, Name: "segmentation-versions", Version: 1, Write: versions.encode, Read: decodeVersions,
		Examples: map[string]versions{"no rules": {}, "two rules": {"vip": 3, "big_spender": 1 << 47}, "a rule over scores": {"": -5, "leaving": 9}},
	})
	wiretest.Golden(t, wiretest.Layout[sweep]{
		Format: sweepFormat, Name: "segmentation-sweep", Version: 1, Write: sweep.encode, Read: decodeSweep,
		Examples: map[string]sweep{"done": {rules: 1, cuts: 1 << 63, done: true}, "on its way": {rules: 300, cursor: "c/" + id(7) + "\x00"}},
	})
	wiretest.Golden(t, wiretest.Layout[[]byte]{
		Name: "segmentation-keys", Version: 1, Write: func(b []byte) []byte { return b },
		Examples: map[string][]byte{
			"a customer": customerKey(id(7)), "a member": memberKey("w", "vip", id(7)), "a size": countKey("w", "vip"), "all customers": countKey("w", ""),
			"rules": rulesKey(0xabc), "the sweep": []byte(keySweep),
		},
	})
}

// Every value of a newer release is told from damage.
func TestStateOfANewerReleaseIsToldApart(t *testing.T) {
	for name, decode := range map[string]func([]byte) error{
		"record":   func(b []byte) error { _, err := decodeRecord(b); return err },
		"member":   func(b []byte) error { _, err := decodeMember(b); return err },
		"size":     func(b []byte) error { _, err := decodeCount(b); return err },
		"versions": func(b []byte) error { _, err := decodeVersions(b); return err },
		"sweep":    func(b []byte) error { _, err := decodeSweep(b); return err },
	} {
		if err := decode([]byte{9, 0}); !errors.Is(err, wire.ErrNewer) {
			t.Errorf("%s: %v", name, err)
		}
		now := byte(1)
		if name == "record" {
			now = 3
		}
		if err := decode([]byte{now, 0x80}); !errors.Is(err, wire.ErrDamaged) {
			t.Errorf("a damaged %s: %v", name, err)
		}
	}
}
