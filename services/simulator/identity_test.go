package simulator

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCustomersAreWhatLinkingByHandFinds rebuilds who is who from the bytes alone, slowly: sets of names, joined while any event ties two
// of them, unless that would put two user ids into one.
func TestCustomersAreWhatLinkingByHandFinds(t *testing.T) {
	s, all := play(t, from, func(c *Config) { c.SharedShare = 0.05 })
	owner := map[string]int{}
	members := map[int][]string{}
	for i, ev := range all {
		if ev.Fault != "" {
			continue
		}
		var it item
		if err := json.Unmarshal(ev.Body, &it); err != nil {
			t.Fatal(err)
		}
		var names []string
		for prefix, v := range map[string]string{"u:": it.UserID, "e:": strings.ToLower(it.Traits.Email), "a:": it.AnonymousID} {
			if v != "" {
				names = append(names, prefix+v)
			}
		}
		for k, n := range names {
			if _, ok := owner[n]; !ok {
				owner[n] = i*4 + k
				members[i*4+k] = []string{n}
			}
		}
		join(owner, members, names)
	}
	last := s.Counts()[1]
	if int64(len(members)) != last.Customers {
		t.Errorf("%d customers by hand, truth %d", len(members), last.Customers)
	}
	if last.Merges < 20 {
		t.Errorf("only %d merges", last.Merges)
	}
	for _, p := range s.People() {
		if p.UserID == "" || p.Email == "" {
			continue
		}
		if owner["u:"+p.UserID] != owner["e:"+p.Email] {
			t.Errorf("%s and %s are not one", p.UserID, p.Email)
		}
		linked := map[string]bool{}
		for _, id := range p.LinkedIDs {
			linked[id] = true
		}
		for _, id := range p.AnonymousIDs {
			if (owner["a:"+id] == owner["u:"+p.UserID]) != linked[id] {
				t.Errorf("%s: linked %v, by hand %v", id, linked[id], !linked[id])
			}
		}
	}
}

func join(owner map[string]int, members map[int][]string, names []string) {
	users := func(set int) (n int) {
		for _, m := range members[set] {
			if strings.HasPrefix(m, "u:") {
				n++
			}
		}
		return n
	}
	for range names {
		for _, a := range names {
			for _, b := range names {
				x, y := owner[a], owner[b]
				if x == y || users(x)+users(y) > 1 {
					continue
				}
				for _, m := range members[y] {
					owner[m] = x
				}
				members[x] = append(members[x], members[y]...)
				delete(members, y)
			}
		}
	}
}

func TestGraphCountsCustomersAndMerges(t *testing.T) {
	for name, c := range map[string]struct {
		links             [][]int32 // nodes 0 and 1 are user ids
		customers, merges int64
	}{
		"a log-in before any anonymous event":          {[][]int32{{0, 2}, {2}}, 1, 0},
		"an anonymous visit, then a log-in":            {[][]int32{{2}, {0, 2}}, 1, 0},
		"a second device of a known account":           {[][]int32{{0, 2}, {3}, {0, 3}}, 1, 1},
		"a shared device keeps its first owner":        {[][]int32{{0, 2}, {1, 2}, {2}}, 2, 0},
		"a new account on a shared device is its own":  {[][]int32{{2}, {0, 2}, {1, 2}}, 2, 0},
		"an e-mail ties two devices":                   {[][]int32{{4, 2}, {3}, {4, 3}}, 1, 1},
		"a new name ties two known customers together": {[][]int32{{2}, {3}, {0, 2, 3}}, 1, 1},
		"the same again changes nothing":               {[][]int32{{0, 2}, {0, 2}, {0, 2}}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var g graph
			for _, user := range []int32{0, 1, noUser, noUser, noUser} {
				g.add(user)
			}
			for _, l := range c.links {
				g.link(l)
			}
			if g.customers != c.customers || g.merges != c.merges {
				t.Errorf("%d customers, %d merges; want %d, %d", g.customers, g.merges, c.customers, c.merges)
			}
		})
	}
}

func TestWriteTruthGivesALineAPersonAndALineAPhase(t *testing.T) {
	s, _ := play(t, from, nil)
	dir := filepath.Join(t.TempDir(), "truth")
	if err := s.WriteTruth(dir); err != nil {
		t.Fatal(err)
	}
	people := lines(t, filepath.Join(dir, "people.ndjson"))
	if len(people) != len(s.People()) || len(people) < 300 {
		t.Fatalf("%d lines for %d people", len(people), len(s.People()))
	}
	var p Person
	if err := json.Unmarshal([]byte(people[0]), &p); err != nil || p.Events == 0 || len(p.Likes) == 0 {
		t.Errorf("%s: %+v, %v", people[0], p, err)
	}
	if n := len(lines(t, filepath.Join(dir, "counts.ndjson"))); n != 2 {
		t.Errorf("%d phases", n)
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}
