package feature

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// steps are the integer steps of a number of an answer.
func steps(v *featurev1.FeatureValue) int64 {
	switch x := v.GetValue().(type) {
	case *featurev1.FeatureValue_Count:
		return x.Count
	case *featurev1.FeatureValue_Decimal:
		r, ok := new(big.Rat).SetString(x.Decimal)
		if !ok {
			panic(x.Decimal)
		}
		return r.Mul(r, big.NewRat(1_000_000, 1)).Num().Int64()
	case *featurev1.FeatureValue_MomentMs:
		return x.MomentMs
	case *featurev1.FeatureValue_DurationMs:
		return x.DurationMs
	case nil:
		return 0
	}
	panic(fmt.Sprint(v))
}

// toward divides toward zero.
func toward(a, by, b int64) int64 {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(by))
	return n.Quo(n, big.NewInt(b)).Int64()
}

// oldestFirst are the tiles of a part, rising.
func oldestFirst(p *featurev1.Part) []*featurev1.Tile {
	list := slices.Clone(p.GetTiles())
	slices.Reverse(list)
	return list
}

// addsUp says where the tiles or the keys of a part do not come to its total.
func addsUp(p *featurev1.Part) error {
	sum := int64(0)
	for _, t := range p.GetTiles() {
		sum += steps(t.GetAmount())
	}
	if sum != steps(p.GetTotal()) {
		return fmt.Errorf("the tiles come to %d, the total is %v", sum, p.GetTotal())
	}
	if len(p.GetKeys()) == 0 {
		return nil
	}
	sum = 0
	for _, k := range p.GetKeys() {
		sum += steps(k.GetAmount())
	}
	if sum != steps(p.GetTotal()) {
		return fmt.Errorf("the keys come to %d, the total is %v", sum, p.GetTotal())
	}
	return nil
}

// rebuilt makes a feature's value of nothing but what its explanation says of its parts, without the code that makes values.
func rebuilt(f *catalog.Feature, out *featurev1.ExplainFeatureResponse) (v catalog.Value, err error) {
	number := func(n int64, ok bool) catalog.Value {
		if !ok {
			n = 0
		}
		return catalog.Value{Present: ok, Int: n}
	}
	var p *featurev1.Part
	var tiles []*featurev1.Tile
	if len(out.GetParts()) > 0 {
		p = out.GetParts()[0]
		tiles = oldestFirst(p)
	}
	for _, part := range out.GetParts() {
		if part.GetCombine() == combineSum {
			if err := addsUp(part); err != nil {
				return v, err
			}
		}
	}
	some := len(tiles) > 0
	switch a := f.Aggregate; {
	case a == "count" || a == "sum" || a == "decayed_sum" || a == "distinct":
		v = number(steps(p.GetTotal()), true)
	case a == "average":
		if n := steps(out.GetParts()[1].GetTotal()); n > 0 {
			v = number(toward(steps(p.GetTotal()), 1, n), true)
		}
	case a == "min" || a == "max":
		best := func(x, y *featurev1.Tile) int { return cmp.Compare(steps(x.GetAmount()), steps(y.GetAmount())) }
		if some && a == "min" {
			v = number(steps(slices.MinFunc(tiles, best).GetAmount()), true)
		} else if some {
			v = number(steps(slices.MaxFunc(tiles, best).GetAmount()), true)
		}
	case f.Kind == catalog.KindMoment || f.Kind == catalog.KindAge:
		if some {
			v = number(tiles[0].GetStartMs(), true)
		}
	case a == "first_number" || a == "last_number":
		if some {
			v = number(steps(tiles[0].GetAmount()), true)
		}
	case a == "first" || a == "last":
		if some {
			v = catalog.Value{Present: true, Text: tiles[0].GetAmount().GetText()}
		}
	case strings.HasPrefix(a, "top"):
		v = ranked(f, p)
	case a == "breakdown" || a == "latest" || a == "traits":
		v = listed(f, p)
	case strings.HasPrefix(a, "gap_"):
		v = gaps(a, tiles)
	case strings.HasPrefix(a, "session_"):
		v = visited(a, tiles)
	case strings.HasPrefix(a, "streak_"):
		v = streak(a, tiles, out.GetAsOfMs())
	default:
		v = made(f, out)
	}
	if !v.Present && f.Default != nil {
		v = number(*f.Default, true)
	}
	return v, nil
}

// ranked is a top: keys whose shares are the largest; of equal shares the answer's own order counts.
func ranked(f *catalog.Feature, p *featurev1.Part) (v catalog.Value) {
	var list []catalog.Entry
	for _, k := range p.GetKeys() {
		if k.GetShare() != "" {
			list = append(list, catalog.Entry{Key: k.GetKey(), Int: steps(&featurev1.FeatureValue{Value: &featurev1.FeatureValue_Decimal{Decimal: k.GetShare()}})})
		}
	}
	if !slices.IsSortedFunc(list, func(a, b catalog.Entry) int { return cmp.Compare(b.Int, a.Int) }) {
		panic("shares do not fall")
	}
	if len(list) == 0 {
		return v
	}
	switch v.Present = true; f.Aggregate {
	case "top_key":
		v.Text = list[0].Key
	case "top_share":
		v.Int = list[0].Int
	default:
		v.List = list[:min(len(list), f.Keep)]
	}
	return v
}

