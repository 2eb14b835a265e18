package catalogue

import (
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/freshet/freshet/pkg/money"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/itemid"
)

// draft fills a change from the members of a product as an event has them. What is null or an empty text is taken away; what cannot be read is not said.
type draft struct {
	c       *recommendationv1.ItemChange
	members members
}

// reading is one of an item's fields and the members that it can be read from, the first that is there.
type reading struct {
	names []string
	read  func(d *draft, v gjson.Result)
}

func textField(field string, names ...string) reading {
	for _, l := range textLimits {
		if l.field == field {
			return reading{names, func(d *draft, v gjson.Result) {
				if text, ok := plain(v); ok {
					*l.of(d.c.Item) = cut(text, l.most)
					d.says(field)
				}
			}}
		}
	}
	panic("no text: " + field)
}

// glances are read of stubs, and full are the others.
var (
	glances = []reading{
		textField(fieldName, "name", "title"), textField(fieldBrand, "brand", "vendor"), {[]string{"categories", "category"}, (*draft).categories},
		textField("url", "url", "link"), textField("image_url", "image_url", "image_link"),
	}
	full = []reading{
		textField("description", "description"), textField("group_id", "item_group_id", "group_id"),
		{[]string{"price"}, (*draft).price}, {[]string{"currency"}, (*draft).currencyOf},
		{[]string{"valid_from"}, moment(fieldFrom, func(i *recommendationv1.Item) *int64 { return &i.ValidFromMs })},
		{[]string{"valid_until"}, moment(fieldUntil, func(i *recommendationv1.Item) *int64 { return &i.ValidUntilMs })},
		{[]string{"languages", "language"}, (*draft).languages}, {[]string{"adult"}, (*draft).adult}, {[]string{fieldAttributes}, (*draft).attributes},
	}
	stockNames = []string{"stock", "inventory", "quantity", "available", "availability"}
	// read are all names that are no attributes.
	read = func() map[string]bool {
		out := map[string]bool{"products": true, "items": true}
		for _, r := range slices.Concat(glances, full, []reading{{names: stockNames}, {names: itemid.Names()}}) {
			for _, n := range r.names {
				out[n] = true
			}
		}
		return out
	}()
)

func (d *draft) says(field string) { d.c.Fields = append(d.c.Fields, field) }

// everything reads what an upsert says.
func (d *draft) everything() {
	d.readings(glances)
	d.readings(full)
	d.stock()
	d.others()
}

// glance reads what a visitor's event says on the way: nothing is taken away by it.
func (d *draft) glance(priced bool) {
	d.members = maps.Clone(d.members)
	maps.DeleteFunc(d.members, func(_ string, v gjson.Result) bool {
		return v.Type == gjson.Null || v.Type == gjson.String && strings.TrimSpace(v.Str) == ""
	})
	d.readings(glances)
	if priced {
		d.price(d.members["price"])
		d.currencyOf(d.members["currency"])
	}
}

func (d *draft) readings(list []reading) {
	for _, r := range list {
		for _, name := range r.names {
			if v := d.members[name]; v.Exists() {
				r.read(d, v)
				break
			}
		}
	}
}

// plain is the text of a scalar; null is the empty one.
func plain(v gjson.Result) (string, bool) {
	switch v.Type {
	case gjson.Null:
		return "", v.Exists()
	case gjson.JSON:
		return "", false
	}
	return number(v), true
}

// price reads a number, or an amount as shops write it: "12.50 EUR".
func (d *draft) price(v gjson.Result) {
	text, ok := plain(v)
	if !ok {
		return
	}
	if strings.TrimSpace(text) == "" {
		d.says(fieldPrice)
		return
	}
	currency, _ := money.Currency(d.members["currency"].String())
	amount, err := money.Read(text, money.Habit{Currency: currency})
	if err != nil || amount.Micros < 0 {
		return
	}
	d.c.Item.PriceMicros = &amount.Micros
	d.says(fieldPrice)
	if amount.Currency != "" && !d.members["currency"].Exists() {
		d.c.Item.Currency = amount.Currency
		d.says(fieldCurrency)
	}
}

func (d *draft) currencyOf(v gjson.Result) {
	text, ok := plain(v)
	if !ok {
		return
	}
	code, known := money.Currency(text)
	if !known && strings.TrimSpace(text) != "" {
		return
	}
	d.c.Item.Currency = code
	d.says(fieldCurrency)
}

// categories reads a path, or a list of paths; an object in it by its name.
func (d *draft) categories(v gjson.Result) {
	var paths []string
	add := func(v gjson.Result) {
		if v.IsObject() {
			v = v.Get("name")
		}
		if text, ok := plain(v); ok {
			if p := path(cut(text, mostText)); p != "" && !slices.Contains(paths, p) && len(paths) < mostCategories {
				paths = append(paths, p)
			}
		}
	}
	switch {
	case v.IsArray():
		v.ForEach(func(_, v gjson.Result) bool {
			add(v)
			return true
		})
	default:
		add(v)
	}
	if len(paths) == 0 && v.IsObject() {
		return
	}
	d.c.Item.Categories = paths
	d.says(fieldCategories)
}
