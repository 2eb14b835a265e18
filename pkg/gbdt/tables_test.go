package gbdt

import (
	"bytes"
	"encoding/csv"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/table"
	"github.com/freshet/freshet/pkg/testkit"
)

// part is the rows that keep wants.
func part(d *Dataset, keep func(int) bool) *Dataset {
	out := &Dataset{Columns: slices.Clone(d.Columns)}
	for c := range out.Columns {
		out.Columns[c].Values, out.Columns[c].Codes = nil, nil
	}
	for r, y := range d.Label {
		if !keep(r) {
			continue
		}
		out.Label = append(out.Label, y)
		for c := range d.Columns {
			if d.Columns[c].Codes != nil {
				out.Columns[c].Codes = append(out.Columns[c].Codes, d.Columns[c].Codes[r])
			} else {
				out.Columns[c].Values = append(out.Columns[c].Values, d.Columns[c].Values[r])
			}
		}
	}
	return out
}

// auc is the share of pairs that are in order; ties count half.
func auc(p, y []float64) float64 {
	at := make([]int, len(p))
	for i := range at {
		at[i] = i
	}
	sort.Slice(at, func(a, b int) bool { return p[at[a]] < p[at[b]] })
	ranks, positive := 0.0, 0.0
	for i := 0; i < len(at); {
		j := i
		for j < len(at) && p[at[j]] == p[at[i]] {
			j++
		}
		for _, k := range at[i:j] {
			ranks += y[k] * float64(i+j+1) / 2
			positive += y[k]
		}
		i = j
	}
	return (ranks - positive*(positive+1)/2) / (positive * (float64(len(p)) - positive))
}

func logLoss(p, y []float64) float64 {
	s := 0.0
	for i, v := range p {
		s -= y[i]*math.Log(v) + (1-y[i])*math.Log(1-v)
	}
	return s / float64(len(p))
}

func realTable(t testing.TB, name string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(gunzip(t, testkit.Data(t, name)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// telco is the table of gbdt.py: text as numbers in the order of its letters, or as categories.
func telco(t testing.TB, categorical bool) *Dataset {
	rows := realTable(t, "telco_churn.csv.gz")
	head, rows := rows[0], rows[1:]
	d := &Dataset{}
	for i, name := range head[1 : len(head)-1] {
		i++
		if slices.Contains([]string{"SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"}, name) {
			d.Columns = append(d.Columns, table.Column{Name: name, Values: parsed(rows, i)})
			continue
		}
		d.Columns = append(d.Columns, coded(name, rows, i, categorical))
	}
	for _, r := range rows {
		d.Label = append(d.Label, float64(bit(r[len(r)-1] == "Yes")))
	}
	return d
}

func parsed(rows [][]string, i int) []float64 {
	var out []float64
	for _, r := range rows {
		v, err := strconv.ParseFloat(strings.TrimSpace(r[i]), 64)
		if err != nil {
			v = math.NaN()
		}
		out = append(out, v)
	}
	return out
}

func coded(name string, rows [][]string, i int, categorical bool) table.Column {
	var names []string
	for _, r := range rows {
		if at, found := slices.BinarySearch(names, r[i]); !found {
			names = slices.Insert(names, at, r[i])
		}
	}
	c := table.Column{Name: name}
	if categorical {
		c.Categories = names
	}
	for _, r := range rows {
		at, _ := slices.BinarySearch(names, r[i])
		if categorical {
			c.Codes = append(c.Codes, int32(at))
		} else {
			c.Values = append(c.Values, float64(at))
		}
	}
	return c
}

type bought struct {
	day          int
	cds, dollars float64
}

// cdnow is the table of gbdt.py: customers' first 39 weeks, and whether they bought in the next 39.
func cdnow(t testing.TB) *Dataset {
	held := map[int][]bought{}
	for _, r := range realTable(t, "cdnow_master.csv.gz")[1:] {
		id, _ := strconv.Atoi(r[0])
		at, err := time.Parse("20060102", r[1])
		if err != nil {
			t.Fatal(err)
		}
		cds, _ := strconv.ParseFloat(r[2], 64)
		dollars, _ := strconv.ParseFloat(r[3], 64)
		held[id] = append(held[id], bought{int(at.Unix() / 86400), cds, dollars})
	}
	end := int(time.Date(1997, 9, 30, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	names := []string{"purchases", "recency", "span", "tenure", "spend", "cds", "first", "last", "gap", "recent"}
	d := &Dataset{}
	for _, name := range names {
		d.Columns = append(d.Columns, table.Column{Name: name})
	}
	ids := make([]int, 0, len(held))
	for id := range held {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		row, again := customer(held[id], end)
		d.Label = append(d.Label, float64(bit(again)))
		for c, v := range row {
			d.Columns[c].Values = append(d.Columns[c].Values, v)
		}
	}
	return d
}

func customer(all []bought, end int) (row []float64, again bool) {
	var past []bought
	for _, b := range all {
		if b.day <= end {
			past = append(past, b)
		} else {
			again = true
		}
	}
	slices.SortStableFunc(past, func(a, b bought) int { return a.day - b.day })
	first, last, n := past[0], past[len(past)-1], float64(len(past))
	spend, cds, recent := 0.0, 0.0, 0.0
	for _, b := range past {
		spend += b.dollars
		cds += b.cds
		recent += float64(bit(end-b.day < 90))
	}
	gap := math.NaN()
	if n > 1 {
		gap = float64(last.day-first.day) / (n - 1)
	}
	return []float64{n, float64(end - last.day), float64(last.day - first.day), float64(end - first.day),
		math.Round(spend*100) / 100, cds, first.dollars, last.dollars, gap, recent}, again
}
