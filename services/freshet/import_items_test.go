package freshet

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// The shipped mappings of product files make events that the catalogue reads as the items that the files mean.
func TestProductFilesBecomeItems(t *testing.T) {
	for file, want := range map[string][]string{
		"shopify-products.csv": {
			"REMOVE old-hat",
			"UPSERT rain-coat Rain coat [Apparel & Accessories > Clothing > Outerwear] 59000000EUR 0 map[tags:rain type:Coats]",
			"UPSERT winter-boot Winter boot [Apparel & Accessories > Shoes > Boots] 89900000EUR 3 map[tags:winter, new type:Boots]",
		},
		"google-merchant.tsv": {
			"UPSERT WB-41 Winter boot 41 [Shoes > Boots] 89900000EUR ? map[color:black gtin:4006381333931]",
			"UPSERT WB-42 Winter boot 42 [Shoes > Boots] 89900000EUR 0 map[color:black gtin:4006381333948]",
		},
	} {
		d := newDoor(t)
		path := "../../docs/examples/import/" + file
		mapping := strings.TrimSuffix(path, filepath.Ext(path)) + ".yaml"
		code, out, fault := run(t, "", "import", path, "--map", mapping, "--url", d.URL, "--ledger", t.TempDir(), "--rejects", filepath.Join(t.TempDir(), "r"))
		events, _ := d.events()
		var got []string
		for _, e := range events {
			for _, c := range catalogue.Changes(&eventv1.ResolvedEvent{Event: e}, false) {
				line := strings.TrimPrefix(c.Kind.String(), "ITEM_CHANGE_KIND_") + " " + c.ItemId
				if i := c.Item; i != nil {
					price, stock := "?", "?"
					if i.PriceMicros != nil {
						price = fmt.Sprint(i.GetPriceMicros(), i.GetCurrency())
					}
					if i.Stock != nil {
						stock = fmt.Sprint(i.GetStock())
					}
					line += fmt.Sprintf(" %s %v %s %s %v", i.Name, i.Categories, price, stock, i.Attributes)
				}
				got = append(got, line)
			}
		}
		// Each file has one row that the mapping refuses by name.
		if slices.Sort(got); cmp.Diff(want, got) != "" || code != 1 || contains(out, "1 rows rejected by the mapping", "properties.") != nil {
			t.Errorf("%s: %d\n%s%s\n%s", file, code, cmp.Diff(want, got), out, fault)
		}
	}
}
