package catalogue

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/text/language"

	"github.com/freshet/freshet/pkg/money"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// availability is what shops and feeds call being there; true: it can be had, in a number that is not known.
var availability = map[string]bool{
	"true": true, "yes": true, "in stock": true, "instock": true, "available": true, "available for order": true, "preorder": true, "pre order": true, "backorder": true,
	"limited availability": true, "limitedavailability": true, "online only": true, "onlineonly": true, "in store only": true, "instoreonly": true,
	"false": false, "no": false, "out of stock": false, "outofstock": false, "sold out": false, "soldout": false, "discontinued": false, "unavailable": false, "not available": false,
}

// stock reads how many there are: a number, or a word for whether there are any. Where one member says none, there are none. Words alone that say there are take the number
// away: as many as one likes.
func (d *draft) stock() {
	var stock *int64
	said := false
	for _, name := range stockNames {
		v := d.members[name]
		text, ok := plain(v)
		if !ok {
			continue
		}
		n, counted := pieces(text)
		there, word := availability[words(text)]
		switch {
		case strings.TrimSpace(text) == "":
			said = true
		case counted && (stock == nil || n < *stock):
			stock, said = &n, true
		case word && !there:
			none := int64(0)
			stock, said = &none, true
		case word:
			said = true
		}
	}
	if said {
		d.c.Item.Stock = stock
		d.says(fieldStock)
	}
}

// words writes a word for being there in one form: of "https://schema.org/InStock", "in_stock" and "In stock".
func words(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if i := strings.LastIndexByte(text, '/'); i >= 0 {
		text = text[i+1:]
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), " ")
}

// pieces reads a number of pieces; a part of one is none.
func pieces(text string) (int64, bool) {
	micros, err := money.ParseMicros(strings.TrimSpace(text))
	if err != nil {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		return n, err == nil
	}
	n := micros / money.Unit
	if micros < 0 && micros%money.Unit != 0 {
		n--
	}
	return n, true
}

// languages reads tags: one, several between commas, or a list.
func (d *draft) languages(v gjson.Result) {
	var tags []string
	add := func(text string) {
		for t := range strings.SplitSeq(text, ",") {
			if tag, err := language.Parse(strings.TrimSpace(t)); err == nil && len(tags) < mostLanguages && !slices.Contains(tags, tag.String()) {
				tags = append(tags, tag.String())
			}
		}
	}
	text, scalar := plain(v)
	if v.IsArray() {
		v.ForEach(func(_, v gjson.Result) bool {
			add(v.String())
			return true
		})
	} else if add(text); !scalar || len(tags) == 0 && strings.TrimSpace(text) != "" {
		return // nothing that can be read
	}
	d.c.Item.Languages = tags
	d.says("languages")
}

func (d *draft) adult(v gjson.Result) {
	text, ok := plain(v)
	if !ok {
		return
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "1":
		d.c.Item.Adult = true
	case "false", "no", "0", "":
	default:
		return
	}
	d.says("adult")
}

// moment reads a time: RFC 3339, a date, or Unix seconds or milliseconds.
func moment(field string, of func(*recommendationv1.Item) *int64) func(*draft, gjson.Result) {
	return func(d *draft, v gjson.Result) {
		text, ok := plain(v)
		if !ok {
			return
		}
		ms, ok := when(strings.TrimSpace(text))
		if !ok {
			return
		}
		*of(d.c.Item) = ms
		d.says(field)
	}
}

func when(text string) (int64, bool) {
	if text == "" {
		return 0, true
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		if n < 100_000_000_000 { // seconds until the year 5138
			n *= 1000
		}
		return n, n < 1<<53
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04-0700", "2006-01-02T15:04Z0700", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil && t.UnixMilli() > 0 {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}

// attributes reads an object of them; null takes all away.
func (d *draft) attributes(v gjson.Result) {
	if v.Type == gjson.Null {
		d.says(fieldAttributes)
		return
	}
	of := object(v)
	for _, name := range slices.Sorted(maps.Keys(of)) {
		d.attribute(name, of[name])
	}
}

// others makes attributes of the members that mean nothing else.
func (d *draft) others() {
	for _, name := range slices.Sorted(maps.Keys(d.members)) {
		if v := d.members[name]; !read[name] || name == "sku" && d.members.id() != number(v) {
			d.attribute(name, v)
		}
	}
	slices.Sort(d.c.Fields)
	d.c.Fields = slices.Compact(d.c.Fields)
}

// attribute takes a scalar, or a list of them between commas.
func (d *draft) attribute(name string, v gjson.Result) {
	if name = strings.TrimSpace(strings.ToValidUTF8(name, "\uFFFD")); name == "" || len(name) > mostKey {
		return
	}
	text, ok := plain(v)
	if v.IsArray() {
		var list []string
		v.ForEach(func(_, v gjson.Result) bool {
			if one, scalar := plain(v); scalar && strings.TrimSpace(one) != "" {
				list = append(list, strings.TrimSpace(one))
			}
			return true
		})
		text, ok = strings.Join(list, ", "), true
	}
	if !ok {
		return
	}
	setAttribute(d.c.Item, name, cut(text, mostValue))
	d.says(attributePrefix + name)
}
