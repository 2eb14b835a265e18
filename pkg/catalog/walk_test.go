package catalog

import (
	"testing"

	"pgregory.net/rapid"
)

// What a walk sees is what Int and Text say of each position, and it sees nothing else; of what is read by another layout it says that it does not know.
func TestAWalkSeesWhatIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := kindsOf(rapid.IntRange(0, 70).Draw(t, "fields"))
		var values []Value
		for _, f := range l.Fields {
			values = append(values, drawValue(t, f))
		}
		raw := l.Encode(nil, values)
		v := NewVector(l, raw)
		numbers, texts, last := map[int]int64{}, map[int]string{}, -1
		if !v.Walk(l, func(i int, n int64, text []byte) {
			if i <= last {
				t.Fatalf("position %d behind %d", i, last)
			}
			if last = i; l.Fields[i].Kind == KindText {
				texts[i] = string(text)
			} else {
				numbers[i] = n
			}
		}) {
			t.Fatal("it does not know a vector of its own layout")
		}
		for i, f := range l.Fields {
			if n, ok := v.Int(i); ok != hasOr(numbers, i, f.Zero) || n != numbers[i] {
				t.Fatalf("position %d: %d, the walk saw %d", i, n, numbers[i])
			}
			if text, ok := v.Text(i); text != texts[i] || ok != hasOr(texts, i, false) {
				t.Fatalf("position %d: %q, the walk saw %q", i, text, texts[i])
			}
		}
		if v.Walk(kindsOf(len(l.Fields)), func(int, int64, []byte) {}) || v.Through(positions(len(l.Fields))).Walk(l, func(int, int64, []byte) {}) {
			t.Fatal("it walks what is read by another layout")
		}
		if cut := raw[:rapid.IntRange(0, len(raw)).Draw(t, "cut")]; NewVector(l, cut).Walk(l, func(int, int64, []byte) {}) != (NewVector(l, cut).Check() == nil) {
			t.Fatalf("of %x it says otherwise than Check", cut)
		}
	})
}

func hasOr[V any](m map[int]V, i int, otherwise bool) bool {
	_, ok := m[i]
	return ok || otherwise
}
