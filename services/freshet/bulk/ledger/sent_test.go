package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func sent(t testing.TB, dir, by string, blind bool) *Sent {
	t.Helper()
	s, err := OpenSent(dir, key, blind)
	if err != nil {
		t.Fatal(err)
	}
	s.Import = by
	return s
}

func TestWhatOtherImportsSentIsKnown(t *testing.T) {
	dir := t.TempDir()
	first := sent(t, dir, "first", false)
	for id, content := range map[string]uint64{"a": 1, "b": 2} {
		if err := first.Add(id, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := first.Add("lost", 3); err != nil {
		t.Fatal(err)
	}
	if found, _, err := first.Find("a", 1); found || err != nil {
		t.Errorf("an import knows itself: %v", err)
	}
	if _, err := OpenSent(dir, key, false); err == nil || !strings.Contains(err.Error(), "another import with this mapping is under way") {
		t.Errorf("two at once: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		id          string
		content     uint64
		blind       bool
		found, same bool
	}{
		"the same":        {"a", 1, false, true, true},
		"another content": {"b", 1, false, true, false},
		"another id":      {"c", 1, false, false, false},
		"not synced":      {"lost", 3, false, false, false},
		"blind":           {"a", 1, true, false, false},
	} {
		s := sent(t, dir, "second", c.blind)
		if found, same, err := s.Find(c.id, c.content); found != c.found || same != c.same || err != nil {
			t.Errorf("%s: %v %v %v", name, found, same, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What a crash left in the set and not in the ledger is sent again by the same import: it is not taken for another's.
func TestAKilledImportDoesNotKnowItself(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		s := sent(t, dir, "one", false)
		if found, _, err := s.Find("a", 1); found || err != nil {
			t.Errorf("found %v, %v", found, err)
		}
		if err := s.Add("a", 1); err != nil {
			t.Fatal(err)
		}
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// The set is a map from ids to what was said last, whatever the ids.
func TestTheSetIsAMap(t *testing.T) {
	dir := t.TempDir()
	s, model := sent(t, dir, "", false), map[string]uint64{}
	for range 2 { // a set that was empty when it was opened is not looked up
		if err := errors.Join(s.Add("first", 0), s.Sync(), s.Close()); err != nil {
			t.Fatal(err)
		}
		s = sent(t, dir, "", false)
	}
	defer s.Close()
	rapid.Check(t, func(rt *rapid.T) {
		s.Import = "one"
		for _, id := range rapid.SliceOfN(rapid.StringN(1, 8, 32), 1, 12).Draw(rt, "ids") {
			model[id] = rapid.Uint64().Draw(rt, "content")
			if err := s.Add(id, model[id]); err != nil {
				rt.Fatal(err)
			}
		}
		if err := s.Sync(); err != nil {
			rt.Fatal(err)
		}
		s.Import = "two"
		for id, content := range model {
			if found, same, err := s.Find(id, content); !found || !same || err != nil {
				rt.Errorf("%q: %v %v %v", id, found, same, err)
			}
			if _, same, _ := s.Find(id, content+1); same {
				rt.Errorf("%q is the same though it says something else", id)
			}
		}
		if found, _, err := s.Find("none of them", 0); found || err != nil {
			rt.Errorf("found what is not there: %v", err)
		}
	})
}

func TestADamagedSetSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	s := sent(t, dir, "one", false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "sent-*", "MANIFEST-*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if err := os.WriteFile(f, []byte("nonsense"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenSent(dir, key, false); err == nil || !strings.Contains(err.Error(), "to go on without knowing it") {
		t.Error(err)
	}
}
