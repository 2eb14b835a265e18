package rule

import (
	"fmt"
	"slices"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
)

// celOracle evaluates a condition with CEL's own interpreter, over variables that hold
// doubles: nothing of this package takes part. Everything the condition names has happened.
func celOracle(t *rapid.T, when string, fs facts, at int64) bool {
	_, held := fs.ints["churn_holdout"]
	vars := map[string]any{"traits": map[string]string{"level": fs.lists[Traits][0].Text},
		"categories": map[string]float64{"A": float64(fs.lists["categories"][0].Int) / 1e6}, "churn_holdout": held}
	for name, text := range fs.texts {
		vars[name] = text
	}
	all := fields()
	for name, x := range fs.ints {
		switch f := all[name]; f.Kind {
		case catalog.KindCount:
			vars[name] = float64(x)
		case catalog.KindDecimal:
			vars[name] = float64(x) / 1e6
		case catalog.KindDuration:
			vars[name] = float64(x) / dayMs
		case catalog.KindAge:
			vars[name] = float64(at-x) / dayMs
		case catalog.KindTag:
			vars[name], vars["days_since_"+name] = true, float64(at-x)/dayMs
		default:
			vars["days_since_"+name], vars["hours_since_"+name] = float64(at-x)/dayMs, float64(at-x)/hourMs
		}
	}
	seen := fs.lists[LastEvents][0].Int
	since := func(unit float64) cel.FunctionOpt {
		return cel.Overload(fmt.Sprint("since", unit), []*cel.Type{cel.StringType}, cel.DynType, cel.UnaryBinding(func(ref.Val) ref.Val {
			return types.Double(float64(at-seen) / unit)
		}))
	}
	opts := []cel.EnvOption{
		cel.Function("days_since_event", since(dayMs)), cel.Function("hours_since_event", since(hourMs)),
		cel.Function("ever", cel.Overload("ever", []*cel.Type{cel.StringType}, cel.BoolType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			return types.Bool(v.(types.String) == "A")
		}))),
	}
	for name := range vars {
		opts = append(opts, cel.Variable(name, cel.DynType))
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		t.Fatal(err)
	}
	parsed, iss := env.Compile(when)
	if iss.Err() != nil {
		t.Fatalf("%s: %v", when, iss.Err())
	}
	prog, err := env.Program(parsed)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := prog.Eval(vars)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	return out == types.True
}

// numbers are what a condition may compare with numbers; those in the second list are elapsed times, which equal nothing.
func numbers() (plain, elapsed []string) {
	all := fields()
	for _, name := range shop.Names() {
		switch all[name].Kind {
		case catalog.KindCount, catalog.KindDecimal, catalog.KindDuration:
			plain = append(plain, name)
			if _, score := shop.second.Position(name); score { // as likely as all windows together
				plain = append(plain, slices.Repeat([]string{name}, 20)...)
			}
		case catalog.KindTag:
			if name != "churn_holdout" { // which may be absent
				elapsed = append(elapsed, "days_since_"+name)
			}
		case catalog.KindMoment:
			elapsed = append(elapsed, "days_since_"+name, "hours_since_"+name)
		case catalog.KindAge:
			elapsed = append(elapsed, name)
		}
	}
	return append(plain, `categories["A"]`), append(elapsed, `days_since_event("A")`, `hours_since_event("A")`)
}

