package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/compare"
)

// Query collects what expressions read of a row of dw.events, which is f, and of item, the element in hand as JSON: each member once, under an alias,
// however many expressions read it. The zero Query is empty.
type Query struct {
	aliases map[string]string
	columns []string
}

// Columns are the members that were read so far, each as "expression AS alias": they belong into the SELECT that has f.
func (q *Query) Columns() []string { return q.columns }

// alias is the name of an expression over one member.
func (q *Query) alias(sql string) string {
	if q.aliases == nil {
		q.aliases = map[string]string{}
	}
	name, ok := q.aliases[sql]
	if !ok {
		name = "m" + strconv.Itoa(len(q.aliases))
		q.aliases[sql] = name
		q.columns = append(q.columns, sql+" AS "+name)
	}
	return name
}

// SQL is the condition as a ClickHouse expression over q's aliases: a UInt8 of 0 or 1, never NULL.
func (b *Bool) SQL(q *Query) string {
	switch b.kind {
	case kindAnd, kindOr:
		parts := make([]string, len(b.kids))
		for i, k := range b.kids {
			parts[i] = k.SQL(q)
		}
		if b.kind == kindOr {
			return "(" + strings.Join(parts, " OR ") + ")"
		}
		return "(" + strings.Join(parts, " AND ") + ")"
	case kindNot:
		return "(NOT " + b.kids[0].SQL(q) + ")"
	case kindText:
		return "ifNull(" + sqlOfTexts(b.op, b.path.sqlText(q), quote(b.text)) + ", 0)"
	case kindNumber:
		return fmt.Sprintf("ifNull(%s %s toInt64(%d), 0)", b.path.sqlNumber(q), sqlOf(b.op), b.num)
	case kindTruth:
		return b.path.sqlTruth(q, "1")
	case kindFalse:
		return b.path.sqlTruth(q, "0")
	default:
		return b.path.sqlHas(q)
	}
}

func sqlOf(o compare.Op) string {
	if o == compare.Equal {
		return "="
	}
	return string(o)
}

func sqlOfTexts(o compare.Op, a, b string) string {
	switch o {
	case compare.StartsWith, compare.EndsWith:
		return fmt.Sprintf("%s(%s, %s)", o, a, b)
	case compare.Contains:
		return fmt.Sprintf("position(%s, %s) > 0", a, b)
	default:
		return fmt.Sprintf("%s %s %s", a, sqlOf(o), b)
	}
}

// SQL is the number in millionths as a ClickHouse expression over q's aliases: a Nullable(Int64), NULL when absent.
func (n *Number) SQL(q *Query) string {
	switch {
	case n.a == nil:
		return fmt.Sprintf("toNullable(toInt64(%d))", n.constant)
	case n.b == nil:
		return n.a.sqlNumber(q)
	default:
		wide := fmt.Sprintf("intDiv(toInt128(%s) * %s, 1000000)", n.a.sqlNumber(q), n.b.sqlNumber(q))
		return fmt.Sprintf("if(abs(%s) <= 9223372036854775807, toInt64(%s), NULL)", wide, wide)
	}
}

// SQL is the text as a ClickHouse expression over q's aliases: a Nullable(String), NULL when absent.
func (t *Text) SQL(q *Query) string { return t.path.sqlText(q) }

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

// sqlType is the form of a member, as JSONType says it.
func (p *Path) sqlType(q *Query) string {
	doc, keys := p.sqlArgs()
	return q.alias(fmt.Sprintf("toString(JSONType(%s%s))", doc, keys))
}

// sqlString and sqlFloat are a member that is a text, and one that is a number.
func (p *Path) sqlString(q *Query) string {
	doc, keys := p.sqlArgs()
	return q.alias(fmt.Sprintf("JSONExtractString(%s%s)", doc, keys))
}

func (p *Path) sqlFloat(q *Query) string {
	doc, keys := p.sqlArgs()
	return q.alias(fmt.Sprintf("JSONExtractFloat(%s%s)", doc, keys))
}

func (p *Path) sqlText(q *Query) string {
	if p.root == rootColumn {
		f := fields[p.column]
		if f.truth != nil {
			return q.alias(fmt.Sprintf("toNullable(if(%s, 'true', 'false'))", f.sql))
		}
		text := q.alias(f.sql)
		return q.alias(fmt.Sprintf("if(length(%[1]s) BETWEEN 1 AND %[2]d, %[1]s, NULL)", text, maxText))
	}
	doc, keys := p.sqlArgs()
	return q.alias(fmt.Sprintf(`multiIf(%[1]s = 'String', if(length(%[2]s) BETWEEN 1 AND %[3]d, %[2]s, NULL), `+
		`%[1]s IN ('Int64', 'UInt64', 'Double'), if(%[4]s = trunc(%[4]s) AND abs(%[4]s) < 9007199254740992, toString(toInt64(%[4]s)), NULL), `+
		`%[1]s = 'Bool', if(JSONExtractBool(%[5]s%[6]s), 'true', 'false'), NULL)`, p.sqlType(q), p.sqlString(q), maxText, p.sqlFloat(q), doc, keys))
}

func (p *Path) sqlNumber(q *Query) string {
	if p.root == rootColumn {
		f := fields[p.column]
		if f.truth != nil {
			return "CAST(NULL AS Nullable(Int64))"
		}
		text := q.alias(f.sql)
		return micro(q, fmt.Sprintf("if(%s, toFloat64OrNull(%s), NULL)", plain(text), text))
	}
	return micro(q, fmt.Sprintf("multiIf(%[1]s IN ('Int64', 'UInt64', 'Double'), toNullable(%[3]s), %[1]s = 'String' AND %[4]s, toFloat64OrNull(%[2]s), NULL)",
		p.sqlType(q), p.sqlString(q), p.sqlFloat(q), plain(p.sqlString(q))))
}

// plain says whether a text is a plain decimal.
func plain(text string) string {
	return fmt.Sprintf(`(length(%[1]s) <= 40 AND match(%[1]s, '^[-+]?[0-9]+([.][0-9]+)?\\z'))`, text)
}

// micro rounds a Nullable(Float64) to millionths.
func micro(q *Query, x string) string {
	x = q.alias(fmt.Sprintf("roundBankers(%s * 1e6)", x))
	return q.alias(fmt.Sprintf("if(abs(%[1]s) <= 9e18, toInt64(%[1]s), NULL)", x))
}

func (p *Path) sqlTruth(q *Query, want string) string {
	if p.root == rootColumn {
		if fields[p.column].truth == nil {
			return "0"
		}
		return fmt.Sprintf("toUInt8(%s = %s)", fields[p.column].sql, want)
	}
	doc, keys := p.sqlArgs()
	return fmt.Sprintf("(%s = 'Bool' AND toUInt8(JSONExtractBool(%s%s)) = %s)", p.sqlType(q), doc, keys, want)
}

func (p *Path) sqlHas(q *Query) string {
	if p.root == rootColumn {
		f := fields[p.column]
		if f.truth != nil {
			return "1"
		}
		return fmt.Sprintf("(%s != '')", q.alias(f.sql))
	}
	return fmt.Sprintf("(%s != 'Null')", p.sqlType(q))
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
