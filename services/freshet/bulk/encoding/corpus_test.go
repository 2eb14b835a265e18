package encoding_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/encoding"
)

// table is a small file in an encoding, by testdata/make.py.
type table struct {
	Language, Encoding, Text string
	Raw                      []byte
}

func tables(t testing.TB) (out []table) {
	t.Helper()
	f, err := os.Open("testdata/texts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var one table
		if err := json.Unmarshal(s.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	if len(out) < 120 {
		t.Fatalf("%d tables", len(out))
	}
	return out
}

func read(t testing.TB, raw []byte, name string) string {
	t.Helper()
	e, _, err := encoding.Decoder(name)
	if err != nil {
		t.Fatal(err)
	}
	if e == nil {
		return string(raw)
	}
	out, err := e.NewDecoder().Bytes(raw)
	if err != nil {
		return "\uFFFD"
	}
	return string(out)
}

func TestPythonsEncodingsAreKnownAndRead(t *testing.T) {
	for _, one := range tables(t) {
		if got := read(t, one.Raw, one.Encoding); got != one.Text {
			t.Errorf("%s in %s: %q", one.Language, one.Encoding, got)
		}
	}
}

// unsure are the tables that could be something else, and that have characters too rare to be sure.
var unsure = map[string]bool{"Romanian": true, "Hong Kong": true, "Korean, beyond KS X 1001": true, "pounds": true, "short": true, "prices": true}

// TestGuess guesses each table, and its first two rows alone.
func TestGuess(t *testing.T) {
	for _, one := range tables(t) {
		lines := strings.SplitAfter(string(one.Raw), "\n")
		for _, n := range []int{3, len(lines)} {
			raw := []byte(strings.Join(lines[:min(n, len(lines))], ""))
			want := strings.Join(strings.SplitAfter(one.Text, "\n")[:min(n, len(lines))], "")
			f := guess(t, raw)
			if got := read(t, raw, f.Name); got != want || !f.Sure && !unsure[one.Language] || f.BadRows > 0 || f.Why == "" {
				t.Errorf("%s in %s, %d lines: %+v", one.Language, one.Encoding, n, f)
			}
		}
	}
}

// Whatever lines of a table there are, a guess that is sure is right.
func TestAGuessIsNeverSureAndWrong(t *testing.T) {
	n := 0
	for _, one := range tables(t) {
		raw, text := strings.Split(strings.TrimSpace(string(one.Raw)), "\n"), strings.Split(strings.TrimSpace(one.Text), "\n")
		for from := range raw {
			for to := from + 1; to <= len(raw); to++ {
				n++
				lines, want := []byte(strings.Join(raw[from:to], "\n")), strings.Join(text[from:to], "\n")
				if f := guess(t, lines); f.Sure && read(t, lines, f.Name) != want {
					t.Errorf("%s in %s: %q is taken for %q: %+v", one.Language, one.Encoding, want, read(t, lines, f.Name), f)
				}
			}
		}
	}
	if n < 1000 {
		t.Errorf("%d guesses", n)
	}
}

// BenchmarkGuess is the time for a file of a GiB in memory.
func BenchmarkGuess(b *testing.B) {
	all := map[string][]byte{"ascii": []byte("17;some text of a row;12.50\n")}
	for _, one := range tables(b) {
		if one.Language == "Chinese" || one.Language == "German" {
			all[one.Encoding] = append(bytes.Repeat([]byte("17,a,12.50\n"), 3), one.Raw...)
		}
	}
	for _, name := range []string{"ascii", "cp1252", "gb18030"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := encoding.Guess(&repeated{text: bytes.Repeat(all[name], 1000), at: -1}, 1<<30); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
