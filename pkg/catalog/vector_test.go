package catalog

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// kindsOf is a layout of n fields of all kinds by turns; every fifth reads as zero where it is absent.
func kindsOf(n int) *Layout {
	l := &Layout{}
	for i := range n {
		k := Kind(i%int(KindTag) + 1)
		l.Fields = append(l.Fields, Field{Name: fmt.Sprint("f", i), Kind: k, Zero: i%5 == 0 && k != KindText && k != KindList})
	}
	return l
}

func drawValue(t *rapid.T, f Field) Value {
	if rapid.IntRange(0, 2).Draw(t, "there") == 0 {
		return Value{Present: f.Zero}
	}
	text := rapid.StringN(0, 200, 300)
	switch f.Kind {
	case KindText:
		return Value{Present: true, Text: text.Draw(t, "text")}
	case KindList:
		v := Value{Present: true}
		for range rapid.IntRange(0, 5).Draw(t, "entries") {
			v.List = append(v.List, Entry{Key: text.Draw(t, "key"), Int: rapid.Int64().Draw(t, "n"), Text: text.Draw(t, "said"), Source: text.Draw(t, "source")})
		}
		return v
	}
	return Value{Present: true, Int: rapid.Int64().Draw(t, "number")}
}

// What is encoded is read, at any position, by any method; and by way of another layout.
func TestAVectorIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := kindsOf(rapid.IntRange(0, 70).Draw(t, "fields"))
		var values []Value
		for _, f := range l.Fields {
			values = append(values, drawValue(t, f))
		}
		raw := l.Encode([]byte("before"), values)[len("before"):]
		v := NewVector(l, raw)
		if err := v.Check(); err != nil {
			t.Fatal(err)
		}
		onto := rapid.Permutation(positions(len(l.Fields))).Draw(t, "onto")
		for i := range l.Fields {
			if d := cmp.Diff(values[i], v.At(i), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("position %d: %s", i, d)
			}
			if d := cmp.Diff(values[onto[i]], v.Through(onto).At(i), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("position %d through another layout: %s", i, d)
			}
		}
		if at := v.At(len(l.Fields)); at.Present || v.At(-1).Present {
			t.Fatal("a position that is none has a value")
		}
	})
}

func positions(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// The bytes on the topic: a change of them is a change of features.v1.
func TestGoldenVector(t *testing.T) {
	l := &Layout{Fields: make([]Field, 18)}
	for i := range l.Fields {
		l.Fields[i].Kind = KindCount
	}
	l.Fields[1].Kind, l.Fields[2].Kind = KindText, KindList
	values := make([]Value, 18)
	values[0], values[1] = Value{Present: true, Int: -2}, Value{Present: true, Text: "ab"}
	values[2] = Value{Present: true, List: []Entry{{Key: "k", Int: 1, Text: "t", Source: "s"}}}
	values[17] = Value{Present: true, Int: 1}
	want := "0700" + "0c" + // positions 0, 1 and 2 in 12 bytes
		"03" + "026162" + // -2, and "ab"
		"07" + "016b" + "02" + "0174" + "0173" + // a list of 7 bytes: k, 1, t, s
		"0200" + "01" + "02" // the second group: position 17 is 1
	if got := hex.EncodeToString(l.Encode(nil, values)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReadingANumberAllocatesNothing(t *testing.T) {
	l := kindsOf(60)
	values := make([]Value, 60)
	for i := range values {
		values[i] = Value{Present: true, Int: int64(i), Text: "text"}
	}
	v := NewVector(l, l.Encode(nil, values))
	if n := testing.AllocsPerRun(100, func() {
		if _, ok := v.Int(56); !ok {
			t.Fatal("absent")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Bytes of strangers: nothing panics, and what Check takes is read as it would be encoded.
func FuzzVector(f *testing.F) {
	l := kindsOf(40)
	var values []Value
	for i, field := range l.Fields {
		v := Value{Present: true, Int: int64(i) << i}
		switch field.Kind {
		case KindText:
			v = Value{Present: true, Text: "text"}
		case KindList:
			v = Value{Present: true, List: []Entry{{Key: "k", Int: 1, Text: "t", Source: "s"}}}
		}
		values = append(values, v)
	}
	whole := l.Encode(nil, values)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{255}, 14))
	f.Fuzz(func(t *testing.T, raw []byte) {
		v := NewVector(l, raw)
		good := v.Check() == nil
		read := make([]Value, len(l.Fields))
		for i := range l.Fields {
			read[i] = v.At(i)
			v.Entry(i, "k")
			v.Has(i)
			v.Int(i)
			v.Text(i)
		}
		if !good {
			return
		}
		again := NewVector(l, l.Encode(nil, read))
		for i := range l.Fields {
			if d := cmp.Diff(read[i], again.At(i), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("position %d: %s", i, d)
			}
		}
	})
}
