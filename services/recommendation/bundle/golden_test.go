package bundle_test

import (
	"testing"

	"github.com/freshet/freshet/pkg/wire/wiretest"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// Files that were written once are read for ever, and written alike. Fitted numbers differ in their last bits from processor to processor: packages als and ease have
// golden bytes of models that are written down.
func TestGoldenFiles(t *testing.T) {
	examples := map[string][]byte{}
	for _, factors := range []int{0, 2} {
		for name, data := range write(t, parts(t, touches(6, 1), factors)) {
			if name != "ranker.bin" && name != bundle.ManifestFile && name != bundle.ALSFile && name != bundle.EASEFile {
				examples[name] = data
			}
		}
	}
	wiretest.Golden(t, wiretest.Layout[[]byte]{Name: "recommendation-bundle", Version: 1, Write: func(b []byte) []byte { return b }, Examples: examples})
	whole := write(t, parts(t, touches(6, 1), 0))
	if _, err := bundle.Read(whole, catalogue.NewShelf("shop", 100)); err != nil {
		t.Error(err)
	}
}
