package decode

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// moneyFields are the members of an object that says an amount, in the forms that shops' systems write: {amount, currency} and
// {value, currency_code}; Shopify's {shop_money, presentment_money}; Google's {units, nanos, currency_code}; commercetools'
// {centAmount, fractionDigits, currencyCode}; Dinero's {amount, precision or scale, currency}, whose amount is in minor units.
type moneyFields struct{ amount, value, currency, shopMoney, units, nanos, cents, digits []byte }

func (f *moneyFields) member(name string) *[]byte {
	switch name {
	case "amount":
		return &f.amount
	case "value":
		return &f.value
	case "currency", "currencycode":
		return &f.currency
	case "shopmoney":
		return &f.shopMoney
	case "units":
		return &f.units
	case "nanos":
		return &f.nanos
	case "centamount":
		return &f.cents
	case "fractiondigits", "precision", "scale":
		return &f.digits
	}
	return nil
}

var errNoAmount = errors.New("is an object without amount and currency")

// moneyObject reads an object that says an amount.
func (r *orderReader) moneyObject(f *moneyFields, depth int) (money.Amount, error) {
	if f.shopMoney != nil { // the shop's own currency, which its orders name; presentment_money is what the buyer saw
		return r.amountOf(f.shopMoney, depth+1)
	}
	currency, err := r.currencyIn(f.currency)
	if err != nil {
		return money.Amount{}, err
	}
	var a money.Amount
	switch {
	case f.cents != nil:
		a.Micros, err = minor(f.cents, f.digits, currency)
	case f.units != nil:
		a.Micros, err = unitsAndNanos(f.units, f.nanos)
	case f.amount != nil && f.digits != nil:
		a.Micros, err = minor(f.amount, f.digits, currency)
	case f.amount != nil:
		a, err = r.amountOf(f.amount, depth+1)
	case f.value != nil:
		a, err = r.amountOf(f.value, depth+1)
	default:
		err = errNoAmount
	}
	if err == nil && currency != "" {
		if a.Currency != "" && a.Currency != currency {
			return money.Amount{}, errors.New("names two currencies")
		}
		a.Currency = currency
	}
	return a, err
}

// currencyIn reads the currency that an amount names; an object is asked for its code, as Dinero writes it.
func (r *orderReader) currencyIn(raw []byte) (string, error) {
	if raw == nil {
		return "", nil
	}
	if raw[0] == '{' {
		var code []byte
		r.members(raw, func(name string) *[]byte {
			if name == "code" {
				return &code
			}
			return nil
		})
		raw = code
	}
	if len(raw) > 0 && raw[0] == '"' {
		if code, known := money.Currency(view(jsonscan.Text(raw))); known {
			return code, nil
		}
	}
	return "", errors.New("names a currency that is no code of ISO 4217")
}

// minor reads an amount in minor units, with so many digits of them, else as many as the currency has.
func minor(amount, digits []byte, currency string) (int64, error) {
	n, known := money.MinorDigits(currency)
	if digits != nil {
		var err error
		n, err = strconv.Atoi(view(digits))
		known = err == nil && n >= 0 && n <= 18
	}
	if !known {
		return 0, errors.New("is in minor units of an unknown size: name the currency")
	}
	text := numeral(amount)
	if !integer([]byte(text)) {
		return 0, errors.New("has no whole number of minor units")
	}
	return money.ParseMicros(text + "e-" + strconv.Itoa(n))
}

// unitsAndNanos adds whole units and billionths, as google.type.Money has them.
func unitsAndNanos(units, nanos []byte) (int64, error) {
	whole, err := money.ParseMicros(numeral(units))
	if err != nil || nanos == nil {
		return whole, err
	}
	part, err := money.ParseMicros(numeral(nanos) + "e-9")
	if err == nil && (part > 0 && whole > math.MaxInt64-part || part < 0 && whole < math.MinInt64-part) {
		err = money.ErrRange
	}
	return whole + part, err
}

// numeral is a number's digits, sent as a number or as a text.
func numeral(raw []byte) string {
	if raw[0] == '"' {
		raw = jsonscan.Text(raw)
	}
	return strings.TrimSpace(view(raw))
}
