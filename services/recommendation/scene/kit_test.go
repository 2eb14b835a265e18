package scene

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

const (
	now   int64 = 1_795_000_000_000
	dayMs int64 = 24 * 60 * 60 * 1000
)

// brandIs is a condition of these tests: `brand == "x"`.
type brandIs string

func (b brandIs) Match(i *catalogue.Item, _ int64) bool { return i.Proto.GetBrand() == string(b) }

func parseBrand(text string) (Filter, error) {
	b, ok := strings.CutPrefix(text, "brand == ")
	if !ok {
		return nil, errors.New("no condition over a brand")
	}
	return brandIs(strings.Trim(b, `"`)), nil
}

// list proposes its items in their order, but those that are refused.
type list struct {
	kind  candidate.Kind
	items []int32
}

func (l list) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	n := 0
	for i, item := range l.items {
		if n < k && !a.Skip(item) {
			dst = append(dst, candidate.Candidate{Item: item, Score: 1 / float64(i+1), Reason: candidate.Reason{Kind: l.kind, Because: candidate.Nothing}})
			n++
		}
	}
	return dst
}

// careless proposes what it must not, too, and everything twice.
type careless struct{ list }

func (c careless) Candidates(dst []candidate.Candidate, _ *ask.Ask, _ int) []candidate.Candidate {
	for range 2 {
		for _, item := range append([]int32{-1, 1 << 30}, c.items...) {
			dst = append(dst, candidate.Candidate{Item: item, Score: 1, Reason: candidate.Reason{Kind: c.kind, Because: candidate.Nothing}})
		}
	}
	return dst
}

// flat draws by chance alone.
type flat struct{}

func (flat) Draw(_ arms.Slot, items []arms.Item, src rand.Source) int {
	return rand.New(src).IntN(len(items)+1) - 1
}

// shop is a shelf of items i0, i1, ... of 5 categories, 3 brands, groups of two.
func shop(n int, edit func(i int, item *recommendationv1.Item)) *catalogue.Shelf {
	s := catalogue.NewShelf("default", n+1)
	for i := range n {
		item := &recommendationv1.Item{
			ItemId: id(i), Name: "Item " + strconv.Itoa(i), Brand: "b" + strconv.Itoa(i%3), Categories: []string{"All", "All > c" + strconv.Itoa(i%5)}, GroupId: "g" + strconv.Itoa(i/2),
		}
		if edit != nil {
			edit(i, item)
		}
		s.Put(&catalogue.Item{ID: id(i), Proto: item})
	}
	return s
}

func id(i int) string { return "i" + strconv.Itoa(i) }

func upTo(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// sources by name.
func sources(of map[string]ask.Source) func(string) ask.Source {
	return func(name string) ask.Source { return of[name] }
}

// question is one of a visitor who allows a profile.
func question(shelf *catalogue.Shelf, touches ...visitor.Touch) *ask.Ask {
	v := &visitor.View{Workspace: "default", Personal: true, Touches: touches}
	a := &ask.Ask{Workspace: "default", NowMs: now, Shelf: shelf, Visitor: v}
	for _, t := range touches {
		if n, ok := shelf.Number(t.Item); ok {
			a.History, a.Touches = append(a.History, n), append(a.Touches, t)
		}
	}
	return a
}

func bought(item string, daysAgo int64) visitor.Touch {
	return visitor.Touch{Item: item, Kind: recommendationv1.TouchKind_TOUCH_KIND_BUY, AtMs: now - daysAgo*dayMs}
}

// of makes a plan of the body of a scene called s.
func of(t testing.TB, body string) *Plan {
	t.Helper()
	return sceneOf(t, body).Base()
}

func sceneOf(t testing.TB, body string) *Scene {
	t.Helper()
	set, err := Parse(nil, []byte("scenes:\n  - name: s\n    description: A test.\n    "+strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n    ")), parseBrand)
	if err != nil {
		t.Fatal(err)
	}
	return set.Get("s")
}

// ids are the items of a list, with * at what was explored.
func ids(l List) string {
	var out []string
	for _, e := range l.Entries {
		s := strconv.Itoa(int(e.Item))
		if e.Explored {
			s += "*"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func stocked(n int64) *int64 { return proto.Int64(n) }
