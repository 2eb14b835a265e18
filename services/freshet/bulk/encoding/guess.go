package encoding

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// Finding is what the bytes of a file say about its encoding.
type Finding struct {
	// Name is the encoding for format.encoding; empty for UTF-8, for UTF-16 with its mark, and for what is no text.
	Name string
	// Sure says that no other encoding fits about as well.
	Sure bool
	// Why is the evidence, for people, without a full stop.
	Why string
	// Others are encodings that fit nearly as well, the best first.
	Others []string
	// BadRows is how many of the lines looked at hold bytes that the encoding does not have.
	BadRows int
}

// Guess finds the encoding of a text of size bytes. A file of up to 8 MiB is read as a whole; of a larger one 64 blocks spread over it are, 8 MiB
// together, and 256 MiB when these are all ASCII.
func Guess(r io.ReaderAt, size int64) (Finding, error) {
	s, err := take(r, size)
	if err != nil {
		return Finding{}, err
	}
	f := s.guess()
	if !s.all {
		f.Why += fmt.Sprintf(" (of %d MiB, %d blocks of %d MiB together were looked at)", size>>20, s.n, s.read>>20)
	}
	return f, nil
}

func (s *sample) guess() Finding {
	head := s.head[:min(len(s.head), 1<<16)]
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _, bad, _ := s.utf8()
		return Finding{Sure: true, Why: "the file begins with the mark of UTF-8", BadRows: bad}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return Finding{Sure: true, Why: "the file begins with the mark of UTF-16"}
	case bytes.HasPrefix(head, []byte("PAR1")):
		return Finding{Sure: true, Why: "the file is no text"}
	case bytes.IndexByte(head, 0) >= 0:
		return zeros(head)
	case s.ascii():
		return s.sevenBits()
	}
	valid, invalid, bad, first := s.utf8()
	if valid > invalid || invalid == 0 {
		f := Finding{Sure: invalid*4 <= valid || valid >= 1000 && invalid*2 <= valid, Why: "all of it is UTF-8", BadRows: bad}
		if bad > 0 {
			f.Why = fmt.Sprintf("%d of %d characters beyond ASCII are UTF-8; %d lines have other bytes, as in %q", valid, valid+invalid, bad, first)
		}
		return f
	}
	return s.weigh()
}

// zeros tells UTF-16 without its mark: its ASCII has a zero in every second byte.
func zeros(head []byte) Finding {
	var even, odd int
	for i, b := range head {
		if b == 0 && i%2 == 0 {
			even++
		} else if b == 0 {
			odd++
		}
	}
	name, most, least := "utf-16le", odd, even
	if even > odd {
		name, most, least = "utf-16be", even, odd
	}
	if most*20 < len(head) || least*20 > most {
		return Finding{Why: "the file holds zero bytes, and is no text"}
	}
	return Finding{Name: name, Sure: true, Why: "every second byte of its ASCII is zero"}
}

// sevenBits tells what hides in ASCII.
func (s *sample) sevenBits() Finding {
	for _, p := range s.parts {
		if bytes.Contains(p, []byte("\x1b$B")) || bytes.Contains(p, []byte("\x1b$@")) {
			return Finding{Name: "iso-2022-jp", Sure: true, Why: "it has the escapes of ISO-2022-JP"}
		}
	}
	return Finding{Sure: true, Why: "all of it is ASCII"}
}

// utf8 counts the characters beyond ASCII that are UTF-8, the bytes that are not, and the lines with such; first is the first of these lines, cut.
func (s *sample) utf8() (valid, invalid, bad int, first string) {
	s.lines(func(line []byte) {
		before := invalid
		for i := 0; i < len(line); {
			if line[i] < utf8.RuneSelf {
				i++
				continue
			}
			r, size := utf8.DecodeRune(line[i:])
			if r == utf8.RuneError && size == 1 {
				invalid++
			} else {
				valid++
			}
			i += size
		}
		if invalid > before {
			if bad++; first == "" {
				first = strings.ToValidUTF8(string(line[:min(len(line), 40)]), "\uFFFD")
			}
		}
	})
	return valid, invalid, bad, first
}

