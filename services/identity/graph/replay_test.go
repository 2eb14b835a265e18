package graph

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestARetiredIdentifierSaysWhatItSaid: a till's address, an event at that till, then so many visitors that the address is retired. The event
// read again is still the till's, puts nothing into the log, and the same words said today are the visitor's.
func TestARetiredIdentifierSaysWhatItSaid(t *testing.T) {
	g, s := New(DefaultLimits()), memory{}
	n := int64(0)
	tell := func(words ...string) Answer {
		t.Helper()
		mustApply(t, g, s, n, words...)
		a, err := g.Lookup(s, said(n, words...))
		if err != nil || !a.Settled {
			t.Fatalf("%v after it was applied: %+v, %v", words, a, err)
		}
		n++
		return a
	}
	till := tell("user_id:shop", "email:till").Customer
	zoe := tell("user_id:zoe", "anonymous_id:z").Customer
	then := n
	if a := tell("email:till", "anonymous_id:z"); a.Customer != till {
		t.Fatalf("at the till: %v, want the till's", a)
	}
	for i := range 150 {
		tell("email:till", fmt.Sprint("anonymous_id:v", i))
	}
	again, err := g.Lookup(s, said(then, "email:till", "anonymous_id:z"))
	if err != nil || !again.Settled || again.Customer != till {
		t.Errorf("read again: %+v, %v; want settled and the till's", again, err)
	}
	if a := tell("email:till", "anonymous_id:z"); a.Customer != zoe {
		t.Errorf("said today: %v, want Zoe's", a.Customer)
	}
}

// TestAReplayGivesEveryEventToItsCustomer: whatever comes, in the order in which it was received: read again with the log as it
// is in the end, each event is its customer's, under whatever name that one has by then. (Now and then the log is asked once more: a merge
// forgets what the one that is no more was refused.)
func TestAReplayGivesEveryEventToItsCustomer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g, s := New(smallLimits(rt)), memory{}
		ops := someOps(crowded, 60).Draw(rt, "ops")
		offset := int64(len(ops))
		read := func(n int64, at int64) ID {
			a, err := g.Lookup(s, said(n, ops[n]...))
			if err == nil && !a.Settled {
				if _, err := g.Apply(s, op(n, ops[n]...), at); err != nil {
					rt.Fatal(err)
				}
				a, err = g.Lookup(s, said(n, ops[n]...))
			}
			if err != nil || !a.Settled {
				rt.Fatal(a, err)
			}
			return a.Customer
		}
		live := make([]ID, len(ops))
		for n := range ops {
			live[n] = read(int64(n), int64(n))
		}
		for n := range ops {
			got, want := read(int64(n), offset), live[n]
			offset++
			if want != (ID{}) {
				c, _, err := g.Customer(s, "w", want)
				if err != nil {
					rt.Fatal(err)
				}
				want = c.ID
			}
			if got != want {
				rt.Fatalf("event %d %q was %v's, now %v's; read again it is %v's", n, ops[n], live[n], want, got)
			}
		}
	})
}
