package customer_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/customer"
)

// The ids are stored for ever: if this test fails, the change breaks every deployment.
func TestIDIsFixedForEver(t *testing.T) {
	tests := map[string][2]string{
		"plain":     {customer.ID("default", "user_id", "42", 0), "3c5efcf782fb1584cb5d5027dd8da267"},
		"epoch":     {customer.ID("default", "user_id", "42", 1), "c0806219cd373184fbd9d38fe8367eab"},
		"empty":     {customer.ID("", "", "", 0), "df3f619804a92fdb4057192dc43dd748"},
		"workspace": {customer.ID("shop", "user_id", "42", 0), "8c2584c1531e677be0e41c6685c6053a"},
	}
	for name, test := range tests {
		if test[0] != test[1] {
			t.Errorf("%s: id %s, was %s", name, test[0], test[1])
		}
	}
}

func TestPartsDoNotRunIntoEachOther(t *testing.T) {
	if customer.ID("w", "a", "b-c", 0) == customer.ID("w", "a-b", "c", 0) {
		t.Error(`("a", "b-c") and ("a-b", "c") share an id`)
	}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringOfN(rapid.SampledFrom([]rune("a\x00\x01-")), 0, 3, -1)
		triple := rapid.Custom(func(t *rapid.T) [3]string {
			return [3]string{part.Draw(t, "workspace"), part.Draw(t, "type"), part.Draw(t, "value")}
		})
		a, b := triple.Draw(t, "a"), triple.Draw(t, "b")
		if same := customer.ID(a[0], a[1], a[2], 0) == customer.ID(b[0], b[1], b[2], 0); same != (a == b) {
			t.Fatalf("ids of %q and %q: same %t", a, b, same)
		}
		if same := string(customer.EventKey(a[0], a[1])) == string(customer.EventKey(b[0], b[1])); same != (a[0] == b[0] && a[1] == b[1]) {
			t.Fatalf("keys of %q and %q: same %t", a, b, same)
		}
	})
}

func TestEventKey(t *testing.T) {
	if got := string(customer.EventKey("default", "a\x00b")); got != "default\x00a\x00b" {
		t.Errorf("got %q", got)
	}
}

func TestIsID(t *testing.T) {
	id := customer.ID("w", "t", "v", 0)
	for s, want := range map[string]bool{
		id: true, strings.ToUpper(id): false, id[1:]: false, id + "0": false, "": false, strings.Repeat("g", 32): false,
	} {
		if customer.IsID(s) != want {
			t.Errorf("IsID(%q) is not %t", s, want)
		}
	}
}

func TestCompareTypes(t *testing.T) {
	want := []string{"user_id", "email", "phone", "crm_id", "device_id", "zebra", "anonymous_id"}
	got := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	slices.SortFunc(got, customer.CompareTypes)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
