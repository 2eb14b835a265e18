package rates

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// places12 are the decimals of a rate.
const places12 = 12

// Line is one rate as it stands in a file of rates.
type Line struct {
	// Date is the day, YYYY-MM-DD.
	Date string
	// Currency is what one unit of is worth Rate.
	Currency string
	// Rate has at most twelve decimals.
	Rate decimal.Decimal
}

// ReadPublished reads rates as banks publish them and turns them into rates that lead to the currency to:
//
//   - the European Central Bank's eurofxref files, CSV and XML, of one day or of all, plain or zipped: a column (an element) for each
//     currency, with what one unit of base is worth in it;
//   - any CSV file of that form: a first column called date, and currencies;
//   - the form of our own, see Parse.
//
// base is the currency that a file with columns tells the rates of; EUR at the ECB. Days on which the file does not say what to is worth
// cannot be converted: skipped counts them. Rates are rounded to twelve decimals, half away from zero.
func ReadPublished(data []byte, base, to string) (lines []Line, skipped int, err error) {
	if data, err = unzipped(data); err != nil {
		return nil, 0, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")) {
		days, err := readXML(data)
		if err != nil {
			return nil, 0, err
		}
		return cross(days, base, to)
	}
	header, err := csv.NewReader(bytes.NewReader(data)).Read()
	if err != nil {
		return nil, 0, fmt.Errorf("read the first line: %w", err)
	}
	if _, err := places(header); err == nil {
		return ownForm(data, to)
	}
	days, err := readColumns(data)
	if err != nil {
		return nil, 0, err
	}
	return cross(days, base, to)
}

func ownForm(data []byte, to string) ([]Line, int, error) {
	t, err := Parse(data, to)
	if err != nil {
		return nil, 0, err
	}
	var lines []Line
	for currency, list := range t.of {
		for _, r := range list {
			lines = append(lines, Line{Date: r.Date, Currency: currency, Rate: decimal.New(r.E12, -places12)})
		}
	}
	return sorted(lines), 0, nil
}

// unzipped is the only file of a zip, and what is no zip as it is.
func unzipped(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return data, nil
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("read the zip: %w", err)
	}
	if len(z.File) != 1 {
		return nil, fmt.Errorf("the zip has %d files, rates come in one", len(z.File))
	}
	f, err := z.File[0].Open()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", z.File[0].Name, err)
	}
	defer f.Close()
	const most = 256 << 20
	text, err := io.ReadAll(io.LimitReader(f, most))
	if len(text) == most {
		err = errors.New("it is larger than 256 MiB")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", z.File[0].Name, err)
	}
	return text, nil
}

// published is what one unit of the base is worth on a day, by currency.
type published struct {
	date string
	of   map[string]decimal.Decimal
}

// readColumns reads a column for each currency.
func readColumns(data []byte) ([]published, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.TrimLeadingSpace, r.FieldsPerRecord = true, -1
	records, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	header := records[0]
	if !strings.EqualFold(strings.TrimSpace(header[0]), "date") || len(header) < 2 || !isCode(strings.TrimSpace(header[1])) {
		return nil, errors.New("line 1: neither date,currency,rate nor a date and a column for each currency, as in Date,USD,JPY")
	}
	var days []published
	var faults []error
	for i, record := range records[1:] {
		day := published{of: map[string]decimal.Decimal{}}
		day.date, err = dateOf(record[0])
		for j := 1; j < len(record) && j < len(header) && err == nil; j++ {
			err = day.take(strings.TrimSpace(header[j]), strings.TrimSpace(record[j]))
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", i+2, err))
		}
		if len(faults) == maxFaults {
			break
		}
		days = append(days, day)
	}
	return days, errors.Join(faults...)
}

// dateOf reads a day as files write it: 2026-11-27, and 27 November 2026 of the ECB's file of one day.
func dateOf(text string) (string, error) {
	for _, layout := range []string{time.DateOnly, "2 January 2006"} {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return t.Format(time.DateOnly), nil
		}
	}
	return "", fmt.Errorf("date: %.40q is no day, such as 2026-11-28", text)
}

// take notes one rate. Cells of currencies that had none that day are empty or N/A.
func (p *published) take(currency, text string) error {
	if currency == "" || text == "" || strings.EqualFold(text, "N/A") {
		return nil
	}
	if !isCode(currency) {
		return fmt.Errorf("currency: %.40q is no code of three capital letters, such as EUR", currency)
	}
	rate, err := decimal.NewFromString(text)
	if err != nil || !rate.IsPositive() {
		return fmt.Errorf("%s: %.40q is no rate above 0", currency, text)
	}
	p.of[currency] = rate
	return nil
}

// readXML reads the ECB's envelope: Cube elements with a time, and in them Cube elements with a currency and a rate.
func readXML(data []byte) ([]published, error) {
	type cube struct {
		Currency string `xml:"currency,attr"`
		Rate     string `xml:"rate,attr"`
	}
	var envelope struct {
		Days []struct {
			Time  string `xml:"time,attr"`
			Rates []cube `xml:"Cube"`
		} `xml:"Cube>Cube"`
	}
	if err := xml.Unmarshal(data, &envelope); err != nil {
		return nil, fmt.Errorf("read the XML: %w", err)
	}
	if len(envelope.Days) == 0 {
		return nil, errors.New("the XML has no rates in Cube elements, as the European Central Bank's files have")
	}
	var days []published
	for _, d := range envelope.Days {
		day := published{of: map[string]decimal.Decimal{}}
		var err error
		if day.date, err = dateOf(d.Time); err != nil {
			return nil, err
		}
		for _, r := range d.Rates {
			if err := day.take(r.Currency, r.Rate); err != nil {
				return nil, fmt.Errorf("%s: %w", day.date, err)
			}
		}
		days = append(days, day)
	}
	return days, nil
}

// cross turns what the base is worth into what each currency is worth in to.
func cross(days []published, base, to string) (lines []Line, skipped int, err error) {
	for _, d := range days {
		d.of[base] = decimal.NewFromInt(1)
		in, ok := d.of[to]
		if !ok {
			skipped++
			continue
		}
		for currency, per := range d.of {
			if rate := in.DivRound(per, places12); currency != to && rate.IsPositive() {
				lines = append(lines, Line{Date: d.date, Currency: currency, Rate: rate})
			}
		}
	}
	return sorted(lines), skipped, nil
}

func sorted(lines []Line) []Line {
	slices.SortFunc(lines, func(a, b Line) int {
		return strings.Compare(a.Date+a.Currency, b.Date+b.Currency)
	})
	return lines
}

func isCode(text string) bool {
	return len(text) == 3 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
