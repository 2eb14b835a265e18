package scene

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// What a scene says, and the list that comes of ten items which one source proposes in their order. Categories are i % 5, brands i % 3, groups i / 2.
func TestWhatASceneDoes(t *testing.T) {
	popular := map[string]ask.Source{"popular": list{candidate.Popular, upTo(10)}}
	both := map[string]ask.Source{"popular": list{candidate.Popular, upTo(10)}, "taste": list{candidate.Taste, []int32{9, 8, 7}}}
	for what, test := range map[string]struct {
		body    string
		sources map[string]ask.Source
		ask     func(*ask.Ask)
		parts   Parts
		want    string
		missing string
	}{
		"the order of the source":              {body: "limit: 4\nsources: [{of: popular}]", want: "0 1 2 3"},
		"k is the request's":                   {body: "limit: 4\nsources: [{of: popular}]", parts: Parts{K: 2}, want: "0 1"},
		"of a million all there are":           {body: "limit: 4\nsources: [{of: popular}]", parts: Parts{K: 1_000_000}, want: "0 1 2 3 4 5 6 7 8 9", missing: "10 of 100 places: no more that may be shown"},
		"two sources by their weights":         {body: "limit: 4\nsources: [{of: popular}, {of: taste, weight: 3}]", sources: both, want: "9 8 7 0"},
		"no more than is to be taken":          {body: "limit: 4\nsources: [{of: popular, take: 1}, {of: taste, take: 2, weight: 3}]", sources: both, want: "9 8 0", missing: "3 of 4 places: no more that may be shown"},
		"blocked":                              {body: "limit: 3\nsources: [{of: popular}]\nblock: [i0, i2, nowhere]", want: "1 3 4"},
		"filter":                               {body: "limit: 3\nsources: [{of: popular}]\nfilter: 'brand == b1'", want: "1 4 7"},
		"both filters":                         {body: "limit: 3\nsources: [{of: popular}]\nfilter: 'brand == b1'", parts: Parts{Filter: brandIs("b2")}, want: "", missing: "0 of 3 places: no more that passes the request's filter and may be shown"},
		"a boost lifts":                        {body: "limit: 3\nsources: [{of: popular}]\nboost: [{when: 'brand == b2', by: 100}]", want: "2 5 8"},
		"a boost below 1 lowers":               {body: "limit: 3\nsources: [{of: popular}]\nboost: [{when: 'brand == b0', by: 0.01}]", want: "1 2 4"},
		"a cap by category":                    {body: "limit: 6\nsources: [{of: popular}]\ncaps: [{by: category, most: 1}]", want: "0 1 2 3 4", missing: "5 of 6 places: no more that may be shown"},
		"a cap by brand within a run":          {body: "limit: 5\nsources: [{of: taste}]\ncaps: [{by: brand, most: 1, in: 2}]", sources: map[string]ask.Source{"taste": list{candidate.Taste, []int32{0, 3, 6, 1, 4}}}, want: "0 1 3 4 6"},
		"one of a group":                       {body: "limit: 3\nsources: [{of: popular}]\ncaps: [{by: group_id, most: 1}]", want: "0 2 4"},
		"diversity by category":                {body: "limit: 3\nsources: [{of: taste}]\ndiversity: {lambda: 0.5, by: category}", sources: map[string]ask.Source{"taste": list{candidate.Taste, []int32{0, 5, 1, 2}}}, want: "0 1 2"},
		"lambda 1 is by score":                 {body: "limit: 3\nsources: [{of: taste}]\ndiversity: {lambda: 1, by: category}", sources: map[string]ask.Source{"taste": list{candidate.Taste, []int32{0, 5, 1, 2}}}, want: "0 5 1"},
		"a quota of a source":                  {body: "limit: 3\nsources: [{of: popular, weight: 100}, {of: taste}]\nquotas: [{source: taste, least: 1}]", sources: map[string]ask.Source{"popular": list{candidate.Popular, upTo(5)}, "taste": list{candidate.Taste, []int32{9}}}, want: "0 1 9"},
		"a quota by condition":                 {body: "limit: 3\nsources: [{of: popular}]\nquotas: [{when: 'brand == b2', least: 2}]", want: "0 2 5"},
		"a quota nobody fills":                 {body: "limit: 3\nsources: [{of: popular}]\nquotas: [{when: 'brand == none', least: 2}]", want: "0 1 2", missing: "quota brand == none: 0 of 2"},
		"pins":                                 {body: "limit: 4\nsources: [{of: popular}]\npin: [{item: i9, position: 2}, {item: i0, position: 4}]", want: "1 9 2 0"},
		"two pins for one place":               {body: "limit: 4\nsources: [{of: popular}]\npin: [{item: i9, position: 2}, {item: i8, position: 2}]", want: "0 9 8 1"},
		"a pin that is over":                   {body: "limit: 2\nsources: [{of: popular}]\npin: [{item: i9, position: 1, until: 2026-01-01}]", want: "0 1"},
		"a pin for others":                     {body: "limit: 2\nsources: [{of: popular}]\npin: [{item: i9, position: 1, segments: [vip]}]", want: "0 1"},
		"a pin for these":                      {body: "limit: 2\nsources: [{of: popular}]\npin: [{item: i9, position: 1, segments: [vip]}]", ask: func(a *ask.Ask) { a.Visitor.Segments = []string{"vip"} }, want: "9 0"},
		"a pin beyond a short list":            {body: "limit: 9\nsources: [{of: taste}]\npin: [{item: i0, position: 9}]", sources: map[string]ask.Source{"taste": list{candidate.Taste, []int32{3, 4}}}, want: "3 4 0", missing: "3 of 9 places: no more that may be shown"},
		"fallbacks in their order":             {body: "limit: 4\nsources: [{of: taste}]\nfallback: [trending, popular]", sources: both, want: "9 8 7 0", missing: "too few candidates: from place 4 on with popular"},
		"then the scene's own list":            {body: "limit: 4\nsources: [{of: taste}]\nfallback: [popular]\nlist: [i5, gone, i5, i6]", want: "5 6", sources: map[string]ask.Source{}, missing: "not there yet: taste; too few candidates: from place 1 on with listed; 2 of 4 places: no more that may be shown"},
		"what the page is about is not shown":  {body: "limit: 2\nsources: [{of: popular}]", ask: func(a *ask.Ask) { a.Context = []int32{0, 2} }, want: "1 3"},
		"dismissed":                            {body: "limit: 2\nsources: [{of: popular}]", ask: func(a *ask.Ask) { a.Visitor.Dismissed = []string{"i0", "nowhere"} }, want: "1 2"},
		"excluded":                             {body: "limit: 2\nsources: [{of: popular}]", parts: Parts{Exclude: []int32{0, 1}}, want: "2 3"},
		"what the ask skips":                   {body: "limit: 2\nsources: [{of: popular}]", ask: func(a *ask.Ask) { a.Skip = func(i int32) bool { return i < 4 } }, want: "4 5"},
		"bought is shown where nobody minds":   {body: "limit: 2\nsources: [{of: popular}]", ask: buys, want: "0 1"},
		"bought within the time":               {body: "limit: 2\nsources: [{of: popular}]\nhide_bought: {for: 11d}", ask: buys, want: "1 2"},
		"bought longer ago":                    {body: "limit: 2\nsources: [{of: popular}]\nhide_bought: {for: 10d}", ask: buys, want: "0 1"},
		"bought, by its category's time":       {body: "limit: 2\nsources: [{of: popular}]\nhide_bought: {for: 30d, categories: {'All > c0': 5d}}", ask: buys, want: "0 1"},
		"bought, by its own cycle":             {body: "limit: 2\nsources: [{of: popular}]\nhide_bought: {for: 5d, cycle: true}", ask: buys, parts: Parts{HideUntil: func(_ int32, at int64) int64 { return at + 20*dayMs }}, want: "1 2"},
		"bought, its own cycle is not known":   {body: "limit: 2\nsources: [{of: popular}]\nhide_bought: {for: 11d, cycle: true}", ask: buys, parts: Parts{HideUntil: func(int32, int64) int64 { return 0 }}, want: "1 2"},
		"bought: the whole group":              {body: "limit: 2\nsources: [{of: popular}]\nhide_bought: {for: 30d, by: group_id}", ask: buys, want: "2 3"},
		"bought: the whole category":           {body: "limit: 5\nsources: [{of: popular}]\nhide_bought: {for: 30d, by: category}", ask: buys, want: "1 2 3 4 6"},
		"looked at":                            {body: "limit: 2\nsources: [{of: popular}]\nhide_seen: {for: 3d}", ask: looks, want: "0 2"},
		"no source at all":                     {body: "limit: 2\nsources: [{of: rule}]", want: "", missing: "not there yet: rule; 0 of 2 places: no more that may be shown"},
		"a slot of exploration, nobody draws":  {body: "limit: 3\nsources: [{of: popular}]\nexplore: {slots: [2]}", want: "0 1 2"},
		"a slot of exploration":                {body: "limit: 3\nsources: [{of: popular}]\nexplore: {slots: [2]}", parts: Parts{Draw: only("i7")}, want: "0 7* 1"},
		"exploration looks no further":         {body: "limit: 3\nsources: [{of: popular}]\nexplore: {slots: [2], pool: 5}", parts: Parts{Draw: only("i7")}, want: "0 1* 2"},
		"a pin stands in a slot":               {body: "limit: 3\nsources: [{of: popular}]\nexplore: {slots: [2]}\npin: [{item: i5, position: 2}]", parts: Parts{Draw: only("i7")}, want: "0 5 1"},
		"without consent the trend alone":      {body: "limit: 3\nsources: [{of: session, weight: 9}, {of: popular}]\nwithout_consent: trend", sources: map[string]ask.Source{"session": visit{}, "popular": list{candidate.Popular, upTo(3)}}, ask: stranger, want: "0 1 2"},
		"without consent the session speaks":   {body: "limit: 3\nsources: [{of: session, weight: 9}, {of: popular}]", sources: map[string]ask.Source{"session": visit{}, "popular": list{candidate.Popular, upTo(3)}}, ask: stranger, want: "8 0 1"},
		"nobody is known":                      {body: "limit: 3\nsources: [{of: popular}]\nhide_bought: {for: 30d}\nhide_seen: {for: 3d}", ask: func(a *ask.Ask) { a.Visitor = nil }, want: "0 1 2"},
		"a careless source is not believed":    {body: "limit: 4\nsources: [{of: taste}]\nblock: [i0]", sources: map[string]ask.Source{"taste": careless{list{candidate.Taste, upTo(3)}}}, want: "1 2", missing: "2 of 4 places: no more that may be shown"},
		"content decides how alike two are":    {body: "limit: 3\nsources: [{of: popular}]\ndiversity: {lambda: 0.5, by: content}", parts: Parts{Similar: neighbours{}}, want: "0 2 4"},
		"content without anybody who compares": {body: "limit: 3\nsources: [{of: popular}]\ndiversity: {lambda: 0.5, by: content}", want: "0 1 2"},
	} {
		t.Run(what, func(t *testing.T) {
			a := question(shop(10, nil))
			if test.ask != nil {
				test.ask(a)
			}
			if test.sources == nil {
				test.sources = popular
			}
			test.parts.Source = sources(test.sources)
			got := of(t, test.body).Answer(a, test.parts)
			if d := gocmp.Diff(test.want, ids(got)); d != "" {
				t.Error(d)
			}
			if d := gocmp.Diff(test.missing, strings.Join(got.Missing, "; ")); d != "" {
				t.Error(d)
			}
		})
	}
}

