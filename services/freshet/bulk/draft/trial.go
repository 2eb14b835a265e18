package draft

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/freshet/freshet/services/collector/intake"
	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/mapping"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
	"github.com/freshet/freshet/services/freshet/bulk/tally"
)

// trialRows is how many rows a draft is tried on.
const trialRows = 50_000

// Trial is what a mapping made of the file's first rows.
type Trial struct {
	// Rows were read; Whole says that these are all.
	Rows  int
	Whole bool
	// Shown are the first events as they would be stored.
	Shown []Shown
	// Totals are what they come to.
	Totals tally.Tally
	// Rejected counts rows by the reason for which they became no event, Example has a sentence for each; Skipped are rows that the mapping left out.
	Rejected map[string]int
	Example  map[string]string
	Skipped  int
}

// Shown is one event for people.
type Shown struct {
	At, Name, Who, Order, Total string
	Lines                       int
}

// shown is how many events are shown.
const shown = 10

// try loads a mapping and uses it on the file.
func try(in *file.File, text string) (*Trial, error) {
	spec, err := mapping.Load(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("the draft does not load: %w", err)
	}
	reader, err := rows.Open(in, spec.Format)
	if err != nil {
		return nil, err
	}
	columns, closed := reader.Columns()
	mapper, _, err := spec.Compile(mapping.File{Name: in.Name}, columns, closed)
	if err != nil {
		return nil, fmt.Errorf("the draft does not fit its file: %w", err)
	}
	reader.Bind(mapper.Columns(), mapper.Rest())
	t := &Trial{Rejected: map[string]int{}, Example: map[string]string{}}
	checker := intake.NewChecker(time.Now)
	emit := func(u mapping.Unit) error { t.add(u, checker); return nil }
	for ; t.Rows < trialRows; t.Rows++ {
		row, err := reader.Next()
		if errors.Is(err, io.EOF) {
			t.Whole = true
			break
		}
		if err == nil {
			err = mapper.Add(row, emit)
		}
		if err != nil {
			return nil, err
		}
	}
	if t.Whole || spec.GroupBySorted != nil { // else the last order's other rows are still to come
		return t, mapper.End(emit)
	}
	return t, nil
}

func (t *Trial) add(u mapping.Unit, checker *intake.Checker) {
	reject := func(reason, detail string) {
		t.Rejected[reason] += len(u.Rows)
		if t.Example[reason] == "" {
			t.Example[reason] = fmt.Sprintf("row %d: %s", u.Rows[0].Number, detail)
		}
	}
	switch {
	case u.Fault != nil:
		reject(u.Fault.Reason, u.Fault.Detail)
		return
	case u.Event == nil:
		t.Skipped += len(u.Rows)
		return
	}
	e, refused := checker.Read(u.Event)
	if refused != nil {
		reject(refused.Reason, refused.Detail)
		return
	}
	t.Totals.Add(e)
	if len(t.Shown) >= shown {
		return
	}
	s := Shown{At: "at the import", Name: e.GetName(), Who: e.GetIdentifiers()[0].GetValue(), Order: e.GetOrder().GetOrderId(), Lines: len(e.GetOrder().GetItems())}
	if s.Name == "" {
		s.Name = strings.ToLower(strings.TrimPrefix(e.GetType().String(), "EVENT_TYPE_"))
	}
	if e.GetOriginalMs() != 0 {
		s.At = time.UnixMilli(e.GetOccurredMs()).UTC().Format("2006-01-02 15:04:05")
	}
	if o := e.GetOrder(); o != nil && o.TotalMicros != nil {
		s.Total = strings.TrimSpace(tally.Amount(big.NewInt(o.GetTotalMicros())) + " " + strings.TrimPrefix(o.GetCurrency(), "XXX"))
	}
	t.Shown = append(t.Shown, s)
}
