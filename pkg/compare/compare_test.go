package compare

import (
	"testing"

	"cel.dev/cel-go/common/operators"
)

// Where the sides change places, the mirrored operator says the same.
func TestMirrored(t *testing.T) {
	for _, name := range []string{operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
		o, ok := OfCEL(name)
		if _, function := Function(string(o)); !ok || function {
			t.Errorf("%s: %q", name, o)
		}
		held := 0
		for a := int64(-1); a <= 1; a++ {
			for b := int64(-1); b <= 1; b++ {
				if o.Numbers(a, b) != o.Mirrored().Numbers(b, a) {
					t.Errorf("%d %s %d is not %d %s %d", a, o, b, b, o.Mirrored(), a)
				}
				if o.Numbers(a, b) {
					held++
				}
			}
		}
		if want := map[Op]int{Equal: 3, NotEqual: 6, Less: 3, LessEqual: 6, Greater: 3, GreaterEqual: 6}[o]; held != want {
			t.Errorf("%s holds %d times of 9, want %d", o, held, want)
		}
	}
}

func TestTexts(t *testing.T) {
	for o, want := range map[Op][3]bool{Equal: {true, false, false}, NotEqual: {false, true, true}, StartsWith: {true, true, false}, EndsWith: {true, false, true}, Contains: {true, true, true}} {
		for i, text := range []string{"ab", "abc", "cab"} {
			if !o.OfTexts() || o.Texts(text, "ab") != want[i] {
				t.Errorf("%q %s \"ab\": %t", text, o, !want[i])
			}
		}
	}
	if Less.OfTexts() {
		t.Error("texts have an order")
	}
}