// candidates are the encodings weighed, with what speaks for them before a byte is seen, as a logarithm.
var candidates = map[string]float64{
	"windows-1252": 0, "macintosh": -1.5, "iso-8859-15": -3, "cp437": -2.5, "cp850": -1.5, "cp865": -3.5, "windows-1250": -0.7, "iso-8859-2": -1.7, "cp852": -2, "windows-1254": -0.7,
	"windows-1257": -0.7, "iso-8859-13": -2.5, "iso-8859-4": -4, "iso-8859-16": -4, "windows-1251": -0.3, "koi8-r": -0.7, "koi8-u": -1, "cp866": -1.5, "iso-8859-5": -3, "x-mac-cyrillic": -2.5, "windows-1253": -0.7,
	"iso-8859-7": -1.7, "windows-1255": -0.7, "cp862": -2.5, "windows-1256": -0.7, "iso-8859-6": -2.5, "windows-874": -0.7, "shift_jis": 0, "euc-jp": -1, "euc-kr": 0, "big5": 0, "gb18030": 0,
}

// guessed is one encoding held against the cells.
type guessed struct {
	name, language string
	score          float64
	tally          *tally
	text           string
}

// few are the languages with few writers, with what speaks against them before a byte is seen.
var few = map[string]float64{"Icelandic": -3.5, "Catalan": -2, "Estonian": -2, "Latvian": -1.5, "Lithuanian": -1.5, "Finnish": -1, "Danish": -1, "Swedish": -1, "Croatian": -1, "Romanian": -1, "Serbian": -1,
	"Bulgarian": -1}

// sure is how much better the best has to be than the next, as a logarithm: a hundred and fifty times as likely; sureOfFew is the same where there are
// less than ten letters. plausible is how likely a letter has
// to be on average, so that the best is not only the least bad; plausibleMany is the same for languages of many characters.
const (
	sure      = 5.0
	sureOfFew = 7.5
	nearly    = 8.0
	plausible = -7.5

	plausibleMany = -9.2
)

// weigh holds the encodings against the cells beyond ASCII.
func (s *sample) weigh() Finding {
	cells := s.cells()
	var all []guessed
	for name, prior := range candidates {
		g := guessed{name: name, tally: &tally{runes: map[rune]int{}}}
		d := known[name].NewDecoder()
		var text strings.Builder
		for _, cell := range cells {
			decoded := decode(d, cell)
			g.tally.add(decoded)
			g.tally.fixed += plainLetter * float64(plainOnes(decoded)-1-plainOnes(cell)) // those that are halves of characters need not be explained
			text.WriteString(decoded)
		}
		g.text = text.String()
		g.speak(prior)
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b guessed) int { return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.name, b.name)) })
	best := all[0]
	least := plausible
	if best.tally.many() {
		least = plausibleMany
	}
	f := Finding{Name: best.name, Sure: best.score >= least*float64(best.tally.high)}
	margin := sure
	if best.tally.high < 10 {
		margin = sureOfFew
	}
	seen := map[string]bool{best.text: true}
	for _, g := range all[1:] {
		if seen[g.text] || best.score-g.score > nearly || len(f.Others) == 3 {
			continue // what reads all the same is no other reading
		}
		seen[g.text] = true
		f.Others = append(f.Others, g.name)
		f.Sure = f.Sure && best.score-g.score >= margin
	}
	f.BadRows = s.bad(known[best.name])
	if len(best.tally.runes) == 0 {
		f.Why = fmt.Sprintf("its %d signs beyond ASCII are usual ones, as in %q", best.tally.high, example(best.text))
		return f
	}
	f.Why = fmt.Sprintf("its %d letters beyond ASCII are those of %s, as in %q", best.tally.high, best.language, example(best.text))
	return f
}

// speak finds the language that the cells are best explained by, of those that the encoding can write.
func (g *guessed) speak(prior float64) {
	for language, m := range models() {
		if !writes(g.name, language) {
			continue
		}
		if score := g.tally.under(m) + prior + few[language]; g.language == "" || score > g.score || score == g.score && language < g.language {
			g.language, g.score = language, score
		}
	}
}

// plainOnes counts the bytes of ASCII.
func plainOnes(text string) (n int) {
	for i := range len(text) {
		if text[i] < utf8.RuneSelf {
			n++
		}
	}
	return n
}

func decode(d *encoding.Decoder, cell string) string {
	d.Reset()
	out, err := d.String(cell)
	if err != nil {
		return "\uFFFD "
	}
	return out + " "
}

// example is the beginning of the text, to be judged by the eye.
func example(text string) string {
	if r := []rune(text); len(r) > 30 {
		text = string(r[:30]) + "..."
	}
	return strings.TrimSpace(text)
}

// bad counts the lines that hold bytes which the encoding does not have, among the first two MiB of lines beyond ASCII.
func (s *sample) bad(e encoding.Encoding) (n int) {
	d := e.NewDecoder()
	left := 2 << 20
	s.lines(func(line []byte) {
		if left -= len(line); left < 0 {
			return
		}
		if strings.ContainsRune(decode(d, string(line)), utf8.RuneError) {
			n++
		}
	})
	return n
}
