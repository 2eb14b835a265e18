package placeholder

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/customer"
)

// The quick way and the long one agree, on values made of the words and characters that matter to either.
func TestOrdinaryValuesAreJudgedAlike(t *testing.T) {
	var pieces []string
	for _, from := range []map[string]bool{void, fillers, words, shared} {
		for v := range from {
			pieces = append(pieces, v)
		}
	}
	slices.Sort(pieces)
	piece := rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringMatching(`[a-zA-Z0-9]{1,6}`), rapid.StringMatching(`[0-9]{1,12}`),
		rapid.SampledFrom([]string{"12345678", "123456789", "1", "a", "aaa", "777777", "abcdef", "x"}))
	types := []string{customer.TypeUserID, customer.TypeAnonymousID, "device_id", "loyalty_card", MessageID}
	known := 0
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Join(rapid.SliceOfN(piece, 1, 4).Draw(t, "pieces"), rapid.SampledFrom([]string{"", "-", "_", ":", "--", "."}).Draw(t, "between"))
		if rapid.Bool().Draw(t, "capitals") {
			value = strings.ToUpper(value)
		}
		typ := rapid.SampledFrom(types).Draw(t, "type")
		struck, sure := ordinary(typ, value)
		if !sure {
			return
		}
		known++
		if want := strikes(typ, value); struck != want {
			t.Fatalf("%s %q: %v, the long way says %v", typ, value, struck, want)
		}
	})
	if known == 0 {
		t.Error("no value was judged the quick way")
	}
}

// The bound on what is looked up leaves no listed value out.
func TestTheLongestListedValueIsLookedUp(t *testing.T) {
	for _, list := range []map[string]bool{words, shared} {
		for v := range list {
			if n := len(squeeze(v)); n > longest {
				t.Errorf("%q has %d bytes, above %d", v, n, longest)
			}
		}
	}
}

func TestOrdinaryValuesTakeNoMemory(t *testing.T) {
	var l *List
	for _, value := range []string{"user-18273", "18273", "node-next-1772366398123-00000001", "Anna_Schmidt", "unknown-user"} {
		if n := testing.AllocsPerRun(100, func() { l.Strikes(customer.TypeUserID, value) }); n != 0 {
			t.Errorf("%q takes memory %v times", value, n)
		}
	}
}
