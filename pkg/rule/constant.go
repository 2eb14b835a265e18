package rule

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// limit reads a constant and scales it to the leaf's integers, exactly.
func (c *compiler) limit(e ast.Expr, scale int64) (int64, bool) {
	var text string
	fine := true
	switch v := e.AsLiteral().(type) {
	case types.Int:
		text = strconv.FormatInt(int64(v), 10)
	case types.Double:
		// The shortest text that reads back as this double is what was written, up to 15 digits.
		text = strconv.FormatFloat(float64(v), 'f', -1, 64)
		fine = len(strings.ReplaceAll(strings.Trim(text, "-.0"), ".", "")) <= 15
	default:
		c.fail(e, "compare with a number, such as 3 or 499.99")
		return 0, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok || !fine {
		c.fail(e, "the number must be finite, and have at most 15 digits when it has a decimal point")
		return 0, false
	}
	r.Mul(r, new(big.Rat).SetInt64(scale))
	if !r.IsInt() {
		c.fail(e, "the number is too fine: counts are whole, money has at most 6 decimals, elapsed time whole milliseconds")
		return 0, false
	}
	// A quarter of the range, so that a moment plus a limit never overflows.
	if n := r.Num(); n.BitLen() <= 61 {
		return n.Int64(), true
	}
	c.fail(e, "the number is too large")
	return 0, false
}

var plainDecimal = regexp.MustCompile(`^[+-]?[0-9]{1,12}(\.[0-9]{1,6})?$`)

// micros reads the text of a trait as a number in millionths: a plain decimal of at most 12 digits before the point and 6 behind it.
func micros(text string) (int64, bool) {
	if !plainDecimal.MatchString(text) {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	return r.Mul(r, new(big.Rat).SetInt64(million)).Num().Int64(), true
}

// near is a hint at names that look like one, "" when none does.
func (c *compiler) near(name string) string {
	stem, _, _ := strings.Cut(name, "_")
	var like []string
	for _, n := range c.schema.Names() {
		if s, _, _ := strings.Cut(n, "_"); s == stem && len(like) < 8 {
			like = append(like, n)
		}
	}
	if len(like) == 0 {
		return ""
	}
	return " (there are " + strings.Join(like, ", ") + ")"
}
