package tier

import (
	"compress/gzip"
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
)

// rows reads a file of the shared data.
func rows(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(testkit.Data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

// population folds purchases into customers as they stand at the last purchase, moved to now.
type population struct {
	value, seen map[string]int64
	last        int64
}

func (p *population) add(t *testing.T, customer, layout, at string, micros int64) {
	when, err := time.Parse(layout, at)
	if err != nil {
		t.Fatal(err)
	}
	ms := when.UnixMilli()
	p.value[customer] += micros
	p.seen[customer] = max(p.seen[customer], ms)
	p.last = max(p.last, ms)
}

func (p *population) customers() []Customer {
	var all []Customer
	for id, v := range p.value {
		all = append(all, Customer{Value: v, LastSeenMs: now - (p.last - p.seen[id])})
	}
	return all
}

func TestSizesOfOnlineRetail(t *testing.T) {
	p := &population{value: map[string]int64{}, seen: map[string]int64{}}
	for _, r := range rows(t, "online_retail.csv.gz") {
		if r[6] == "" {
			continue
		}
		quantity, err1 := strconv.ParseInt(r[3], 10, 64)
		price, err2 := strconv.ParseFloat(r[5], 64)
		if err1 != nil || err2 != nil {
			t.Fatal(r)
		}
		p.add(t, r[6], "2006-01-02 15:04:05", r[4], quantity*int64(math.Round(price*1e6)))
	}
	if all := p.customers(); len(all) != 4372 {
		t.Errorf("%d customers, want 4372", len(all))
	} else {
		checkBands(t, all)
	}
}

func TestSizesOfCDNOW(t *testing.T) {
	p := &population{value: map[string]int64{}, seen: map[string]int64{}}
	for _, r := range rows(t, "cdnow_master.csv.gz") {
		spend, err := strconv.ParseFloat(r[3], 64)
		if err != nil {
			t.Fatal(r)
		}
		p.add(t, r[0], "20060102", r[1], int64(math.Round(spend*1e6)))
	}
	all := p.customers()
	if len(all) != 23570 {
		t.Errorf("%d customers, want 23570", len(all))
	}
	checkBands(t, all)
}
