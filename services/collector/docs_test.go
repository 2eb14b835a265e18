package collector

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/intake"
	"github.com/freshet/freshet/services/collector/store"
)

// Every reason that can be counted is explained in docs/events.md, and no other.
func TestEveryReasonIsDocumented(t *testing.T) {
	documented(t, "## Reasons for refusal", append(slices.Clone(decode.Reasons), store.NotStorable))
}

// Every kind of note too.
func TestEveryKindOfNoteIsDocumented(t *testing.T) {
	documented(t, "## Notes", decode.NoteKinds)
}

// documented compares the first column of the table under a heading of docs/events.md with words.
func documented(t *testing.T, heading string, words []string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("docs/events.md has no %s", heading)
	}
	table, _, _ = strings.Cut(table, "\n#") // further services may follow
	for _, word := range words {
		if !strings.Contains(table, "| `"+word+"` |") {
			t.Errorf("%s is not in docs/events.md", word)
		}
	}
	for _, line := range strings.Split(table, "\n") {
		if name, found := strings.CutPrefix(line, "| `"); found {
			name, _, _ = strings.Cut(name, "`")
			if !slices.Contains(words, name) {
				t.Errorf("docs/events.md explains %s, which the collector never says", name)
			}
		}
	}
}

// Every kind of note and every code of a refused body is explained there too.
func TestEveryNoteAndEveryRefusedBodyIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, notes, ok := strings.Cut(string(page), "## Notes")
	if !ok {
		t.Fatal("docs/events.md has no table of notes")
	}
	notes, _, _ = strings.Cut(notes, "\n## ")
	for _, kind := range decode.NoteKinds {
		if !strings.Contains(notes, "| `"+kind+"` |") {
			t.Errorf("the note %s is not in docs/events.md", kind)
		}
	}
	for _, code := range intake.BodyCodes {
		if code != "other" && code != "empty_body" && !strings.Contains(string(page), "`"+code+"`") {
			t.Errorf("the code %s of a refused body is not in docs/events.md", code)
		}
	}
}
