package graph

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

func TestKeysDoNotCollide(t *testing.T) {
	key := func(workspace, typ, value string) string {
		return string(appendIdentifierKey(nil, workspace, Identifier{typ, value}))
	}
	for name, pair := range map[string][2]string{
		"text moved from type to value":     {key("w", "a", "bc"), key("w", "ab", "c")},
		"text moved from workspace to type": {key("wa", "b", "c"), key("w", "ab", "c")},
		"separator inside":                  {key("w", "a", "b\x00c"), key("w", "a\x00b", "c")},
		"length byte inside":                {key("w", "a", "\x01bc"), key("w", "a\x01b", "c")},
	} {
		if pair[0] == pair[1] {
			t.Errorf("%s: both are %q", name, pair[0])
		}
	}
	a, b := ID{1}, ID{2}
	if bytes.HasPrefix(customerKey(spaceLinked, "w", a), customerKey(spaceLinked, "w", b)) {
		t.Error("two customers share a prefix")
	}
}

func TestWorkspacesDoNotMeet(t *testing.T) {
	g, s := New(DefaultLimits()), memory{}
	mustApply(t, g, s, 0, "user_id:1")
	other := op(1, "user_id:1")
	other.Workspace = "v"
	res, err := g.Apply(s, other, 1)
	if err != nil || !res.Created {
		t.Fatalf("user_id 1 of another workspace: %+v %v", res, err)
	}
	id, _, _ := g.Owner(s, "v", Identifier{"user_id", "1"})
	if _, ok, _ := g.Customer(s, "w", id); ok {
		t.Error("a customer is visible from another workspace")
	}
}

func TestOverlongIdentifiersAreLeftOut(t *testing.T) {
	g, s := New(DefaultLimits()), memory{}
	res := mustApply(t, g, s, 0, "email:"+strings.Repeat("x", 256), "user_id:", ":x")
	if len(s) != 0 || len(res.Dropped) != 3 {
		t.Fatalf("got %d rows, dropped %v", len(s), res.Dropped)
	}
}

// TestANameIsNotUsedTwice: an id that is taken makes the epoch grow.
func TestANameIsNotUsedTwice(t *testing.T) {
	g, s := New(DefaultLimits()), memory{}
	mustApply(t, g, s, 0, "user_id:1")
	first, _, _ := g.Owner(s, "w", Identifier{"user_id", "1"})
	// What erasure or un-merge will do: the identifier goes, the customer's row stays.
	s.Delete(appendIdentifierKey(nil, "w", Identifier{"user_id", "1"}))
	mustApply(t, g, s, 1, "user_id:1")
	second, ok, _ := g.Owner(s, "w", Identifier{"user_id", "1"})
	if !ok || first == second {
		t.Fatalf("the id %s was given twice", first)
	}
}

func TestDamagedRowsAreErrors(t *testing.T) {
	g := New(DefaultLimits())
	intact := memory{}
	mustApply(t, g, intact, 0, "user_id:1", "anonymous_id:a")
	mustApply(t, g, intact, 1, "anonymous_id:b")
	for k, v := range intact {
		if k[0] == spaceLinked || len(v) < 2 {
			continue
		}
		s := memory{}
		for k2, v2 := range intact {
			s[k2] = v2
		}
		s[k] = v[:len(v)-1]
		_, err := g.Apply(s, op(2, "anonymous_id:b", "anonymous_id:a", "user_id:1"), 2)
		if !errors.Is(err, errRow) {
			t.Errorf("cut row %q: %v", k, err)
		}
		s[k] = string(rune(Format.Newest+1)) + v[1:]
		if _, err = g.Apply(s, op(2, "anonymous_id:b", "anonymous_id:a", "user_id:1"), 2); !errors.Is(err, wire.ErrNewer) {
			t.Errorf("row %q of another version: %v", k, err)
		}
	}
}

func TestParseID(t *testing.T) {
	id := ID{0xab, 15: 0x01}
	got, err := ParseID(id.String())
	if err != nil || got != id {
		t.Fatalf("%s came back as %s, %v", id, got, err)
	}
	for _, bad := range []string{"", "ab", strings.Repeat("g", 32), strings.Repeat("a", 31), strings.Repeat("a", 33)} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q was taken for an id", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(customerRow{uniques: []Identifier{{"user_id", "1"}}}.encode())
	f.Add(customerRow{merged: true, since: 7}.encode())
	f.Add(ownerRow{degree: 3}.encode())
	f.Add(linkedRow{provenance: Provenance{EventID: "e"}}.encode())
	for _, name := range []string{"owner", "customer", "linked", "alias"} {
		for _, b := range wiretest.Bytes(f, "identity-"+name) {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decodeCustomer(b); err == nil && !r.merged && len(r.encode()) > len(b) {
			t.Errorf("%x decodes to %+v, which is longer", b, r)
		}
		if _, err := decodeOwner(b); err == nil && len(b) < 18 {
			t.Errorf("%x was taken for an identifier's row", b)
		}
		_, _ = decodeLinked(b)
	})
}
