package bars

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// person is the simulator's truth of one person.
type person struct {
	UserID  string    `json:"user_id"`
	ChurnAt time.Time `json:"churn_at,omitzero"`
}

// leaving is when each customer truly leaves, by customer id; the zero time for those who stay.
func leaving(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	raw, err := frame.Read(filepath.Join(dir, "ids.csv"))
	if err != nil {
		t.Fatal(err)
	}
	customer := map[string]string{}
	for i := range raw.Rows() {
		customer[raw.Text("identifier_value", i)] = raw.Text("customer_id", i)
	}
	text, err := os.ReadFile(filepath.Join(dir, "people.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]time.Time{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var p person
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if id := customer[p.UserID]; p.UserID != "" && id != "" {
			out[id] = p.ChurnAt
		}
	}
	return out
}

// warned is what warnings came to, of those whose truth is known.
type warned struct {
	// threshold flags the riskiest tenth of all who were scored at the first date.
	threshold float64
	// leavers leave after the first date and by the end; early of them were flagged before they left, by so many days.
	leavers int
	days    []float64
	// flagged are all who were ever flagged and had not left by then, wrong of them those who never leave.
	flagged, wrong, gone int
	// stayers were scored and never leave.
	stayers int
}

// warn scores customers at each date of watch by a model of what was known at its first date, and looks when each is flagged.
func warn(t *testing.T, learn, watch *table, truth map[string]time.Time) (warned, *pipeline.Trained) {
	t.Helper()
	days := watch.days()
	var known []int
	for i, when := range learn.Times {
		if !when.Add(learn.horizon).After(days[0]) {
			known = append(known, i)
		}
	}
	m, err := pipeline.Train(t.Context(), learn.Take(known), options(learn))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Predict(like(watch.X, learn.X))
	if err != nil {
		t.Fatal(err)
	}
	var first []float64
	order := make([]int, len(p))
	for i := range p {
		order[i] = i
		if watch.Times[i].Equal(days[0]) {
			first = append(first, p[i])
		}
	}
	slices.Sort(first)
	w := warned{threshold: first[len(first)*9/10]}
	slices.SortStableFunc(order, func(a, b int) int { return watch.Times[a].Compare(watch.Times[b]) })
	flagged := map[string]time.Time{}
	seen := map[string]bool{}
	for _, i := range order {
		id := watch.ids[i]
		seen[id] = true
		if _, already := flagged[id]; !already && p[i] > w.threshold {
			flagged[id] = watch.Times[i]
		}
	}
	end := days[len(days)-1]
	for id := range seen {
		leaves, known := truth[id]
		at, is := flagged[id]
		switch {
		case !known:
		case leaves.IsZero():
			w.stayers++
			if is {
				w.flagged, w.wrong = w.flagged+1, w.wrong+1
			}
		case !leaves.After(days[0]):
			if is {
				w.gone++
			}
		case !leaves.After(end):
			w.leavers++
			if is && at.Before(leaves) {
				w.flagged++
				w.days = append(w.days, leaves.Sub(at).Hours()/24)
			}
		}
	}
	slices.Sort(w.days)
	return w, m
}

// like gives a frame the columns of another: each file leaves out what is empty in it, and has the categories that occur in it.
func like(x, other *frame.Frame) *frame.Frame {
	out := &frame.Frame{Rows: x.Rows}
	for _, c := range other.Columns {
		column := frame.Column{Name: c.Name, Kind: c.Kind, Levels: c.Levels, Values: make([]float64, x.Rows)}
		from := x.Find(c.Name)
		for i := range column.Values {
			column.Values[i] = math.NaN()
			if from == nil || from.Kind != c.Kind {
				continue
			}
			if level, is := from.Level(i); is {
				if k := slices.Index(c.Levels, level); k >= 0 {
					column.Values[i] = float64(k)
				}
			} else if c.Kind == frame.Number {
				column.Values[i] = from.Values[i]
			}
		}
		out.Columns = append(out.Columns, column)
	}
	return out
}

func (w warned) tell(out *strings.Builder, name string, m *pipeline.Trained) {
	n := len(w.days)
	fmt.Fprintf(out, "\n## warnings by %s (%s): threshold %.3f\n", name, m.Family, w.threshold)
	fmt.Fprintf(out, "%d customers leave within the watch; %d (%.0f %%) are flagged before they do\n", w.leavers, n, 100*float64(n)/float64(max(1, w.leavers)))
	if n > 0 {
		long, _ := slices.BinarySearch(w.days, 30)
		fmt.Fprintf(out, "days of warning: median %.0f, quartiles %.0f and %.0f; %d of %d are 30 days or more\n", w.days[n/2], w.days[n/4], w.days[n*3/4], n-long, n)
	}
	fmt.Fprintf(out, "%d of %d who stay are flagged at some date: of %d flags before a leave or of stayers %.0f %% are false; %d more were of people who had left already\n",
		w.wrong, w.stayers, w.flagged, 100*float64(w.wrong)/float64(max(1, w.flagged)), w.gone)
}

// tellTop writes accuracy and precision of the riskiest tenth, by the label and by the truth.
func (o *outcome) tellTop(t *testing.T, out *strings.Builder, x *table, truth map[string]time.Time) {
	t.Helper()
	b := o.binary(0)
	accuracy, err := b.Accuracy(.5)
	if err != nil {
		t.Fatal(err)
	}
	precision, err := b.Precision(.1)
	if err != nil {
		t.Fatal(err)
	}
	var p, y []float64
	for k, i := range o.rows {
		if leaves, known := truth[x.ids[i]]; known {
			gone := 0.0
			if !leaves.IsZero() && !leaves.After(x.Times[i].Add(x.horizon)) {
				gone = 1
			}
			p, y = append(p, o.said[0].p[k]), append(y, gone)
		}
	}
	truly := evaluate.Binary{Score: p, Label: y}
	auc, err := truly.AUC()
	if err != nil {
		t.Fatal(err)
	}
	top, err := truly.Precision(.1)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(out, "accuracy at .5 %.3f (always the commoner answer: %.3f); precision of the riskiest tenth %.3f\n", accuracy, max(mean(o.y), 1-mean(o.y)), precision)
	fmt.Fprintf(out, "who has truly left by the end of the horizon (%.1f %%): AUC %.3f, precision of the riskiest tenth %.3f\n", 100*mean(y), auc, top)
}
