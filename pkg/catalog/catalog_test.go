package catalog

import "testing"

func TestTheShippedCatalogueIsGood(t *testing.T) {
	c, err := Parse(Shipped(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d definitions, %d features, %d tags, %d columns, %d slots, hops %v", len(c.Definitions), len(c.Features), len(c.Tags), len(c.plan.Columns), len(c.plan.Slots), c.plan.Hops)
	again, err := Parse(nil, c.Source())
	if err != nil {
		t.Fatal(err)
	}
	if again.plan.Fingerprint != c.plan.Fingerprint || again.layout.Fingerprint != c.layout.Fingerprint {
		t.Error("the source gives another catalogue")
	}
}
