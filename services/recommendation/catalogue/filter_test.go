package catalogue

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

const dayMs = int64(86_400_000)

func TestFilter(t *testing.T) {
	boot := item("b", func(i *recommendationv1.Item) {
		i.Name, i.Brand, i.Categories, i.Currency = "Winter boot", "Acme", []string{"Clothing > Shoes > Boots", "Sale"}, "EUR"
		i.PriceMicros, i.PriceWasMicros, i.PriceChangedMs, i.CreatedMs = proto.Int64(49_900_000), proto.Int64(99_800_000), 98*dayMs, 90*dayMs
		i.Stock, i.Languages, i.Attributes = proto.Int64(3), []string{"en"}, map[string]string{"colour": "red", "heel height": "5.5"}
	})
	bare := &Item{ID: "n"}
	for condition, want := range map[string][2]bool{ // of the boot, of an item that is only numbered
		"":                                       {true, true},
		"price < 50":                             {true, false},
		"price >= 50":                            {false, false},
		"!(price < 50)":                          {false, true},
		"price_was == 99.8":                      {true, false},
		"stock > 3":                              {false, false},
		"stock >= 3":                             {true, false},
		`brand == "Acme"`:                        {true, false},
		`brand != "Acme"`:                        {false, false},
		`brand in ["Umbra", "Acme"]`:             {true, false},
		`name.contains("boot")`:                  {true, false},
		`id == "n"`:                              {false, true},
		`category == "Clothing > Shoes > Boots"`: {true, false},
		`category.startsWith("Clothing")`:        {true, false},
		`"Shoes" in categories`:                  {true, false},
		`"Boots" in categories`:                  {true, false},
		`"Sale" in categories`:                   {true, false},
		`"Clothing > Shoes" in categories`:       {true, false},
		`"Shoes > Boots" in categories`:          {false, false},
		`"Clothing > Sho" in categories`:         {false, false},
		`"Shoe" in categories`:                   {false, false},
		`"en" in languages`:                      {true, false},
		"adult":                                  {false, false},
		"!adult && !stub":                        {true, true},
		"discount >= 0.5":                        {true, false},
		"discount > 0.5":                         {false, false},
		"days_since_created <= 10":               {true, false},
		"days_since_created < 10":                {false, false},
		"hours_since_price_changed <= 48":        {true, false},
		`attributes.colour == "red"`:             {true, false},
		`attributes.colour in ["red","blue"]`:    {true, false},
		`attributes["heel height"] > 5`:          {true, false},
		`attributes["heel height"] > 5.5`:        {false, false},
		`has(attributes.colour)`:                 {true, false},
		`has(brand) && has(price)`:               {true, false},
		`has(attributes.size)`:                   {false, false},
		`attributes.email == "x"`:                {false, false}, // the name of a trait that names a person is free here
		`price < 50 && "Sale" in categories || brand == "x"`: {true, false},
	} {
		f, err := ParseFilter(condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		for range 2 { // what one evaluation leaves behind does not touch the next
			if got := [2]bool{f.Match(boot, 100*dayMs), f.Match(bare, 100*dayMs)}; got != want {
				t.Errorf("%s: %v, want %v", condition, got, want)
			}
		}
	}
}

func TestWrongFiltersAreExplained(t *testing.T) {
	for condition, want := range map[string]string{
		"prize < 50":                   `1:1: "prize" is nothing that is known of items: there are adult, attributes, brand`,
		"price < ":                     "filter: 1:",
		`price == "cheap"`:             "compare with a number",
		"brand == 5":                   "brand is a text",
		"price":                        "compare it with a constant",
		`traits.plan == "x"`:           "keeps no traits",
		strings.Repeat("adult&&", 900): "filter: ",
	} {
		if f, err := ParseFilter(condition); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v %v, want %q", condition, f, err, want)
		}
	}
}

func BenchmarkFilter(b *testing.B) {
	f := must(ParseFilter(`price < 50 && "Shoes" in categories && !adult`))
	i := item("b", func(i *recommendationv1.Item) {
		i.Categories, i.PriceMicros = []string{"Clothing > Shoes > Boots"}, proto.Int64(5)
	})
	b.ReportAllocs()
	for b.Loop() {
		f.Match(i, 1)
	}
}
