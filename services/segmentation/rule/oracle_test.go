package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"pgregory.net/rapid"
)

// celOracle evaluates a condition with CEL's own interpreter, over variables that hold
// doubles: nothing of this package takes part. Everything the condition names has happened.
func celOracle(t *rapid.T, when string, fs *featurev1.FeatureSet, at int64) bool {
	vars := map[string]any{}
	for _, w := range fs.Windows {
		for name, v := range map[string]float64{
			"events": float64(w.Events), "orders": float64(w.Orders), "quantity": float64(w.QuantityMicros) / 1e6, "spend": float64(w.SpendMicros) / 1e6,
			"refunds": float64(w.Refunds), "refund": float64(w.RefundMicros) / 1e6, "average_basket": float64(w.AverageBasketMicros) / 1e6,
		} {
			vars[name+"_"+w.Window] = v
		}
	}
	for name, ms := range map[string]int64{"first_seen": fs.FirstSeenMs, "last_seen": fs.LastSeenMs, "first_order": fs.FirstOrderMs, "last_order": fs.LastOrderMs} {
		vars["days_since_"+name], vars["hours_since_"+name] = float64(at-ms)/86400e3, float64(at-ms)/3600e3
	}
	since := func(unit float64) cel.FunctionOpt {
		return cel.Overload(fmt.Sprint("since", unit), []*cel.Type{cel.StringType}, cel.DynType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			return types.Double(float64(at-fs.LastEventMs[string(v.(types.String))]) / unit)
		}))
	}
	opts := []cel.EnvOption{
		cel.Function("days_since_event", since(86400e3)), cel.Function("hours_since_event", since(3600e3)),
		cel.Function("ever", cel.Overload("ever", []*cel.Type{cel.StringType}, cel.BoolType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			return types.Bool(fs.LastEventMs[string(v.(types.String))] != 0)
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

// condition draws a random condition of the supported part.
func condition(t *rapid.T, depth int) string {
	if depth > 0 && rapid.IntRange(0, 2).Draw(t, "shape") > 0 {
		a, b := condition(t, depth-1), condition(t, depth-1)
		return rapid.SampledFrom([]string{"(" + a + " && " + b + ")", "(" + a + " || " + b + ")", "!(" + a + ")"}).Draw(t, "join")
	}
	variables, functions := Names()
	name := rapid.SampledFrom(append(variables, functions...)).Draw(t, "name")
	constant := fmt.Sprint(rapid.IntRange(-1, 4).Draw(t, "constant"))
	if slices.Contains(functions, name) {
		name += `("A")`
	}
	if strings.HasPrefix(name, "ever") {
		return name
	}
	ops := []string{"<", "<=", ">", ">="}
	if !strings.Contains(name, "_since_") {
		ops = append(ops, "==", "!=")
	}
	o := rapid.SampledFrom(ops).Draw(t, "op")
	if rapid.Bool().Draw(t, "mirrored") {
		return constant + " " + o + " " + name
	}
	return name + " " + o + " " + constant
}

// features draws a set in which everything has happened, with values near the constants.
func features(t *rapid.T) *featurev1.FeatureSet {
	n := func(what string) int64 { return rapid.Int64Range(0, 4).Draw(t, what) }
	ago := func(what string) int64 {
		return now - rapid.Int64Range(0, 4).Draw(t, what)*hourMs - n("days")*dayMs - n("ms")
	}
	fs := &featurev1.FeatureSet{FirstSeenMs: ago("fs"), LastSeenMs: ago("ls"), FirstOrderMs: ago("fo"), LastOrderMs: ago("lo"),
		LastEventMs: map[string]int64{"A": ago("A")}}
	for _, w := range windowNames {
		fs.Windows = append(fs.Windows, &featurev1.WindowFeatures{Window: w, Events: n("e"), Orders: n("o"), QuantityMicros: n("q") * 250_000,
			SpendMicros: n("s") * micros, Refunds: n("r"), RefundMicros: n("m") * micros, AverageBasketMicros: n("b") * micros})
	}
	return fs
}

// TestAgainstCEL: the compiled tree answers what CEL's interpreter answers, now and on
// both sides of every flip, and between two flips it never changes.
func TestAgainstCEL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		when, fs := condition(t, 3), features(t)
		s := &Set{}
		if faults := s.add(Rule{When: when}); len(faults) > 0 {
			t.Fatalf("%s: %v", when, faults)
		}
		f, at := NewFacts(fs), now
		for range 5 {
			if got, want := s.Match(f, at)[0], celOracle(t, when, fs, at); got != want {
				t.Fatalf("%s at now%+d: %v, CEL says %v", when, at-now, got, want)
			}
			flip, ok := s.NextFlip(0, f, at)
			if !ok {
				flip = at + 10*dayMs
			}
			if between := rapid.Int64Range(at, flip-1).Draw(t, "between"); celOracle(t, when, fs, between) != s.Match(f, at)[0] {
				t.Fatalf("%s: changed at or before now%+d, the flip was to be at now%+d", when, between-now, flip-now)
			}
			if !ok {
				return
			}
			if celOracle(t, when, fs, flip) == s.Match(f, at)[0] {
				t.Fatalf("%s: no change at its flip now%+d", when, flip-now)
			}
			at = flip
		}
	})
}
