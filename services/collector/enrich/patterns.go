package enrich

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"

	"github.com/ua-parser/uap-go/uaparser"
)

// matcher is a regular expression of uap-core that fills a T.
type matcher[T any] interface{ Match(line string, out *T) }

// pattern is a matcher and what a text must hold for it to match at all.
type pattern[T any] struct {
	matcher[T]
	// literals are in lower case; a text that holds none of them does not match. Empty: nothing is known.
	literals []string
}

// possible says that a text, given in lower case, may match.
func (p *pattern[T]) possible(lower string) bool {
	for _, l := range p.literals {
		if strings.Contains(lower, l) {
			return true
		}
	}
	return len(p.literals) == 0
}

// patterns are the regular expressions of uap-core, each with its literals.
type patterns struct {
	browsers []pattern[uaparser.UserAgent]
	systems  []pattern[uaparser.Os]
	devices  []pattern[uaparser.Device]
}

// builtIn are those compiled into the library: 1,200 expressions, read once in a process (80 ms, 12 MB).
// The library's own Parse would try them all, 1 to 3 ms a text; skipping those whose literals are missing leaves a tenth of that.
var builtIn = sync.OnceValue(func() *patterns {
	parser := uaparser.NewFromSaved()
	p := &patterns{}
	for _, m := range parser.UA {
		p.browsers = append(p.browsers, pattern[uaparser.UserAgent]{m, literalsOf(m.Reg)})
	}
	for _, m := range parser.OS {
		p.systems = append(p.systems, pattern[uaparser.Os]{m, literalsOf(m.Reg)})
	}
	for _, m := range parser.Device {
		p.devices = append(p.devices, pattern[uaparser.Device]{m, literalsOf(m.Reg)})
	}
	return p
})

// first tries the patterns in their order until one fills out.
func first[T any](list []pattern[T], line, lower string, out *T, filled func(*T) bool) {
	for i := range list {
		if !list[i].possible(lower) {
			continue
		}
		if list[i].Match(line, out); filled(out) {
			return
		}
	}
}

// find reads one user agent as the library's Parse does, but for names that it does not know, which stay empty.
func (p *patterns) find(line, lower string) (ua uaparser.UserAgent, os uaparser.Os, device uaparser.Device) {
	first(p.browsers, line, lower, &ua, func(u *uaparser.UserAgent) bool { return u.Family != "" })
	first(p.systems, line, lower, &os, func(o *uaparser.Os) bool { return o.Family != "" })
	first(p.devices, line, lower, &device, func(d *uaparser.Device) bool { return d.Family != "" })
	return ua, os, device
}

const (
	// minLiteral is the shortest literal worth a search: shorter ones are in every text.
	minLiteral = 2
	// maxLiterals is the longest list that is still faster to search than the expression.
	maxLiterals = 512
)

// literalsOf finds texts of which every match of an expression holds at least one, in lower case; nil when it finds none.
func literalsOf(re *regexp.Regexp) []string {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	return required(tree)
}

func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if text := strings.ToLower(string(re.Rune)); len(text) >= minLiteral {
			return []string{text}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if found := required(sub); better(found, best) {
				best = found
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			found := required(sub)
			if len(found) == 0 || len(all)+len(found) > maxLiterals {
				return nil
			}
			all = append(all, found...)
		}
		return all
	}
	return nil
}

// better says that literals a rule out more texts than b: the weakest decides, then the fewest.
func better(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) > 0
	}
	if wa, wb := weakest(a), weakest(b); wa != wb {
		return wa > wb
	}
	return len(a) < len(b)
}

// everywhere is what nearly every browser says of itself; finding it rules nothing out.
const everywhere = "mozilla/5.0 (linux; android 10; k build/) applewebkit/537.36 (khtml, like gecko) version/4.0 chrome/126.0 mobile safari/537.36"

// weakest is the length of the shortest literal, 0 when one is to be found everywhere.
func weakest(list []string) int {
	n := len(list[0])
	for _, l := range list {
		if strings.Contains(everywhere, l) {
			return 0
		}
		n = min(n, len(l))
	}
	return n
}