func buys(a *ask.Ask) { a.Visitor.Touches = []visitor.Touch{bought("i0", 10), bought("nowhere", 1)} }

func looks(a *ask.Ask) {
	a.Visitor.Touches = []visitor.Touch{
		{Item: "i0", Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW, AtMs: now - 4*dayMs}, {Item: "i1", Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW, AtMs: now - 2*dayMs},
	}
}

func stranger(a *ask.Ask) { a.Visitor.Personal, a.Session = false, []int32{7} }

// visit proposes what comes behind the last of the session.
type visit struct{}

func (visit) Candidates(dst []candidate.Candidate, a *ask.Ask, _ int) []candidate.Candidate {
	if len(a.Session) == 0 {
		return dst
	}
	return append(dst, candidate.Candidate{Item: a.Session[len(a.Session)-1] + 1, Score: 1, Reason: candidate.Reason{Kind: candidate.Session, Because: a.Session[0]}})
}

// only chooses one item where it is there, else the first.
type only string

func (o only) Draw(_ arms.Slot, items []arms.Item, _ rand.Source) int {
	return max(slices.IndexFunc(items, func(i arms.Item) bool { return i.ID == string(o) }), 0)
}

// neighbours are alike where their numbers follow each other.
type neighbours struct{}

func (neighbours) Similar(a, b int32) float64 {
	if a-b == 1 || b-a == 1 {
		return 1
	}
	return 0
}

