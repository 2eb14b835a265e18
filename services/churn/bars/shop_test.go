package bars

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// begin is the first day of the drawn shop.
var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// buyer is one customer of the drawn shop: the days on which they bought, and the day on which they leave, 0 for never. Who leaves buys less in the 90 days before.
type buyer struct {
	bought []float64
	left   float64
}

const shopDays = 360

func drawBuyers(n int) []buyer {
	r := rand.New(rand.NewPCG(7, 11))
	out := make([]buyer, n)
	for i := range out {
		rate := math.Exp(r.NormFloat64()*.7) / 25
		if r.Float64() < .4 {
			out[i].left = 60 + 300*r.Float64()
		}
		for day := 60 * r.Float64(); day < shopDays; day += r.ExpFloat64() / rate {
			if out[i].left == 0 || r.Float64() < (out[i].left-day)/90 {
				out[i].bought = append(out[i].bought, day)
			}
		}
	}
	return out
}

// within counts purchases from one day to another, and their price.
func (b buyer) within(from, to float64) (n int, spent float64) {
	for i, day := range b.bought {
		if day >= from && day < to {
			n, spent = n+1, spent+10+float64(i%5)
		}
	}
	return n, spent
}

// drawShop writes data sets of the drawn shop, as `freshet churn dataset` does, and its truth, as `freshet simulate` does.
func drawShop(t *testing.T, dir string) {
	t.Helper()
	buyers := drawBuyers(600)
	every := func(from, to, step int) (out []int) {
		for d := from; d <= to; d += step {
			out = append(out, d)
		}
		return out
	}
	for _, shop := range []string{"retail", "sim"} {
		writeSet(t, dir, buyers, shop, "churned_60d", 60, every(30, 300, 30))
	}
	writeSet(t, dir, buyers, "retail", "spend_next_90d", 90, every(30, 270, 30))
	writeSet(t, dir, buyers, "sim", "churned_7d", 7, every(240, 350, 7))
	var people, ids strings.Builder
	ids.WriteString("identifier_value,customer_id\n")
	for i, b := range buyers {
		p := person{UserID: fmt.Sprint("u", i)}
		if b.left > 0 {
			p.ChurnAt = dayOf(b.left)
		}
		line, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		people.Write(append(line, '\n'))
		fmt.Fprintf(&ids, "u%d,c%d\n", i, i)
	}
	for name, text := range map[string]string{"people.ndjson": people.String(), "ids.csv": ids.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func dayOf(d float64) time.Time { return begin.Add(time.Duration(d * 24 * float64(time.Hour))) }

func writeSet(t *testing.T, dir string, buyers []buyer, shop, label string, horizon float64, dates []int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("customer_id,at,orders_30d,orders_90d,orders_lifetime,spend_90d,spend_lifetime,first_order,last_order," + label + "\n")
	for _, d := range dates {
		day := float64(d)
		for i, who := range buyers {
			n, spent := who.within(0, day)
			if n == 0 {
				continue
			}
			n30, _ := who.within(day-30, day)
			n90, spent90 := who.within(day-90, day)
			next, nextSpent := who.within(day, day+horizon)
			told := fmt.Sprint(next == 0)
			if strings.HasPrefix(label, "spend") {
				told = fmt.Sprint(nextSpent)
			}
			before := slices.IndexFunc(who.bought, func(x float64) bool { return x >= day })
			if before < 0 {
				before = len(who.bought)
			}
			fmt.Fprintf(&b, "c%d,%s,%d,%d,%d,%g,%g,%.0f,%.0f,%s\n", i, dayOf(day).Format(time.RFC3339), n30, n90, n, spent90, spent,
				(day-who.bought[0])*86_400_000, (day-who.bought[before-1])*86_400_000, told)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, shop+"_"+label+".csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}
