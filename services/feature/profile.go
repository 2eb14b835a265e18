package feature

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// levels are the levels of features, in the order in which a profile has them.
var levels = []string{"basic", "behaviour", "preference", "value", "service"}

// GetProfile reads everything that is known of one customer.
func (g server) GetProfile(ctx context.Context, req *featurev1.GetProfileRequest) (*featurev1.GetProfileResponse, error) {
	workspace := customer.Workspace(req.GetWorkspace())
	who, err := g.s.deps.Identity.GetCustomer(ctx, &identityv1.GetCustomerRequest{Id: req.GetId(), Workspace: workspace})
	if err != nil {
		return nil, err
	}
	a, err := g.s.live(ctx, workspace, who.GetCustomer().GetCustomerId())
	if err != nil {
		return nil, toStatus(err)
	}
	out := &featurev1.GetProfileResponse{Customer: who.GetCustomer(), AsOfMs: a.asOfMs, Version: a.version}
	if !req.GetReveal() {
		for _, id := range out.GetCustomer().GetIdentifiers() {
			id.Identifier.Value = masked(id.GetIdentifier().GetValue())
		}
	}
	g.s.book.traitsInto(out, a, req.GetReveal())
	g.s.book.tagsInto(out, a)
	g.s.book.levelsInto(out, a, req.GetReveal())
	return out, nil
}

// masked keeps the first and the last character, and of an e-mail the domain.
func masked(text string) string {
	name, domain, mail := strings.Cut(text, "@")
	if mail {
		domain = "@" + domain
	}
	if utf8.RuneCountInString(name) < 3 {
		return "***" + domain
	}
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	return string(first) + "***" + string(last) + domain
}

// traitsInto lists what the customer told, by name.
func (b *book) traitsInto(out *featurev1.GetProfileResponse, a *answer, reveal bool) {
	at := b.traits()
	if at < 0 {
		return
	}
	for _, e := range a.values[at].List {
		t := &featurev1.Trait{Name: e.Key, Value: e.Text, Source: e.Source, ToldMs: e.Int}
		if !reveal && catalog.PersonalTrait(e.Key) {
			t.Value, t.Masked = masked(e.Text), true
		}
		out.Traits = append(out.Traits, t)
	}
	slices.SortFunc(out.Traits, func(x, y *featurev1.Trait) int { return strings.Compare(x.GetName(), y.GetName()) })
}

// tagsInto lists the tags that hold, by level and name.
func (b *book) tagsInto(out *featurev1.GetProfileResponse, a *answer) {
	for i := range b.catalog.Tags {
		t := &b.catalog.Tags[i]
		if v := a.values[t.Position]; v.Present {
			out.Tags = append(out.Tags, &featurev1.ProfileTag{Name: t.Name, Description: t.Description, Level: t.Level, Value: b.tag(a, i, v)})
		}
	}
	slices.SortStableFunc(out.Tags, func(x, y *featurev1.ProfileTag) int {
		return cmp.Or(cmp.Compare(slices.Index(levels, x.GetLevel()), slices.Index(levels, y.GetLevel())), strings.Compare(x.GetName(), y.GetName()))
	})
}

// levelsInto lists the features that have a value by level, and counts those without a window that have one.
func (b *book) levelsInto(out *featurev1.GetProfileResponse, a *answer, reveal bool) {
	out.Completeness = &featurev1.Completeness{}
	known, all := 0, 0
	for _, level := range levels {
		l := &featurev1.ProfileLevel{Level: level, Values: map[string]*featurev1.FeatureValue{}}
		for i := range b.catalog.Features {
			f := &b.catalog.Features[i]
			if f.Level != level || f.Name == rule.Traits {
				continue
			}
			has := a.values[i].Present
			if has {
				l.Values[f.Name] = ValueOf(f, a.values[i])
				if f.Sensitivity != "none" && !reveal {
					l.Values[f.Name] = &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Text{Text: "***"}}
				}
			}
			if f.Window.Name != "" {
				continue
			}
			if all++; has {
				known++
			} else {
				out.Completeness.Missing = append(out.Completeness.Missing, f.Name)
			}
		}
		out.Levels = append(out.Levels, l)
	}
	if all > 0 {
		out.Completeness.Percent = int32(100 * known / all)
	}
}