// Why an item may not be shown.
func TestWhyAnItemIsNotShown(t *testing.T) {
	shelf := shop(4, func(i int, item *recommendationv1.Item) {
		switch i {
		case 1:
			item.Adult = true
		case 2:
			item.Languages = []string{"zh-CN", "fr"}
		}
	})
	shelf.Ensure("numbered")
	plan := of(t, "limit: 3\nsources: [{of: popular}]\nlanguages: [en-GB, zh]")
	other := of(t, "limit: 3\nsources: [{of: popular}]\nlanguages: [en]\nadult: true")
	for _, test := range []struct {
		plan *Plan
		item int32
		want Why
	}{{plan, 0, Allowed}, {plan, 1, ForAdults}, {other, 1, Allowed}, {plan, 2, Allowed}, {other, 2, OtherLanguage}, {plan, 4, Unknown}, {plan, 5, Unknown}, {plan, -1, Unknown}} {
		a := question(shelf)
		if got := test.plan.Explain(a, Parts{}, test.item); got.Why != test.want {
			t.Errorf("item %d: %v, want %v", test.item, got.Why, test.want)
		}
	}
}

// A filter that leaves nothing of a large catalogue is not asked of all of it.
func TestALargeCatalogueIsNotLookedThrough(t *testing.T) {
	n := budget + 1000
	shelf := shop(n, nil)
	asked := 0
	parts := Parts{Source: sources(map[string]ask.Source{"popular": list{candidate.Popular, upTo(n)}}), Filter: counting{&asked}}
	got := of(t, "limit: 3\nsources: [{of: popular}]\nfallback: [popular]").Answer(question(shelf), parts)
	if len(got.Entries) != 0 || asked != budget || !slices.ContainsFunc(got.Missing, func(s string) bool { return strings.Contains(s, "100000 items were looked at") }) {
		t.Errorf("%d entries, %d asked, %q", len(got.Entries), asked, got.Missing)
	}
}

// counting counts how often it is asked, and lets nothing through.
type counting struct{ n *int }

func (c counting) Match(*catalogue.Item, int64) bool {
	*c.n++
	return false
}
