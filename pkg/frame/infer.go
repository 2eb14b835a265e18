package frame

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// MaxLevels is how many categories a column has at most; the rarest beyond it become one, Other.
const (
	MaxLevels = 200
	Other     = "(other)"
)

// Frame makes columns of what was read, but for those named in leave. Report tells what else was left out.
func (r *Raw) Frame(leave ...string) *Frame {
	f := &Frame{Rows: r.rows}
	for i := range r.columns {
		c := &r.columns[i]
		if slices.Contains(leave, c.name) {
			continue
		}
		if column, ok := r.infer(c); ok {
			f.Columns = append(f.Columns, column)
		}
	}
	return f
}

// Report says what was left out or changed, and why: lines for people.
func (r *Raw) Report() []string { return r.report }

// infer finds what a column is.
func (r *Raw) infer(c *rawColumn) (Column, bool) {
	there, whole, numbers := 0, 0, 0
	values := make([]float64, len(c.texts))
	for i, t := range c.texts {
		values[i] = math.NaN()
		if absent(t) {
			continue
		}
		there++
		if x, ok := r.number(t); ok {
			values[i] = x
			numbers++
			if x == math.Trunc(x) {
				whole++
			}
		}
	}
	switch {
	case there == 0:
		r.note("column %s is empty: left out", c.name)
		return Column{}, false
	case there == 1 && len(c.texts) == 1:
		r.note("column %s has one value, %q: left out", c.name, c.texts[0])
		return Column{}, false
	case numbers == there && whole == there && identifies(c.name) && (there == r.rows || there > MaxLevels):
		r.note("column %s has %d different whole numbers, and its name says id: taken as an identifier and left out", c.name, there)
		return Column{}, false
	case numbers == there:
		return Column{Name: c.name, Kind: Number, Values: spread(c.codes, values)}, true
	case nested(c):
		r.note("column %s holds lists or objects: left out", c.name)
		return Column{}, false
	case dates(c):
		r.note("column %s holds dates: left out; name it with --time to split by it", c.name)
		return Column{}, false
	case there > 20 && (there*10 > r.rows*9 || identifies(c.name) && there > MaxLevels):
		r.note("column %s has %d different texts in %d rows: taken as an identifier and left out", c.name, there, r.rows)
		return Column{}, false
	}
	return r.category(c), true
}

// identifies says that a name is that of an identifier: id, user_id, customerID, CustomerId.
func identifies(name string) bool {
	lower := strings.ToLower(name)
	return lower == "id" || strings.HasSuffix(lower, "_id") || strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "ID") || strings.HasSuffix(lower, " id") ||
		lower == "rownumber" || lower == "index"
}

// nested says that all texts are JSON's lists or objects.
func nested(c *rawColumn) bool {
	seen := false
	for _, t := range c.texts {
		if t = strings.TrimSpace(t); absent(t) {
			continue
		}
		if t[0] != '{' && t[0] != '[' || !json.Valid([]byte(t)) {
			return false
		}
		seen = true
	}
	return seen
}

// dates says that all texts are dates with separators.
func dates(c *rawColumn) bool {
	seen := false
	for _, t := range c.texts {
		if absent(t) {
			continue
		}
		if _, ok := moment(t); !ok || !strings.ContainsAny(t, "-/") {
			return false
		}
		seen = true
	}
	return seen
}

func spread(codes []int32, values []float64) []float64 {
	out := make([]float64, len(codes))
	for i, code := range codes {
		out[i] = values[code]
	}
	return out
}

// category makes categories, at most MaxLevels of them.
func (r *Raw) category(c *rawColumn) Column {
	rows := map[string]int{}
	counts := make([]int, len(c.texts))
	for _, code := range c.codes {
		counts[code]++
	}
	for i, t := range c.texts {
		if !absent(t) {
			rows[strings.TrimSpace(t)] += counts[i]
		}
	}
	names := make([]string, 0, len(rows))
	for n := range rows {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rows[b] - rows[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	if len(names) > MaxLevels {
		r.note("column %s has %d different texts: the %d rarest are one category, %s", c.name, len(names), len(names)-MaxLevels+1, Other)
		names = append(names[:MaxLevels-1:MaxLevels-1], Other)
	}
	slices.Sort(names)
	values := make([]float64, len(c.texts))
	for i, t := range c.texts {
		values[i] = math.NaN()
		if absent(t) {
			continue
		}
		at, ok := slices.BinarySearch(names, strings.TrimSpace(t))
		if !ok {
			at, _ = slices.BinarySearch(names, Other)
		}
		values[i] = float64(at)
	}
	return Column{Name: c.name, Kind: Category, Levels: names, Values: spread(c.codes, values)}
}

// positives are what people write for yes, in lower case.
var positives = []string{"1", "yes", "true", "y", "t", "churned", "churn", "left", "exited", "positive", "1.0"}

// Label reads a column of two values as 0 and 1; missing ones are NaN. positive names the one that is 1; empty means the one that says yes.
func (r *Raw) Label(column, positive string) (values []float64, one string, err error) {
	c := r.column(column)
	if c == nil {
		return nil, "", fmt.Errorf("label: there is no column %q; there are %s", column, strings.Join(r.Names(), ", "))
	}
	levels := r.levels(c)
	switch {
	case len(levels) == 1:
		return nil, "", fmt.Errorf("label: column %s is %q in every row; there is nothing to learn", column, levels[0])
	case len(levels) != 2:
		return nil, "", fmt.Errorf("label: column %s has %d different values; it must have two", column, len(levels))
	}
	if one = positive; one == "" {
		for _, l := range levels {
			if slices.Contains(positives, strings.ToLower(l)) {
				one = l
			}
		}
	}
	if !slices.Contains(levels, one) {
		return nil, "", fmt.Errorf("label: column %s holds %q and %q; say with --positive which of them is the one to predict", column, levels[0], levels[1])
	}
	of := make([]float64, len(c.texts))
	for i, t := range c.texts {
		switch {
		case absent(t):
			of[i] = math.NaN()
		case strings.TrimSpace(t) == one:
			of[i] = 1
		}
	}
	return spread(c.codes, of), one, nil
}