// condition draws a random condition.
func condition(t *rapid.T, depth int) string {
	if depth > 0 && rapid.IntRange(0, 2).Draw(t, "shape") > 0 {
		a, b := condition(t, depth-1), condition(t, depth-1)
		return rapid.SampledFrom([]string{"(" + a + " && " + b + ")", "(" + a + " || " + b + ")", "!(" + a + ")"}).Draw(t, "join")
	}
	text := rapid.SampledFrom([]string{"plan", "traits.level", "churn_risk_90d_band"})
	switch rapid.IntRange(0, 7).Draw(t, "form") {
	case 0:
		return rapid.SampledFrom([]string{`ever("A")`, `ever("B")`, "bargain_hunter", "warning_frequency_halved", "churn_holdout", `"A" in categories`, `"B" in categories`}).Draw(t, "alone")
	case 1:
		return text.Draw(t, "text") + rapid.SampledFrom([]string{` == "a"`, ` != "a"`, ` in ["a", "ab"]`, `.startsWith("a")`, `.endsWith("b")`, `.contains("b")`}).Draw(t, "op")
	}
	plain, elapsed := numbers()
	ops := []string{"<", "<=", ">", ">=", "==", "!="}
	name := rapid.SampledFrom(plain)
	if rapid.Bool().Draw(t, "elapsed") {
		name, ops = rapid.SampledFrom(elapsed), ops[:4]
	}
	o, constant := rapid.SampledFrom(ops).Draw(t, "op"), fmt.Sprint(rapid.IntRange(-1, 4).Draw(t, "constant"))
	if rapid.Bool().Draw(t, "mirrored") {
		return constant + " " + o + " " + name.Draw(t, "name")
	}
	return name.Draw(t, "name") + " " + o + " " + constant
}

// features draws facts in which everything has happened, with values near the constants.
func features(t *rapid.T) facts {
	n := func(what string) int64 { return rapid.Int64Range(0, 4).Draw(t, what) }
	ago := func(what string) int64 { return now - n(what)*hourMs - n("days")*dayMs - n("ms") }
	word := rapid.SampledFrom([]string{"", "a", "b", "ab"})
	f := facts{ints: map[string]int64{}, texts: map[string]string{"plan": word.Draw(t, "plan"), "churn_risk_90d_band": word.Draw(t, "band")},
		lists: map[string][]catalog.Entry{LastEvents: {{Key: "A", Int: ago("A")}}, "categories": {{Key: "A", Int: n("share") * million / 2}},
			Traits: {{Key: "level", Text: word.Draw(t, "level")}}}}
	all := fields()
	for _, name := range shop.Names() {
		switch all[name].Kind {
		case catalog.KindCount:
			f.ints[name] = n(name)
		case catalog.KindDecimal:
			f.ints[name] = n(name) * million / 4
		case catalog.KindDuration:
			f.ints[name] = n(name) * dayMs
		case catalog.KindMoment, catalog.KindAge, catalog.KindTag:
			f.ints[name] = ago(name)
		}
	}
	if rapid.Bool().Draw(t, "not held out") {
		delete(f.ints, "churn_holdout")
	}
	return f
}

// TestAgainstCEL: the compiled tree answers what CEL's interpreter answers, now and on
// both sides of every flip, and between two flips it never changes.
func TestAgainstCEL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		when, fs := condition(t, 3), features(t)
		s := NewSet(shop)
		if faults := s.Add(Rule{When: when}); len(faults) > 0 {
			t.Fatalf("%s: %v", when, faults)
		}
		var f Facts = fs.pair()
		at := now
		for range 5 {
			if got, want := s.Look(f, nil).Match(at)[0], celOracle(t, when, fs, at); got != want {
				t.Fatalf("%s at now%+d: %v, CEL says %v", when, at-now, got, want)
			}
			flip, ok := s.Look(f, nil).NextFlip(0, at)
			if !ok {
				flip = at + 10*dayMs
			}
			if between := rapid.Int64Range(at, flip-1).Draw(t, "between"); celOracle(t, when, fs, between) != s.Look(f, nil).Match(at)[0] {
				t.Fatalf("%s: changed at or before now%+d, the flip was to be at now%+d", when, between-now, flip-now)
			}
			if !ok {
				return
			}
			if celOracle(t, when, fs, flip) == s.Look(f, nil).Match(at)[0] {
				t.Fatalf("%s: no change at its flip now%+d", when, flip-now)
			}
			at = flip
		}
	})
}
