package terminal

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSafe(t *testing.T) {
	for what, c := range map[string]struct{ in, want string }{
		"plain":                          {"Order Completed", "Order Completed"},
		"every script":                   {"Zoë Müller Ωμέγα Привет שלום مرحبا 你好 こんにちは हिन्दी", "Zoë Müller Ωμέγα Привет שלום مرحبا 你好 こんにちは हिन्दी"},
		"emoji, joined":                  {"👩‍👩‍👧 ❤️ 🇩🇪", "👩‍👩‍👧 ❤️ 🇩🇪"},
		"a no-break blank":               {"a\u00a0b", "a\u00a0b"},
		"the replacement character":      {"a\ufffdb", "a\ufffdb"},
		"a title, and a clear screen":    {"\x1b]0;owned\a\x1b[2JX", `\u001b]0;owned\u0007\u001b[2JX`},
		"a line of its own":              {"a\nfake line\r\tb", `a\nfake line\r\tb`},
		"a C1 introducer":                {"a\u009b31mb", `a\u009b31mb`},
		"a C1 introducer as a bare byte": {"a\x9b31mb", `a\x9b31mb`},
		"delete and backspace":           {"rm\x7f\b", `rm\u007f\u0008`},
		"NUL":                            {"a\x00b", `a\u0000b`},
		"turned around":                  {"a\u202egnp.exe", `a\u202egnp.exe`},
		"isolates and marks":             {"\u2066a\u2069\u200e\u200f\u061c", `\u2066a\u2069\u200e\u200f\u061c`},
		"not to be seen":                 {"a\u200bb\u2060c\ufeffd\u00ade", `a\u200bb\u2060c\ufeffd\u00ade`},
		"Unicode's line breaks":          {"a\u2028b\u2029c\u0085d", `a\u2028b\u2029c\u0085d`},
		"tags, which nobody sees":        {"a\U000e0041b", `a\udb40\udc41b`},
		"private use":                    {"\ue000", `\ue000`},
		"half a character":               {"a\xe2\x80", `a\xe2\x80`},
		"half of a pair":                 {"a\xed\xa0\x80", `a\xed\xa0\x80`},
	} {
		if got := Safe(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
	if got := Lines("a\nb\tc\x1b\r"); got != "a\nb\tc\\u001b\\r" {
		t.Errorf("lines: %q", got)
	}
}

// Whatever is written in whatever pieces, nothing but text, line breaks and tabs comes out; and JSON keeps its meaning.
func TestWriter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "value")
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "not JSON") {
			text = []byte(value)
		}
		var out strings.Builder
		w := NewWriter(&out)
		for rest := text; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			if wrote, err := w.Write(rest[:n]); wrote != n || err != nil {
				t.Fatal(wrote, err)
			}
			rest = rest[n:]
		}
		got := out.String()
		if !utf8.ValidString(got) {
			t.Fatalf("%q is no UTF-8", got)
		}
		for _, r := range got {
			if !shown(r) && r != '\n' && r != '\t' && r != utf8.RuneError {
				t.Fatalf("%q has %U", got, r)
			}
		}
		var back, want string
		if json.Unmarshal(text, &want) == nil && (json.Unmarshal([]byte(got), &back) != nil || back != want) {
			t.Fatalf("%s means %q, and was %q", got, back, want)
		}
	})
}

func TestExact(t *testing.T) {
	var out strings.Builder
	if NewWriter(&out).Exact() != &out {
		t.Error("a pipe does not get the text as it is")
	}
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tty.Close() }()
	if w := NewWriter(tty); w.Exact() != w {
		t.Error("a terminal gets the text as it is")
	}
}
