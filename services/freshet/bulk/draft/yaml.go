package draft

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

func each(texts []string) (out []string) {
	for _, t := range texts {
		out = append(out, quoted(t))
	}
	return out
}

func layouts(list []string) (out []string) {
	for _, l := range list {
		if strings.Trim(l, "abcdefghijklmnopqrstuvwxyz_0123456789") == "" {
			out = append(out, l)
			continue
		}
		out = append(out, `"`+l+`"`)
	}
	return out
}

// quoted is how a draft writes a text in YAML.
func quoted(s string) string {
	plain := s != ""
	for i, r := range s {
		if !(unicode.IsLetter(r) && r < 128 || r == '_' || i > 0 && (r >= '0' && r <= '9' || r == '.')) {
			plain = false
		}
	}
	if plain && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s)) {
		return s
	}
	return string(rows.AppendText(nil, strings.ToValidUTF8(s, "?")))
}

// single is a condition in YAML's single quotes, in which its own double ones need no sign before them.
func single(s string) string {
	if s != strings.ToValidUTF8(s, "?") || strings.ContainsFunc(s, unicode.IsControl) {
		return quoted(s)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func sourceName(name string) string {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
	return fmt.Sprintf("%.64s", name)
}
