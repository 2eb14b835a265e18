package explained

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/freshet/freshet/pkg/terminal"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/verify"
)

const (
	// mostRows is how many tiles are drawn, or keys listed; barWidth is the longest bar, in characters.
	mostRows, barWidth = 24, 32
)

// writePart draws one accumulation: a line a tile, the latest first, and the keys.
func writePart(out io.Writer, p *featurev1.Part, x *featurev1.ExplainFeatureResponse) {
	if len(p.GetTiles())+len(p.GetKeys()) == 0 {
		return
	}
	total := ""
	if p.GetTotal() != nil {
		total = " = " + verify.Text(p.GetTotal())
	}
	fmt.Fprintf(out, "\n%s%s\n", p.GetReading(), terminal.Safe(total))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	bars := rows(p, x)
	most := 0.0
	for _, r := range bars {
		most = max(most, math.Abs(r.amount))
	}
	for _, r := range bars {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.when, terminal.Safe(r.text), bar(r.amount, most))
	}
	for i, k := range p.GetKeys() {
		if i == mostRows {
			fmt.Fprintf(w, "  and %d more\t\t\n", len(p.GetKeys())-i)
			break
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", terminal.Safe(name(k)), terminal.Safe(verify.Text(k.GetAmount())), k.GetShare())
	}
	_ = w.Flush() // what cannot be written here is met by the next write, which says so
}

func name(k *featurev1.PartKey) string {
	if k.GetKey() == "" {
		return "(all others)"
	}
	return k.GetKey()
}

// row is one line of a picture.
type row struct {
	when, text string
	amount     float64
}

// rows are the tiles of a part, or, of a sum that has too many, as many spans of the window with what their tiles come to.
func rows(p *featurev1.Part, x *featurev1.ExplainFeatureResponse) (out []row) {
	tiles := p.GetTiles()
	if len(tiles) > mostRows && p.GetCombine() == "sum" {
		return spans(tiles, x.GetAsOfMs())
	}
	for i, t := range tiles {
		if i == mostRows {
			return append(out, row{when: fmt.Sprintf("and %d more", len(tiles)-i)})
		}
		out = append(out, row{when: when(t), text: shown(t), amount: number(t.GetAmount())})
	}
	return out
}

// spans adds tiles up by equal spans of time, the latest first.
func spans(tiles []*featurev1.Tile, asOf int64) []row {
	first := tiles[len(tiles)-1].GetStartMs()
	step := (asOf-first)/mostRows + 1
	sums := make([]float64, mostRows)
	for _, t := range tiles {
		sums[(t.GetStartMs()-first)/step] += number(t.GetAmount())
	}
	var out []row
	for i := mostRows - 1; i >= 0; i-- {
		out = append(out, row{when: "from " + at(first+int64(i)*step), text: strconv.FormatFloat(sums[i], 'f', -1, 64), amount: sums[i]})
	}
	return out
}

// when says where a tile lies.
func when(t *featurev1.Tile) string {
	switch {
	case t.GetSinceEver():
		return "since ever"
	case t.GetMerged() > 0:
		return fmt.Sprintf("%s, %d spans", at(t.GetStartMs()), t.GetMerged())
	case t.GetLengthMs() >= 1000:
		return fmt.Sprintf("%s, %s", at(t.GetStartMs()), length(t.GetLengthMs()))
	}
	return at(t.GetStartMs())
}

func shown(t *featurev1.Tile) string {
	if t.GetAmount() == nil {
		return ""
	}
	return verify.Text(t.GetAmount())
}

// number is the length of a bar in some unit; 0 for what is none.
func number(v *featurev1.FeatureValue) float64 {
	switch n := v.GetValue().(type) {
	case *featurev1.FeatureValue_Count:
		return float64(n.Count)
	case *featurev1.FeatureValue_Decimal:
		f, err := strconv.ParseFloat(n.Decimal, 64)
		if err != nil {
			return 0
		}
		return f
	case *featurev1.FeatureValue_DurationMs:
		return time.Duration(n.DurationMs * int64(time.Millisecond)).Seconds()
	}
	return 0
}

// bar draws a number: at least one mark for what is not nothing, hollow below zero.
func bar(n, most float64) string {
	if n == 0 || most == 0 {
		return ""
	}
	long := max(1, int(math.Round(math.Abs(n)/most*barWidth)))
	if n < 0 {
		return strings.Repeat("▒", long)
	}
	return strings.Repeat("█", long)
}
