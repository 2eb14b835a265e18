package catalogue

import (
	"testing"

	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// The states are protobuf, which scripts/check-breaking.sh holds. Where they stand is held here.
func TestGoldenState(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[[]byte]{
		Name: "catalogue-keys", Version: 1, Write: func(b []byte) []byte { return b },
		Examples: map[string][]byte{"an item": append([]byte{prefixItem}, topics.ItemKey("w", "a")...)},
	})
}
