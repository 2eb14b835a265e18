package ledger

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// A ledger is JSON for people to read. Its names, and the name of its file, are kept: an entry that is not found again is an import from the beginning.
func TestGoldenLedger(t *testing.T) {
	noon := time.Date(2026, 6, 15, 12, 0, 0, 5, time.UTC)
	key := Key{Sum: "ab", Mapping: "cd", Source: "shop", Target: "https://collector.example"}
	wiretest.Golden(t, wiretest.Layout[Record]{
		Name: "import-ledger", Version: 1,
		Write: func(r Record) []byte {
			b, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			return b
		},
		Read: func(b []byte) (r Record, err error) {
			err = json.Unmarshal(b, &r)
			return r, err
		},
		Examples: map[string]Record{
			"under way": {Key: key, ID: key.ID(), File: "orders.csv", Began: noon, Updated: noon, Units: 7, Writer: "0a", Rejects: "/tmp/r", RejectBytes: 9,
				Counts: Counts{Rows: 9, Skipped: 1, Rejected: 2, Accepted: 5, Refused: 1, Lost: 1, Reasons: map[string]Reason{"mapping bad_value": {Count: 2, FirstRow: 3, Detail: "x"}}}},
			"followed":   {Key: key, ID: key.ID(), Began: noon, Place: &Place{Offset: 900, Rows: 8, Lines: 10, Sum: "00ef", RejectBytes: 7}},
			"just begun": {Key: Key{Sum: "ab"}, ID: Key{Sum: "ab"}.ID(), Began: noon},
		},
	})
}
