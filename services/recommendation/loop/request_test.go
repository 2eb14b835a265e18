package loop

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// An id gives back what it was made of, in its own workspace and deployment only; it does not show the customer, and no byte of it may be changed.
func TestRequestIDs(t *testing.T) {
	mine, other := newIDs([]byte(testSecret)), newIDs([]byte("another secret, of another shop"))
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching("[0-9a-f]{32}").Draw(t, "customer")
		ms := rapid.Int64Range(1, 1<<48-1).Draw(t, "ms")
		got := mine.make("shop", id, ms)
		if at, back, ok := mine.parse("shop", got); !ok || at != ms || back != id {
			t.Fatalf("%s reads as %d of %s, %v", got, at, back, ok)
		}
		if mine.make("shop", id, ms) == got {
			t.Fatal("two lists of one moment have one id")
		}
		if _, _, ok := mine.parse("", got); ok {
			t.Fatal("an id counts in another workspace")
		}
		if _, _, ok := other.parse("shop", got); ok {
			t.Fatal("an id counts in another deployment")
		}
		if strings.Contains(got, id) {
			t.Fatal("an id shows its customer")
		}
		b := []byte(got)
		i := rapid.IntRange(0, len(b)-1).Draw(t, "byte")
		b[i] = rapid.SampledFrom([]byte("AZaz09-_")).Draw(t, "becomes")
		if _, _, ok := mine.parse("shop", string(b)); ok && string(b) != got {
			t.Fatalf("%s was changed to %s and still counts", got, b)
		}
	})
	for _, id := range []string{"", "x", strings.Repeat("g", 32)} {
		if got := mine.make("shop", id, time.Now().UnixMilli()); got != "" {
			t.Errorf("%q is a customer: %s", id, got)
		}
	}
	if len(mine.make("", testID, 1)) != 67 {
		t.Error("ids have not 67 characters")
	}
}

// Two processes that are started with one secret read each other's; both names of the default workspace are one.
func TestRequestIDsAreSharedByReplicas(t *testing.T) {
	id := newIDs([]byte(testSecret)).make("", testID, 1_790_000_000_000)
	if ms, who, ok := newIDs([]byte(testSecret)).parse("default", id); !ok || who != testID || ms != 1_790_000_000_000 {
		t.Error(ms, who, ok)
	}
}

func FuzzParse(f *testing.F) {
	s := newIDs([]byte(testSecret))
	f.Add(s.make("default", testID, 1))
	f.Add("")
	f.Add(strings.Repeat("A", 67))
	f.Fuzz(func(t *testing.T, id string) {
		if ms, who, ok := s.parse("default", id); ok && (ms <= 0 || len(who) != 32) {
			t.Errorf("%q reads as %d of %q", id, ms, who)
		}
	})
}
