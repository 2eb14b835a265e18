package money_test

import (
	"testing"

	"github.com/freshet/freshet/pkg/money"
)

func TestAnAmountIsTakenApart(t *testing.T) {
	for text, want := range map[string]money.Written{
		"12.50":          {Number: "12.50"},
		"(US$ 1,234.50)": {Number: "1,234.50", Negative: true, Currency: "USD"},
		"-$12.96":        {Number: "12.96", Negative: true, Currency: "$"},
		"12,- kr":        {Number: "12,", Currency: "KR"},
		"$12 CAD":        {Number: "12", Currency: "CAD"},
		"￥１２０":           {Number: "120", Currency: "¥"},
		"1 234,56 €":     {Number: "1 234,56", Currency: "EUR"},
		"١٢٫٥":           {Number: "12" + money.ArabicMark + "5"},
		"Rs. 500/-":      {Number: "500", Currency: "RS"},
	} {
		if got, ok := money.Apart(text); !ok || got != want {
			t.Errorf("%q: %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "kr", "12 apples", "(12", "$12 EUR", "12%"} {
		if got, ok := money.Apart(text); ok {
			t.Errorf("%q is an amount: %+v", text, got)
		}
	}
}

func TestASignIsWrittenAsApartWritesIt(t *testing.T) {
	for text, want := range map[string]string{"us$": "USD", "Kr.": "KR", "￥": "¥", "eur": "EUR", " $ ": "$"} {
		if got, known := money.Sign(text); !known || got != want {
			t.Errorf("%q: %q, %v", text, got, known)
		}
	}
	if got, known := money.Sign("apples"); known {
		t.Errorf("apples are money: %q", got)
	}
}
