package encoding

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tally is what the cells of a file say when they are decoded in one way.
type tally struct {
	runes map[rune]int // letters and characters, beyond ASCII
	fixed float64      // of what does not depend on the language, as a logarithm
	high  int          // runes beyond ASCII
	bad   int          // cells that the encoding does not have
}

// The costs, as natural logarithms: how much rarer such a thing is than an ordinary letter.
const (
	undecodable = -20.0
	control     = -14.0 // of the eighties of ISO 8859, and runes for private use
	otherScript = -6.0  // letters of two scripts side by side
	capital     = -5.0  // a capital behind a small letter, or a small letter among capitals
	lonely      = -3.0  // a letter beyond ASCII that is a word of its own
	inARow      = -2.5  // Latin letters beyond ASCII side by side
	plainLetter = -3.0  // a letter of ASCII among letters
	beside      = -3.0  // a Chinese, Japanese or Korean character beside a Latin letter
)

// add weighs a cell.
func (t *tally) add(cell string) {
	bad := false
	before, r := rune(' '), rune(' ')
	for i := 0; i < len(cell); {
		next, size := utf8.DecodeRuneInString(cell[i:])
		i += size
		bad = t.rune(before, r, next) || bad
		before, r = r, next
	}
	if bad = t.rune(before, r, ' ') || bad; bad {
		t.bad++
	}
}

// rune weighs a rune between two others, and says whether it stands for what cannot be decoded.
func (t *tally) rune(before, r, next rune) (bad bool) {
	if r < utf8.RuneSelf {
		return false
	}
	t.high++
	switch s := scriptOf(r); {
	case r == utf8.RuneError:
		t.fixed += undecodable
		return true
	case r < 0xa0, r >= 0xe000 && r <= 0xf8ff, r < 0x3000 && unicode.Is(unicode.Co, r):
		t.fixed += control
	case s == none && r < 0x3000:
		t.fixed += symbol(before, r, next)
	default:
		t.runes[r]++
		t.fixed += letter(s, before, r, next)
	}
	return false
}

type script uint8

const (
	none script = iota
	latin
	cyrillic
	greek
	hebrew
	arabic
	thai
	asian
	other
)

// scriptOf is what a rune is written in; none for what is no letter.
func scriptOf(r rune) script {
	switch {
	case r < utf8.RuneSelf:
		if r|0x20 >= 'a' && r|0x20 <= 'z' {
			return latin
		}
		return none
	case r == 'ª' || r == 'º' || r == 'µ' || !unicode.IsLetter(r) && !unicode.IsMark(r):
		if r >= 0x3000 {
			return asian // its punctuation, and full-width forms
		}
		return none
	case r < 0x250:
		return latin
	case r >= 0x370 && r < 0x400:
		return greek
	case r >= 0x400 && r < 0x530:
		return cyrillic
	case r >= 0x590 && r < 0x600:
		return hebrew
	case r >= 0x600 && r < 0x780:
		return arabic
	case r >= 0xe00 && r < 0xe80:
		return thai
	case r >= 0x1100:
		return asian
	}
	return other
}

// programs are signs that stand in programs, not in words: where they do, they are halves of characters.
const programs = "[\\]^_`{|}~@"

// letter is the cost of a letter's neighbours.
func letter(s script, before, r, next rune) (cost float64) {
	was, comes := scriptOf(before), scriptOf(next)
	switch s {
	case latin:
		if was == latin && before >= utf8.RuneSelf {
			cost += inARow
		}
		if strings.ContainsRune(programs, before) || strings.ContainsRune(programs, next) {
			cost += beside
		}
	case asian:
		if was == latin && before < utf8.RuneSelf {
			cost += beside
		}
		if comes == latin && next < utf8.RuneSelf {
			cost += beside
		}
		return cost
	}
	if was == none && comes == none && s != thai {
		cost += lonely
	}
	if was != none && was != s {
		cost += otherScript
	}
	if comes != none && comes != s && next < utf8.RuneSelf {
		cost += otherScript
	}
	return cost + cases(before, r, next)
}

// cases is the cost of capitals where there should be none.
func cases(before, r, next rune) float64 {
	switch {
	case unicode.IsUpper(r) && unicode.IsLower(before):
		return capital
	case unicode.IsUpper(r) && unicode.IsUpper(before) && unicode.IsLower(next), unicode.IsLower(r) && unicode.IsUpper(before) && unicode.IsUpper(next):
		return capital + 1
	case unicode.IsLower(r) && unicode.IsUpper(next):
		return capital
	}
	return 0
}

// symbol is the cost of what is no letter. Signs that people use cost less where people use them.
func symbol(before, r, next rune) float64 {
	was, comes := scriptOf(before) != none, scriptOf(next) != none
	near := func(r rune) bool { return r >= '0' && r <= '9' || r == ' ' }
	switch {
	case r == 0xa0:
		return -4
	case was && comes:
		if strings.ContainsRune("’·", r) {
			return -3
		}
		return -9
	case strings.ContainsRune("€£¥", r) && (near(before) || near(next)):
		return -4
	case strings.ContainsRune("°²³½", r) && (near(before) || was):
		return -4.5
	case strings.ContainsRune("®™", r) && !comes:
		return -3.5
	case r == 'º' || r == 'ª', was && strings.ContainsRune("’”»…", r), comes && strings.ContainsRune("“„«¿¡", r):
		return -5
	case !was && !comes && strings.ContainsRune("–—•§©×±«»“”„…½¼¾¹¢№", r):
		return -5
	case was || comes:
		return -7.5
	case r >= 0x2500 && r < 0x2600: // boxes
		return -9
	}
	return -8
}

// under is the whole logarithm under a language.
func (t *tally) under(m *model) float64 {
	sum := t.fixed
	for r, n := range t.runes {
		sum += float64(n) * m.of(r)
	}
	return sum
}

// many says that most letters are of languages that have thousands of characters.
func (t *tally) many() bool {
	n := 0
	for r, of := range t.runes {
		if scriptOf(r) == asian {
			n += of
		}
	}
	return 2*n > t.high
}
