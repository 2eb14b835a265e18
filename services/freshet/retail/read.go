package retail

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/freshet/freshet/pkg/money"
)

// columns are the file's header, in order.
var columns = []string{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"}

// Invoice is one invoice of the file.
type Invoice struct {
	// Number is InvoiceNo: C before a cancellation, A before an adjustment.
	Number string
	// Customer is CustomerID without ".0"; "" where the file has none.
	Customer string
	Country  string
	// At is the time of the first line, UTC.
	At time.Time
	// Lines is the number of lines, Quantity the sum of theirs, TotalMicros the sum of quantity x price in millionths of a pound.
	Lines       int
	Quantity    int64
	TotalMicros int64

	products []byte // the lines as JSON objects with commas between them
}

// Read reads the whole file, as CSV or gzip of it, and returns the invoices in the order of their times. Errors name the line.
func Read(r io.Reader) ([]*Invoice, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	if magic, err := br.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		unzipped, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		defer func() { _ = unzipped.Close() }()
		br = bufio.NewReaderSize(unzipped, 1<<16)
	}
	rows := csv.NewReader(br)
	rows.ReuseRecord = true
	rows.FieldsPerRecord = len(columns)
	header, err := rows.Read()
	if err != nil || !slices.Equal(header, columns) {
		return nil, errors.Join(fmt.Errorf("not the Online Retail file: its first line must be %s", strings.Join(columns, ",")), err)
	}
	invoices, err := readLines(rows)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(invoices, func(a, b *Invoice) int { return cmp.Compare(a.At.Unix(), b.At.Unix()) })
	return invoices, nil
}

// readLines gathers lines by invoice; the lines of an invoice need not be neighbours (542806's are not).
func readLines(rows *csv.Reader) ([]*Invoice, error) {
	byNumber := map[string]*Invoice{}
	var all []*Invoice
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the file: %w", err)
		}
		inv := byNumber[row[0]]
		if inv == nil {
			if inv, err = newInvoice(row); err == nil {
				byNumber[inv.Number] = inv
				all = append(all, inv)
			}
		}
		if err == nil {
			err = inv.add(row)
		}
		if err != nil {
			line, _ := rows.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func newInvoice(row []string) (*Invoice, error) {
	at, err := time.Parse(time.DateTime, row[4])
	if err != nil {
		return nil, fmt.Errorf("column InvoiceDate: %w", err)
	}
	if row[0] == "" {
		return nil, errors.New("column InvoiceNo: is empty")
	}
	return &Invoice{Number: strings.Clone(row[0]), Customer: strings.Clone(strings.TrimSuffix(row[6], ".0")), Country: strings.Clone(row[7]), At: at}, nil
}

// add takes one more line.
func (inv *Invoice) add(row []string) error {
	if customer := strings.TrimSuffix(row[6], ".0"); customer != inv.Customer {
		return fmt.Errorf("invoice %s has the customers %q and %q", inv.Number, inv.Customer, customer)
	}
	quantity, err := strconv.ParseInt(row[3], 10, 64)
	if err != nil {
		return fmt.Errorf("column Quantity: %w", err)
	}
	price, err := money.ParseMicros(row[5])
	if err != nil {
		return fmt.Errorf("column UnitPrice: %w", err)
	}
	inv.Lines++
	inv.Quantity += quantity
	inv.TotalMicros += quantity * price
	inv.addProduct(row[1], row[2], quantity, money.Format(price))
	return nil
}
