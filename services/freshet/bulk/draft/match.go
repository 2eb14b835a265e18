package draft

import (
	"slices"
	"strings"
	"unicode"
)

// plain is a name without capitals, accents, blanks, signs and what stands in brackets: "Unit price (EUR)" is "unitprice".
func plain(name string) string {
	if i := strings.IndexAny(name, "(（["); i > 0 {
		name = name[:i]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) || r == 'º' || r == 'ª' {
			return -1
		}
		if bare, ok := accents[unicode.ToLower(r)]; ok {
			return bare
		}
		return unicode.ToLower(r)
	}, name)
}

var accents = map[rune]rune{'ä': 'a', 'á': 'a', 'à': 'a', 'â': 'a', 'ã': 'a', 'å': 'a', 'ą': 'a', 'ă': 'a', 'é': 'e', 'è': 'e', 'ê': 'e', 'ë': 'e', 'ę': 'e', 'ě': 'e', 'í': 'i', 'ì': 'i', 'î': 'i', 'ï': 'i', 'ı': 'i',
	'ö': 'o', 'ó': 'o', 'ò': 'o', 'ô': 'o', 'õ': 'o', 'ő': 'o', 'ø': 'o', 'ü': 'u', 'ú': 'u', 'ù': 'u', 'û': 'u', 'ű': 'u', 'ů': 'u', 'ý': 'y', 'ç': 'c', 'ć': 'c', 'č': 'c', 'ď': 'd', 'ğ': 'g', 'ł': 'l', 'ñ': 'n', 'ń': 'n', 'ň': 'n', 'ř': 'r',
	'ś': 's', 'š': 's', 'ş': 's', 'ș': 's', 'ť': 't', 'ț': 't', 'ź': 'z', 'ż': 'z', 'ž': 'z'}

// aside are words of a name that do not say what a column is: articles, and whether tax is within.
var aside = []string{"de", "do", "da", "del", "della", "di", "du", "des", "la", "le", "el", "of", "the", "brutto", "netto", "ttc", "ht", "incl", "inc", "excl", "ex", "mwst", "vat"}

// others are first words of a name that make it the name of something else: a merchant's number of an order is not the order's.
var others = []string{"merchant", "seller", "supplier", "vendor", "agent", "employee", "staff", "server", "cashier", "owner", "assignee", "submitter", "parent", "master", "original", "previous", "store", "shop", "company", "internal",
	"shipping", "ship", "delivery", "refund", "tracking", "sender", "sales", "paypal"}

// parts are the words of a name: "amazon-order-id" and "amazonOrderId" have three.
func parts(name string) (out []string) {
	if i := strings.IndexAny(name, "(（["); i > 0 {
		name = name[:i]
	}
	var b strings.Builder
	before := ' '
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			b.WriteByte(' ')
		case unicode.IsUpper(r) && unicode.IsLower(before):
			b.WriteByte(' ')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		before = r
	}
	for word := range strings.FieldsSeq(b.String()) {
		if word = plain(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

// core is a name without words that are aside; foreign says that it is the name of another's.
func core(name string) (words []string, foreign bool) {
	words = slices.DeleteFunc(parts(name), func(w string) bool { return slices.Contains(aside, w) })
	return words, len(words) > 1 && slices.Contains(others, words[0])
}

// ends says that a name ends in a word of the vocabulary: "Contact email", "amazon-order-id", 注文者メールアドレス. Only words that mean one thing
// wherever they stand count: an amount may be any.
func (c *column) ends(r role, word string) bool {
	switch r {
	case userID, email, phone, orderID, currency:
	default:
		return false
	}
	if r != email && r != phone && r != currency && word[0] < 0x80 && !strings.HasSuffix(word, "id") && !strings.HasSuffix(word, "no") && !strings.HasSuffix(word, "number") && !strings.HasSuffix(word, "nr") && !strings.HasSuffix(word, "code") {
		return false
	}
	if word[0] >= 0x80 {
		return len(word) >= 9 && strings.HasSuffix(c.word, word)
	}
	for i := 1; i < len(c.words); i++ {
		if strings.Join(c.words[i:], "") == word {
			return true
		}
	}
	return false
}

// find is the column, not taken, whose name is one of a role's words, the surest word first; -1 for none. Where none is, it is the one whose name is
// such a word but for words that are aside, and then the one that ends in such a word. fits may refuse a column for what it holds.
func find(columns []*column, r role, taken map[int]bool, fits func(*column) bool) int {
	for _, is := range []func(*column, string) bool{
		func(c *column, word string) bool { return c.word == word },
		func(c *column, word string) bool { return strings.Join(c.words, "") == word },
		func(c *column, word string) bool { return !c.foreign && c.ends(r, word) },
	} {
		for _, word := range vocabulary[r] {
			for i, c := range columns {
				if !taken[i] && is(c, word) && (fits == nil || fits(c)) {
					return i
				}
			}
		}
	}
	return -1
}

// isMoney says that a name is of an amount of money.
func isMoney(words []string) bool {
	name := strings.Join(words, "")
	return slices.ContainsFunc([]role{unitPrice, lineTotal, orderTotal, shipping, tax, discount}, func(r role) bool { return slices.Contains(vocabulary[r], name) })
}

// late are words of times at which a row was changed or written, not of the fact.
var late = []string{"updat", "modif", "lastchange", "lastseen", "lastactiv", "geandert", "aktualis", "export", "更新", "修改", "変更", "수정"}

// timeRank is how surely a column's name says that it holds the time of the fact: 0 is the surest, -1 that it does not.
func timeRank(name string) int {
	if hasNoFact(name) {
		return -1
	}
	name = plain(name)
	rank := slices.IndexFunc(timeWords, func(w string) bool {
		if len(w) <= 3 && w[0] < 0x80 { // at, ts, day: only as the name's end, or all of it
			return name == w || strings.HasSuffix(name, w) && len(name) > len(w)+3
		}
		return strings.Contains(name, w)
	})
	if rank >= 0 && slices.ContainsFunc(late, func(w string) bool { return strings.Contains(name, w) }) {
		rank += len(timeWords)
	}
	return rank
}
