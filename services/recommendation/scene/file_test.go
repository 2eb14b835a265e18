package scene

import (
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestTheShippedScenes(t *testing.T) {
	set, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff([]string{"home", "product", "cart", "after_purchase", "win_back", "no_results", "feed"}, set.Names()); d != "" {
		t.Error(d)
	}
	for _, s := range set.Scenes { // what a scene says of itself is a file that gives the same scene
		again, err := Parse(nil, []byte("scenes:\n  - "+strings.ReplaceAll(strings.TrimSpace(s.YAML), "\n", "\n    ")), nil)
		if err != nil {
			t.Errorf("%s: %v in\n%s", s.Name, err, s.YAML)
		} else if d := gocmp.Diff(s.YAML, again.Get(s.Name).YAML); d != "" {
			t.Error(d)
		}
	}
}

// A workspace's own file replaces in place, adds behind, and takes away.
func TestLaidOver(t *testing.T) {
	set, err := Parse(shipped, []byte(`
scenes:
  - {name: search, description: Mine., limit: 3, fallback: [popular]}
  - {name: cart, description: My cart., limit: 5, sources: [{of: rule}]}
remove: [feed, win_back]
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff([]string{"home", "product", "cart", "after_purchase", "no_results", "search"}, set.Names()); d != "" {
		t.Error(d)
	}
	if c := set.Get("cart"); c.Description != "My cart." || c.Base().Limit != 5 || len(c.Base().Sources) != 1 {
		t.Errorf("%+v", c)
	}
	if set.Get("feed") != nil {
		t.Error("what was taken away is there")
	}
}

func TestFaultsAreToldAtOnce(t *testing.T) {
	_, err := Parse(shipped, []byte(`
scenes:
  - name: Bad Name
    limit: 101
    sources: [{of: magic}, {of: pinned, take: 2000, weight: -1}]
    filter: what
    hide_bought: {by: colour}
    languages: [not a language]
    caps: [{by: colour, most: 0}, {by: brand, most: 3, in: 3}]
    quotas: [{source: taste, when: x, least: 1}, {source: nobody, least: 0}]
    pin: [{item: "", position: 0}, {item: a, position: 1, from: 2026-02-02, until: 2026-01-01}]
    boost: [{when: "brand == x", by: 0}]
    diversity: {lambda: 2, by: colour}
    explore: {slots: [], by: luck, pool: 5000}
    fallback: [listed]
    without_consent: whatever
  - name: twice
    description: One.
    limit: 2
    quotas: [{source: taste, least: 3}]
    sources: [{of: taste}]
  - {name: twice, description: Two., limit: 2}
  - name: tested
    description: With variants.
    limit: 2
    sources: [{of: taste}]
    variants: [{name: a, share: 0}, {name: a, share: 1, with: {limit: 0}}]
    when: [{with: {limit: 3}}, {hours: 18-24, with: {limit: 1000}}]
remove: [nothing]
`), parseBrand)
	if err == nil {
		t.Fatal("all is well")
	}
	for _, want := range []string{
		`name: "Bad Name" is no lower snake case`, `"Bad Name": description: must be set`, `limit: must be set, from 1 to 100`, `sources[0]: of: "magic" is no source; there are popular, again, session`,
		`sources[1]: of: "pinned" is no source`, `sources[1]: take: 2000 is not within 1 and 1000`, `sources[1]: weight: -1 is not above 0`, `filter: no condition over a brand`,
		`hide_bought: give for, cycle or categories`, `hide_bought.by: "colour" is not item, group_id, category`, `languages[0]: "not a language" is no language`,
		`caps[0]: by: "colour" is not category, brand, group_id`, `caps[0]: most: must be 1 or more`, `caps[1]: most: must be 1 or more, and less than in`,
		`quotas[0]: give either source or when`, `quotas[1]: source: "nobody" is no source`, `quotas[1]: least: must be 1 or more`,
		`pin[0]: item: name an item`, `pin[0]: position: 0 is not within 1 and 100`, `pin[1]: until: must be later than from`, `boost[0]: by: 0 is not above 0`,
		`diversity.lambda: 2 is not within 0 and 1`, `diversity.by: "colour"`, `explore.slots: give places`, `explore.by: "luck" is not thompson`, `explore.pool: 5000`,
		`fallback[0]: "listed" is no source`, `without_consent: "whatever" is not session or trend`,
		`quotas: they ask for 3 places of 2`, `there are two scenes called "twice"`, `sources: there is nothing to show`,
		`variants[0] "a": share: 0 is not above 0`, `variants[1] "a": name: must be`, `variants[1] "a": limit: must be set`, `one must be called control`,
		`when[0]: give segments, from, until or hours`, `when[1].with: limit: must be set, from 1 to 100`, `remove[0]: no shipped scene is called "nothing"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s\n", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestWhatIsNoFile(t *testing.T) {
	for text, want := range map[string]string{
		"scenes: [{nam: x}]":                                             `line 1: unknown key "nam"`,
		"scenes: [{name: x, hide_seen: {for: 3}}]":                       `line 1: "3" is no number of days from 1 to 3650: write 30d`,
		"scenes: [{name: x, pin: [{item: a, position: 1, from: soon}]}]": `"soon" is no date: write 2026-11-28`,
		"scenes: [{name: x, when: [{hours: 25-3, with: {}}]}]":           `"25-3" are no hours of a day`,
		"scenes: 5": "line 1",
	} {
		if _, err := Parse(shipped, []byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := Load("/nowhere/scenes.yaml", nil); err == nil || !strings.Contains(err.Error(), "read the scenes") {
		t.Errorf("no file: %v", err)
	}
}

// A variant's words are laid over the scene's, and those of the first override that holds over both.
func TestPlans(t *testing.T) {
	s := sceneOf(t, `
limit: 10
sources: [{of: popular}]
block: [a]
variants:
  - {name: control, share: 50}
  - {name: bold, share: 50, with: {limit: 20, block: []}}
when:
  - {segments: [vip, staff], hours: 22-6, with: {limit: 3}}
  - {from: 2026-12-01, until: 2026-12-27T00:00:00+01:00, with: {block: [b]}}
`)
	at := func(text string) int64 {
		x, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return x.UnixMilli()
	}
	for _, test := range []struct {
		variant  int
		segments []string
		at       string
		limit    int
		block    []string
	}{
		{-1, nil, "2026-11-28T23:00:00Z", 10, []string{"a"}},
		{1, nil, "2026-11-28T23:00:00Z", 20, []string{}},
		{0, []string{"new", "staff"}, "2026-11-28T23:00:00Z", 3, []string{"a"}},
		{0, []string{"staff"}, "2026-11-28T06:00:00Z", 10, []string{"a"}},
		{0, []string{"staff"}, "2026-11-28T05:59:59Z", 3, []string{"a"}},
		{1, []string{"vip"}, "2026-12-02T00:00:00Z", 3, []string{}},
		{1, nil, "2026-12-01T00:00:00Z", 20, []string{"b"}},
		{1, nil, "2026-12-26T23:00:00Z", 20, []string{}},
	} {
		p := s.Plan(test.variant, test.segments, at(test.at))
		if p.Limit != test.limit || !slices.Equal(p.block, test.block) {
			t.Errorf("%+v: limit %d, block %v", test, p.Limit, p.block)
		}
	}
	if v := s.Plan(1, nil, 0).Variant; v != "bold" {
		t.Errorf("variant %q", v)
	}
}
