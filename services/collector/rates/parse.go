package rates

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/money"
)

// maxFaults is how many faults of a file are told; a file of another kind has one on each line.
const maxFaults = 20

// columns are what a file has to have, in any order.
var columns = []string{"date", "currency", "rate"}

// Parse reads a CSV file with the columns date (YYYY-MM-DD), currency (ISO 4217) and rate: what one unit of that currency is worth in to,
// the currency that the table leads to. Lines may come in any order; those that begin with # are skipped. The error joins up to twenty
// faults, each with its line.
func Parse(data []byte, to string) (*Table, error) {
	r := reader(data)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	at, err := places(header)
	if err != nil {
		return nil, err
	}
	p := parser{to: to, at: at, lines: map[key]int{}, table: &Table{}}
	for len(p.faults) < maxFaults {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			line, _ := r.FieldPos(0)
			if err = p.take(record, line); err != nil {
				err = fmt.Errorf("line %d: %w", line, err)
			}
		}
		if err != nil {
			p.faults = append(p.faults, err)
		}
	}
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	for _, list := range p.table.of {
		slices.SortFunc(list, func(a, b Rate) int { return int(a.day) - int(b.day) })
	}
	return p.table, nil
}

// places finds the columns in the header.
func places(header []string) ([3]int, error) {
	var at [3]int
	for i, name := range columns {
		at[i] = slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
		if at[i] < 0 {
			return at, fmt.Errorf("line 1: no column %s: the first line has to be date,currency,rate", name)
		}
	}
	return at, nil
}

// key is what a file may say once.
type key struct {
	currency string
	day      int32
}

type parser struct {
	to     string
	at     [3]int // of columns
	lines  map[key]int
	table  *Table
	faults []error
}

// take reads one line.
func (p *parser) take(record []string, line int) error {
	date, currency := strings.TrimSpace(record[p.at[0]]), strings.TrimSpace(record[p.at[1]])
	when, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return fmt.Errorf("date: %.40q is no day, such as 2026-11-28", date)
	}
	if !isCode(currency) {
		return fmt.Errorf("currency: %.40q is no code of three capital letters, such as EUR", currency)
	}
	rate, err := money.ParseRate(strings.TrimSpace(record[p.at[2]]))
	switch {
	case err != nil:
		return fmt.Errorf("rate: %w", err)
	case rate <= 0:
		return fmt.Errorf("rate: %.40q is not above 0", record[p.at[2]])
	case currency == p.to && rate != One:
		return fmt.Errorf("rate: %s leads to %s, which is worth 1 of itself: is rate the worth of one unit of currency?", currency, p.to)
	}
	k := key{strings.Clone(currency), int32(when.Unix() / 86400)}
	if first, twice := p.lines[k]; twice {
		return fmt.Errorf("%s of %s stands in line %d too", currency, date, first)
	}
	p.lines[k] = line
	p.table.add(k.currency, Rate{E12: rate, Date: when.Format(time.DateOnly), day: k.day})
	return nil
}
