package draft

import (
	"slices"
	"testing"
)

// TestEveryWordCanBeFound: a word that plain would write otherwise is never met.
func TestEveryWordCanBeFound(t *testing.T) {
	for r, words := range vocabulary {
		for i, w := range words {
			if plain(w) != w || slices.Contains(words[:i], w) {
				t.Errorf("%s: %q is %q, or stands twice", r, w, plain(w))
			}
		}
	}
	for _, words := range [][]string{timeWords, notTheFact} {
		for _, w := range words {
			if plain(w) != w {
				t.Errorf("%q is %q", w, plain(w))
			}
		}
	}
}
