package simulator

import "strconv"

// stampLayout is how a timestamp is written: fixed length, so that it can be filled in last.
const (
	stampLayout = "2006-01-02T15:04:05.000Z"
	stampBlank  = "0000-00-00T00:00:00.000Z"
)

// appendCents writes money with two decimals, exactly: 1999 is 19.99.
func appendCents(b []byte, cents int64) []byte {
	if cents < 0 {
		b, cents = append(b, '-'), -cents
	}
	b = strconv.AppendInt(b, cents/100, 10)
	return append(b, '.', byte('0'+cents/10%10), byte('0'+cents%10))
}

// appendString writes a key and a value that need no escaping: the simulator makes plain ASCII only.
func appendString(b []byte, key, value string) []byte {
	b = append(b, '"')
	b = append(b, key...)
	b = append(b, `":"`...)
	b = append(b, value...)
	return append(b, '"')
}

func appendInt(b []byte, key string, value int64) []byte {
	b = append(b, '"')
	b = append(b, key...)
	b = append(b, `":`...)
	return strconv.AppendInt(b, value, 10)
}

func appendMoney(b []byte, key string, cents int64) []byte {
	b = append(b, '"')
	b = append(b, key...)
	b = append(b, `":`...)
	return appendCents(b, cents)
}

// appendLine writes one product of a cart or an order.
func appendLine(b []byte, l line) []byte {
	b = append(b, '{')
	b = append(b, l.product.json...)
	b = append(b, `,"quantity":`...)
	b = strconv.AppendInt(b, l.quantity, 10)
	return append(b, '}')
}

func appendLines(b []byte, lines []line) []byte {
	b = append(b, `"products":[`...)
	for i, l := range lines {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLine(b, l)
	}
	return append(b, ']')
}

// appendUUID writes 128 bits in the usual form of an anonymous id.
func appendUUID(b []byte, hi, lo uint64) []byte {
	const digits = "0123456789abcdef"
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			b = append(b, '-')
		}
		word := hi
		if i >= 16 {
			word = lo
		}
		b = append(b, digits[word>>(60-4*(i%16))&15])
	}
	return b
}
