package expr

import (
	"fmt"
	"strconv"
	"strings"
)

// SQL is the condition as a ClickHouse expression over f, a row of dw.events, and item, the element in hand as JSON: a UInt8 of 0 or 1, never
// NULL.
func (b *Bool) SQL() string {
	switch b.kind {
	case kindAnd, kindOr:
		parts := make([]string, len(b.kids))
		for i, k := range b.kids {
			parts[i] = k.SQL()
		}
		if b.kind == kindOr {
			return "(" + strings.Join(parts, " OR ") + ")"
		}
		return "(" + strings.Join(parts, " AND ") + ")"
	case kindNot:
		return "(NOT " + b.kids[0].SQL() + ")"
	case kindText:
		return "ifNull(" + b.op.sqlOfTexts(b.path.sqlText(), quote(b.text)) + ", 0)"
	case kindNumber:
		return fmt.Sprintf("ifNull(%s %s toInt64(%d), 0)", b.path.sqlNumber(), b.op.sql(), b.num)
	case kindTruth:
		return b.path.sqlTruth("1")
	case kindFalse:
		return b.path.sqlTruth("0")
	default:
		return b.path.sqlHas()
	}
}

func (o op) sql() string {
	if o == opEqual {
		return "="
	}
	return string(o)
}

func (o op) sqlOfTexts(a, b string) string {
	switch o {
	case opStartsWith, opEndsWith:
		return fmt.Sprintf("%s(%s, %s)", o, a, b)
	case opContains:
		return fmt.Sprintf("position(%s, %s) > 0", a, b)
	default:
		return fmt.Sprintf("%s %s %s", a, o.sql(), b)
	}
}

// SQL is the number in millionths as a ClickHouse expression: a Nullable(Int64), NULL when absent.
func (n *Number) SQL() string {
	switch {
	case n.a == nil:
		return fmt.Sprintf("toNullable(toInt64(%d))", n.constant)
	case n.b == nil:
		return n.a.sqlNumber()
	default:
		wide := fmt.Sprintf("intDiv(toInt128(%s) * %s, 1000000)", n.a.sqlNumber(), n.b.sqlNumber())
		return fmt.Sprintf("if(abs(%s) <= 9223372036854775807, toInt64(%s), NULL)", wide, wide)
	}
}

// SQL is the text as a ClickHouse expression: a Nullable(String), NULL when absent.
func (t *Text) SQL() string { return t.path.sqlText() }

// SQL is the array's elements as JSON, as a ClickHouse expression: an Array(String), empty when there is no array.
func (p *Path) SQL() string {
	doc, keys := p.sqlArgs()
	return fmt.Sprintf("arraySlice(JSONExtractArrayRaw(%s%s), 1, %d)", doc, keys, maxElements)
}

// sqlArgs are the document and the keys of a member, as the JSON functions take them.
func (p *Path) sqlArgs() (doc, keys string) {
	for _, k := range p.keys {
		keys += ", " + quote(k)
	}
	if p.root == rootItem {
		return "item", keys
	}
	return "f." + rootNames[p.root], keys
}

func (p *Path) sqlType() string {
	doc, keys := p.sqlArgs()
	return fmt.Sprintf("toString(JSONType(%s%s))", doc, keys)
}

func (p *Path) sqlText() string {
	if p.root == rootColumn {
		f := fields[p.column]
		if f.truth != nil {
			return fmt.Sprintf("toNullable(if(%s, 'true', 'false'))", f.sql)
		}
		return fmt.Sprintf("if(length(%s) BETWEEN 1 AND %d, %s, NULL)", f.sql, maxText, f.sql)
	}
	doc, keys := p.sqlArgs()
	text := fmt.Sprintf("JSONExtractString(%s%s)", doc, keys)
	number := fmt.Sprintf("JSONExtractFloat(%s%s)", doc, keys)
	return fmt.Sprintf(`multiIf(%[1]s = 'String', if(length(%[2]s) BETWEEN 1 AND %[3]d, %[2]s, NULL),
 %[1]s IN ('Int64', 'UInt64', 'Double'), if(%[4]s = trunc(%[4]s) AND abs(%[4]s) < 9007199254740992, toString(toInt64OrZero(toString(toInt64(%[4]s)))), NULL),
 %[1]s = 'Bool', if(JSONExtractBool(%[5]s%[6]s), 'true', 'false'), NULL)`, p.sqlType(), text, maxText, number, doc, keys)
}

func (p *Path) sqlNumber() string {
	if p.root == rootColumn {
		f := fields[p.column]
		if f.truth != nil {
			return "CAST(NULL AS Nullable(Int64))"
		}
		return micro(fmt.Sprintf("if(%s, toFloat64OrNull(%s), NULL)", plain(f.sql), f.sql))
	}
	doc, keys := p.sqlArgs()
	text := fmt.Sprintf("JSONExtractString(%s%s)", doc, keys)
	return micro(fmt.Sprintf(`multiIf(%[1]s IN ('Int64', 'UInt64', 'Double'), toNullable(JSONExtractFloat(%[3]s%[4]s)),
 %[1]s = 'String' AND %[5]s, toFloat64OrNull(%[2]s), NULL)`, p.sqlType(), text, doc, keys, plain(text)))
}

// plain says whether a text is a plain decimal.
func plain(text string) string {
	return fmt.Sprintf(`(length(%[1]s) <= 40 AND match(%[1]s, '^[-+]?[0-9]+([.][0-9]+)?\\z'))`, text)
}

// micro rounds a Nullable(Float64) to millionths.
func micro(x string) string {
	return fmt.Sprintf("if(abs(roundBankers(%[1]s * 1e6)) <= 9e18, toInt64(roundBankers(%[1]s * 1e6)), NULL)", x)
}

func (p *Path) sqlTruth(want string) string {
	if p.root == rootColumn {
		if fields[p.column].truth == nil {
			return "0"
		}
		return fmt.Sprintf("toUInt8(%s = %s)", fields[p.column].sql, want)
	}
	doc, keys := p.sqlArgs()
	return fmt.Sprintf("(%s = 'Bool' AND toUInt8(JSONExtractBool(%s%s)) = %s)", p.sqlType(), doc, keys, want)
}

func (p *Path) sqlHas() string {
	if p.root == rootColumn {
		f := fields[p.column]
		if f.truth != nil {
			return "1"
		}
		return fmt.Sprintf("(%s != '')", f.sql)
	}
	return fmt.Sprintf("(%s != 'Null')", p.sqlType())
}

// quote writes a text as a ClickHouse constant. Braces, which could be taken for a parameter, and all that is not plain ASCII are written as bytes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~' || c == '{' || c == '}' || c == '?' || c == '$' || c == '@':
			b.WriteString(`\x` + strconv.FormatUint(uint64(c)+0x100, 16)[1:])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
