package feature

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/catalogtest"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// asTold is a value as an answer tells it; of a list without what its parts do not tell.
func asTold(f *catalog.Feature, v catalog.Value) *featurev1.FeatureValue {
	told := ValueOf(f, v)
	for _, x := range told.GetList().GetEntries() {
		x.Source = ""
	}
	return told
}

// checkParts says where a value is another than its explanation's parts come to.
func checkParts(t *rapid.T, e *evidence) {
	for i := range e.book.catalog.Features {
		f := &e.book.catalog.Features[i]
		out := e.feature(f)
		v, err := rebuilt(f, out)
		if err != nil {
			t.Fatalf("%s, %s: %v", f.Name, f.Formula(), err)
		}
		if d := cmp.Diff(asTold(f, e.values[i]), asTold(f, v), protocmp.Transform()); d != "" {
			t.Fatalf("%s, %s over %q (-value +parts):\n%s\n%v", f.Name, f.Formula(), f.Window.Name, d, out)
		}
		if e.values[i].Present == (out.GetAbsent() != "") {
			t.Fatalf("%s is %v, and absent: %q", f.Name, out.GetValue(), out.GetAbsent())
		}
	}
}

// The value of every feature can be made again of nothing but what its explanation tells: of the shipped catalogue, and of drawn ones.
func TestPartsComeToTheValue(t *testing.T) {
	t.Run("shipped", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) { checkParts(t, drawEvidence(t, shipped.catalog, countedEvent)) })
	})
	t.Run("drawn", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) { checkParts(t, drawEvidence(t, catalogtest.Random(t), catalogtest.Event)) })
	})
}

// The shipped catalogue and the drawn ones have every aggregate between them, so that none is left out above.
func TestEveryAggregateIsExplained(t *testing.T) {
	met := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		for _, c := range []*catalog.Catalog{shipped.catalog, catalogtest.Random(t)} {
			for i := range c.Features {
				met[c.Features[i].Aggregate] = true
			}
		}
	})
	for _, a := range slices.Sorted(maps.Keys(catalog.Aggregates())) {
		if !met[a] {
			t.Errorf("no feature is a %s", a)
		}
	}
}

// Until the moment that an explanation names, and for ever where it names none, the value is what it is.
func TestNothingChangesBeforeItIsSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvidence(t, shipped.catalog, countedEvent)
		for i := range e.book.catalog.Features {
			f := &e.book.catalog.Features[i]
			next := e.changes(f)
			at := e.asOfMs + 1000*86_400_000
			if next != 0 {
				if at = next - 1; at < e.asOfMs {
					t.Fatalf("%s changes at %d, before now %d", f.Name, next, e.asOfMs)
				}
			}
			later := evidenceOf(e.book, e.state, at)
			if d := cmp.Diff(e.values[i], later.values[i]); d != "" {
				t.Fatalf("%s, %s over %q has changed %d ms before it is to (-now +then):\n%s", f.Name, f.Formula(), f.Window.Name, next-at, d)
			}
		}
	})
}

// Personal features are not told without the right: neither the value nor what it is made of, nor by way of a tag.
func TestPersonalFeaturesAreNotExplained(t *testing.T) {
	b := bookOf(`
features:
  - {name: age, description: Age., level: basic, sensitivity: personal, aggregate: last_number, value: traits.age, where: type == "identify"}
  - {name: seen, description: Seen., level: basic, aggregate: count}
tags:
  - {name: grown_up, description: Grown up., level: basic, when: age >= 18 && seen > 0}
`)
	e := evidenceOf(b, stateOf(t, b, `{"age":42}`), epochMs)
	all := e.feature(b.catalog.Feature("age"))
	if all.GetValue().GetDecimal() != "42" || len(all.GetParts()) != 1 {
		t.Fatalf("with the right: %v", all)
	}
	if why := e.tag(b.catalog.Tag("grown_up")).GetTagValue().GetBecause(); len(why) != 2 || !strings.Contains(why[0], "is 42") {
		t.Fatalf("with the right: %v", why)
	}
	e.reveal = false
	for _, out := range []*featurev1.ExplainFeatureResponse{e.feature(b.catalog.Feature("age")), e.tag(b.catalog.Tag("grown_up"))} {
		if text := out.String(); strings.Contains(text, "42") || !strings.Contains(text, "left out because it is personal") {
			t.Errorf("without the right: %s", text)
		}
	}
}
