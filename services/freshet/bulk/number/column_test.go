package number_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/freshet/bulk/number"
)

func column(values ...string) *number.Column {
	c := &number.Column{}
	for _, v := range values {
		c.Add(v)
	}
	return c
}

// TestTheAmountsOfRealFiles reads files of testdata as found: NAME.right has the numbers of NAME.csv's column amount, or the first of them.
func TestTheAmountsOfRealFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.csv")
	if err != nil || len(files) != 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		right, err := os.ReadFile(strings.TrimSuffix(file, ".csv") + ".right")
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(strings.NewReader(string(raw)))
		if strings.HasPrefix(string(raw), "id;") {
			r.Comma = ';'
		}
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		c := column()
		for _, row := range rows[1:] {
			c.Add(row[3])
		}
		f, ok := c.Finding()
		if !ok || f.Unread > 0 || f.Why == "" {
			t.Errorf("%s: %+v, %v", file, f, ok)
		}
		for i, want := range strings.Fields(string(right)) {
			if got, _, ok := number.Parse(rows[i+1][3], f.Convention); !ok || got != want {
				t.Errorf("%s: %q is read as %q, want %s (%+v)", file, rows[i+1][3], got, want, f)
			}
		}
	}
}

func TestColumn(t *testing.T) {
	for name, c := range map[string]struct {
		values []string
		want   string // decimal sign, thousands, | and the currency, ? when unsure; "" for no numbers
	}{
		"whole numbers":                            {[]string{"1", "20", ""}, `.`},
		"decimals":                                 {[]string{"1.5", "20"}, `.`},
		"a decimal comma":                          {[]string{"1,25", "3"}, `,`},
		"a decimal comma beside three decimals":    {[]string{"1,25", "3,125"}, `,`},
		"a zero in front":                          {[]string{"0,500", "1,250"}, `,`},
		"thousands, of which small ones have none": {[]string{"1,980", "12,800", "500"}, `.,`},
		"thousands, all large":                     {[]string{"1,980", "12,800"}, `.,?`},
		"a large one without a sign":               {[]string{"1,980", "1980", "500"}, `.,?`},
		"millions":                                 {[]string{"25,000", "1,250,000"}, `.,`},
		"points, of which small ones have none":    {[]string{"1.980", "12.800", "500"}, `,.`},
		"points in all":                            {[]string{"1.980", "12.800"}, `.?`},
		"points in millions":                       {[]string{"1.980", "1.250.000"}, `,.`},
		"points and a comma":                       {[]string{"1.980", "12,5"}, `,.`},
		"points in dong":                           {[]string{"1.980 ₫", "12.800 ₫"}, `,.|VND`},
		"points in dinar":                          {[]string{"1.980 KWD", "12.800 KWD"}, `.|KWD?`},
		"points in rupiah":                         {[]string{"Rp 25.000", "Rp 5.000"}, `,.|IDR`},
		"fuel":                                     {[]string{"1,459 €", "1,619 €"}, `.,|EUR?`},
		"dollars":                                  {[]string{"$3.50", "-$12.96", "($4.00)", "$1,234.50"}, `.,|$`},
		"blanks":                                   {[]string{"1 234", "12"}, `. `},
		"blanks and a comma":                       {[]string{"1 234,50", "12,00"}, `, `},
		"apostrophes":                              {[]string{"CHF 1'234.50", "CHF 12.00"}, `.'|CHF`},
		"lakhs":                                    {[]string{"1,00,000", "500"}, `.,`},
		"percent":                                  {[]string{"12.5%", "3%"}, `.`},
		"two currencies":                           {[]string{"12.00 EUR", "12.00 USD"}, `.`},
		"an exponent":                              {[]string{"1.5e-3", "0.2"}, `.`},
		"numbers with leading zeros are names":     {[]string{"00123", "123"}, ``},
		"quarters":                                 {[]string{"Q1", "Q2", "Q4"}, ``},
		"words that are codes":                     {[]string{"TOP 10", "20"}, ``},
		"texts":                                    {[]string{"12", "a dozen"}, ``},
		"dates":                                    {[]string{"2026-01-05", "2026-01-06"}, ``},
		"dates with points":                        {[]string{"05.01.2026"}, ``},
		"nothing":                                  {[]string{"", " "}, ``},
		"one of fifty is none":                     {append(slices.Repeat([]string{"1,5"}, 50), "free"), `,`},
		"two of fifty are":                         {append(slices.Repeat([]string{"1,5"}, 50), "free", "free"), ``},
		"one that speaks against all others is unread": {append(slices.Repeat([]string{"1,5"}, 50), "1.5"), `,`},
	} {
		t.Run(name, func(t *testing.T) {
			f, ok := column(c.values...).Finding()
			got := ""
			if ok {
				got = f.Decimal + f.Thousands
				if f.Currency != "" {
					got += "|" + f.Currency
				}
				if !f.Sure {
					got += "?"
				}
				if f.Sure == (len(f.Alternatives) > 0) && len(f.Currencies) == 0 {
					t.Errorf("what is unsure has an alternative: %+v", f)
				}
			}
			if got != c.want {
				t.Errorf("%q, want %q (%+v)", got, c.want, f)
			}
		})
	}
}

func TestTheNameOfTheColumnTellsThousands(t *testing.T) {
	c := column("1.980", "12.800")
	c.Money = true
	if f, ok := c.Finding(); !ok || f.Convention != (number.Convention{Decimal: ",", Thousands: "."}) || f.Sure || !f.Whole || len(f.Alternatives) != 1 {
		t.Errorf("%+v, %v", f, ok)
	}
	if !c.Fits(number.Convention{}) || c.Fits(number.Convention{Decimal: ",", Thousands: " "}) {
		t.Error("it fits a decimal point, and no blanks")
	}
}

func TestWhatAColumnTells(t *testing.T) {
	f, _ := column("12%", "3 %").Finding()
	if !f.Percent || !f.Whole {
		t.Errorf("%+v", f)
	}
	f, _ = column("12.00 EUR", "12.00 USD", "1.50").Finding()
	if f.Whole || f.Percent || f.Currency != "" || !slices.Equal(f.Currencies, []string{"EUR", "USD"}) {
		t.Errorf("%+v", f)
	}
	f, _ = column(append(slices.Repeat([]string{"1"}, 60), "free")...).Finding()
	if f.Unread != 1 || f.Example != "free" {
		t.Errorf("%+v", f)
	}
}

// However a column is written, what is found reads its values, with the digits they have when it says it is sure.
func TestAFindingReadsItsColumn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, _, c := written(t)
		values := []string{text}
		for range rapid.IntRange(0, 20).Draw(t, "more") {
			if more, _, other := written(t); other == c {
				values = append(values, more)
			}
		}
		f, ok := column(values...).Finding()
		if !ok {
			return // a leading zero, or signs of letters
		}
		read := 0
		for _, v := range values {
			got, _, ok := number.Parse(v, f.Convention)
			if ok {
				read++
			}
			if want, _, _ := number.Parse(v, c); f.Sure && ok && got != want {
				t.Fatalf("%q of %q: %s under %+v, %s as it is written", v, values, got, f, want)
			}
		}
		if read < len(values)-f.Unread {
			t.Fatalf("%d of %q are read under %+v", read, values, f)
		}
	})
}
