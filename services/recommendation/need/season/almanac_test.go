package season

import (
	"math"
	"testing"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/past"
)

// sold has n purchases of an item in each month from a start on.
func sold(item string, start time.Time, months ...int) []past.Deed[past.Line] {
	var out []past.Deed[past.Line]
	for m, n := range months {
		for range n {
			out = append(out, past.Deed[past.Line]{Key: past.Line{Customer: "c", Item: item}, AtMs: start.AddDate(0, m, 3).UnixMilli()})
		}
	}
	return out
}

func TestLearn(t *testing.T) {
	january := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	even := []int{100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100}
	all := sold("soap", january, even...)
	all = append(all, sold("wreath", january, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 40, 0)...)
	all = append(all, sold("novelty", january.AddDate(0, 11, 0), 90, 0)...) // new in December
	all = append(all, sold("rare", january, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0)...)
	l := Learn(all, DefaultOptions())
	for m, words := range l.Months {
		if want := map[int]int{11: 1}[m]; len(words) != want {
			t.Errorf("month %d has %+v", m+1, words)
		}
	}
	w := l.Months[11][0]
	total := 1300.0 + 46 + 90 + 5
	q := (100 + 40 + 90 + 4.0) / total
	if w.Item != "wreath" || math.Abs(w.Lift-(40+10*q)/56/q) > 1e-9 || math.Abs(w.Score-(40-46*q)/math.Sqrt(46*q*(1-q))) > 1e-9 {
		t.Errorf("%+v with q %v", w, q)
	}
	if short := Learn(sold("wreath", january, 1, 1, 1, 1, 1, 1, 1, 1, 1, 90), DefaultOptions()); len(short.Months[9]) != 0 {
		t.Errorf("ten months of history know a season: %+v", short.Months[9])
	}
	if empty := Learn(nil, DefaultOptions()); len(empty.Months[0]) != 0 {
		t.Error("nothing was bought, and there is a season")
	}
}

func TestTheFileSaysTheSame(t *testing.T) {
	l := &Learned{Version: 1}
	l.Months[11] = []Word{{"wreath", 9, 4}, {"card", 5, 2}}
	data, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s := catalogue.NewShelf("w", 10)
	s.Put(&catalogue.Item{ID: "card", Proto: &recommendationv1.Item{}})
	a, err := Decode(data, s)
	if err != nil {
		t.Fatal(err)
	}
	december := time.Date(2026, 12, 24, 23, 0, 0, 0, time.UTC).UnixMilli()
	if got := a.At(december); len(got) != 2 || s.Item(got[0].Item).ID != "wreath" || got[0].Score != 9 || got[1].Item != 0 {
		t.Errorf("%+v", got)
	}
	if got := a.At(december + 8*24*3600*1000); len(got) != 0 {
		t.Errorf("January has %+v", got)
	}
	var none *Almanac
	if len(none.At(december)) != 0 {
		t.Error("no almanac knows something")
	}
	for what, data := range map[string]string{"another version": `{"version":2}`, "no JSON": `{`} {
		if _, err := Decode([]byte(data), s); err == nil {
			t.Errorf("%s is read", what)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"months":[[{"item":"a","score":3,"lift":2}],[],[],[],[],[],[],[],[],[],[],[]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Decode(data, catalogue.NewShelf("w", 5))
		if err != nil {
			return
		}
		for _, e := range a.At(0) {
			if e.Item < 0 || e.Item > 4 || !(e.Score > 0) {
				t.Errorf("%+v", e)
			}
		}
	})
}