// listed is a breakdown, or the latest of names and traits.
func listed(f *catalog.Feature, p *featurev1.Part) (v catalog.Value) {
	for _, k := range p.GetKeys() {
		if k.GetKey() == "" {
			continue
		}
		x := catalog.Entry{Key: k.GetKey(), Text: k.GetAmount().GetText()}
		if x.Text == "" && f.Aggregate != "traits" {
			x.Int = steps(k.GetAmount())
		}
		v.List = append(v.List, x)
	}
	if f.Keep > 0 {
		v.List = v.List[:min(len(v.List), f.Keep)]
	}
	v.Present = len(v.List) > 0
	return v
}

// gaps are statistics of the times between moments.
func gaps(a string, tiles []*featurev1.Tile) catalog.Value {
	n := int64(len(tiles)) - 1
	if n < 1 {
		return catalog.Value{}
	}
	sum, longest := int64(0), int64(0)
	squares := new(big.Int)
	for _, t := range tiles[1:] {
		gap := t.GetAmount().GetDurationMs()
		sum, longest = sum+gap, max(longest, gap)
		squares.Add(squares, new(big.Int).Mul(big.NewInt(gap), big.NewInt(gap)))
	}
	squares.Mul(squares, big.NewInt(n))
	squares.Sub(squares, new(big.Int).Mul(big.NewInt(sum), big.NewInt(sum)))
	deviation := new(big.Int).Quo(squares.Sqrt(squares), big.NewInt(n)).Int64()
	switch a {
	case "gap_mean":
		return catalog.Value{Present: true, Int: sum / n}
	case "gap_longest":
		return catalog.Value{Present: true, Int: longest}
	case "gap_deviation":
		return catalog.Value{Present: true, Int: deviation}
	}
	if sum == 0 {
		return catalog.Value{}
	}
	return catalog.Value{Present: true, Int: toward(deviation, 1_000_000*n, sum)}
}

func visited(a string, tiles []*featurev1.Tile) catalog.Value {
	n := int64(len(tiles))
	if a == "session_count" {
		return catalog.Value{Present: true, Int: n}
	}
	if n == 0 {
		return catalog.Value{}
	}
	length, events, bounced := int64(0), int64(0), int64(0)
	for _, t := range tiles {
		length, events = length+t.GetLengthMs(), events+steps(t.GetAmount())
		if steps(t.GetAmount()) == 1 {
			bounced++
		}
	}
	of := map[string]int64{"session_length": length / n, "session_depth": toward(events, 1_000_000, n), "session_bounce": toward(bounced, 1_000_000, n)}
	return catalog.Value{Present: true, Int: of[a]}
}

func streak(a string, tiles []*featurev1.Tile, asOf int64) catalog.Value {
	run, longest, day := int64(0), int64(0), int64(0)
	for _, t := range tiles {
		if t.GetStartMs()/86_400_000 != day+1 {
			run = 0
		}
		day = t.GetStartMs() / 86_400_000
		run++
		longest = max(longest, run)
	}
	if a == "streak_longest" {
		return catalog.Value{Present: true, Int: longest}
	}
	if asOf/86_400_000-day > 1 {
		run = 0
	}
	return catalog.Value{Present: true, Int: run}
}

// made is a ratio, or the time between two moments, of the values of what it is made of.
func made(f *catalog.Feature, out *featurev1.ExplainFeatureResponse) (v catalog.Value) {
	a, b := out.GetMadeOf()[0].GetValue(), out.GetMadeOf()[1].GetValue()
	if a.GetValue() == nil || b.GetValue() == nil {
		return v
	}
	if f.Aggregate == "elapsed" {
		n := b.GetMomentMs() - a.GetMomentMs()
		if n < 0 {
			return v
		}
		return catalog.Value{Present: true, Int: n}
	}
	micros := func(v *featurev1.FeatureValue) *big.Int {
		n := big.NewInt(steps(v))
		if _, whole := v.GetValue().(*featurev1.FeatureValue_Count); whole {
			n.Mul(n, big.NewInt(1_000_000))
		}
		return n
	}
	if micros(b).Sign() <= 0 {
		return v
	}
	n := micros(a)
	x := n.Mul(n, big.NewInt(1_000_000)).Quo(n, micros(b)).Int64()
	if f.Complement {
		x = max(0, min(1_000_000, 1_000_000-x))
	}
	return catalog.Value{Present: true, Int: x}
}
