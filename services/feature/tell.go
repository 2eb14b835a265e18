package feature

import (
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/money"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// known refuses names that the catalogue does not have.
func (b *book) known(names []string) error {
	for _, n := range names {
		if _, ok := b.catalog.Layout().Position(n); !ok {
			return fmt.Errorf("names: the catalogue has no feature or tag %q; GET /v1/features and /v1/tags list all", n)
		}
	}
	return nil
}

// tell writes an answer: the features and tags that were asked for, or all that have a value.
func (b *book) tell(a *answer, names []string) *featurev1.GetFeaturesResponse {
	out := &featurev1.GetFeaturesResponse{
		CustomerId: a.id, Workspace: a.workspace, Version: a.version, AsOfMs: a.asOfMs, Schema: b.catalog.Layout().Fingerprint,
		Values: map[string]*featurev1.FeatureValue{}, Tags: map[string]*featurev1.TagValue{},
	}
	for i := range b.catalog.Features {
		f := &b.catalog.Features[i]
		asked := slices.Contains(names, f.Name)
		if asked || len(names) == 0 && a.values[i].Present {
			out.Values[f.Name] = ValueOf(f, a.values[i])
		}
	}
	out.Filling = b.filling(a.record, names)
	for i := range b.catalog.Tags {
		t := &b.catalog.Tags[i]
		if v := a.values[t.Position]; v.Present && (len(names) == 0 || slices.Contains(names, t.Name)) {
			out.Tags[t.Name] = b.tag(a, i, v)
		}
	}
	return out
}

// tag says since when a tag holds, and why.
func (b *book) tag(a *answer, i int, v catalog.Value) *featurev1.TagValue {
	return &featurev1.TagValue{SinceMs: v.Int, Because: b.tags.Because(i, b.row(a.record, a.values), a.asOfMs)}
}

// ValueOf writes a feature's value as the API does; an absent one is empty.
func ValueOf(f *catalog.Feature, v catalog.Value) *featurev1.FeatureValue {
	return valueOf(f.Kind, f.EntryKind, v)
}

// valueOf writes a value; an absent one is empty.
func valueOf(k, entry catalog.Kind, v catalog.Value) *featurev1.FeatureValue {
	if !v.Present {
		return &featurev1.FeatureValue{}
	}
	switch k {
	case catalog.KindCount:
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: v.Int}}
	case catalog.KindDecimal:
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Decimal{Decimal: money.FormatQuantity(v.Int)}}
	case catalog.KindDuration:
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_DurationMs{DurationMs: v.Int}}
	case catalog.KindText:
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Text{Text: v.Text}}
	case catalog.KindList:
		list := &featurev1.FeatureList{}
		for _, e := range v.List {
			list.Entries = append(list.Entries, &featurev1.FeatureEntry{
				Key: e.Key, Value: valueOf(entry, 0, catalog.Value{Present: true, Int: e.Int, Text: e.Text}), Source: e.Source,
			})
		}
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_List{List: list}}
	default:
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_MomentMs{MomentMs: v.Int}}
	}
}
