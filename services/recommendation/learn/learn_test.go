package learn

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// A learner that resumes from a bundle and takes the second half of the touches is one that took all, where no visit is cut and no order goes on.
func TestServingGoesOnWhereTrainingStopped(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	whole, first := must(t), must(t)
	at := int64(1_700_000_000_000)
	var rest []*recommendationv1.Touch
	number := func(one *recommendationv1.Touch) (n int32) {
		_, _ = fmt.Sscan(one.GetItemId(), &n)
		return n
	}
	for v := range 400 {
		at += 3_600_000
		for range 1 + r.IntN(5) {
			at += 1000
			one := &recommendationv1.Touch{CustomerId: fmt.Sprint(r.IntN(50)), ItemId: fmt.Sprint(r.IntN(40)), AtMs: at, Kind: recommendationv1.TouchKind(1 + r.IntN(8)), OrderId: fmt.Sprint(v)}
			one.Undone = r.IntN(20) == 0
			whole.Touch(one, number(one))
			if v < 200 {
				first.Touch(one, number(one))
			} else {
				rest = append(rest, one)
			}
		}
		if v == 199 {
			first.Finish()
		}
	}
	p := bundle.Parts{}
	first.Fill(&p)
	for n := range 40 {
		p.Items = append(p.Items, fmt.Sprint(n))
	}
	files, err := bundle.Write(p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := bundle.Read(files, catalogue.NewShelf("shop", 100))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Resume(got, Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range rest {
		second.Touch(one, number(one))
	}
	second.Finish()
	whole.Finish()
	a, b := bundle.Parts{Items: p.Items}, bundle.Parts{Items: p.Items}
	second.Fill(&a)
	whole.Fill(&b)
	one, err := bundle.Write(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := bundle.Write(b)
	if err != nil {
		t.Fatal(err)
	}
	for name := range one {
		if name != bundle.ManifestFile && !bytes.Equal(one[name], other[name]) {
			t.Errorf("%s is another one", name)
		}
	}
}

func must(t *testing.T) *Learner {
	t.Helper()
	l, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// What is told more than a pause late is in no visit, and counts elsewhere.
func TestAnImportIsNoVisit(t *testing.T) {
	l := must(t)
	now := int64(1_700_000_000_000)
	l.Touch(&recommendationv1.Touch{CustomerId: "a", AtMs: now, Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW}, 1)
	l.Touch(&recommendationv1.Touch{CustomerId: "a", AtMs: now - 31*60*1000, Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW}, 2)
	l.Touch(&recommendationv1.Touch{CustomerId: "a", AtMs: now - 29*60*1000, Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW}, 3)
	l.Finish()
	if got := l.Viewed.Similar(nil, 1, 5, 0, nil); len(got) != 1 || got[0].Item != 3 {
		t.Errorf("with item 1: %v", got)
	}
	if got := l.Popular.Counts(); got[1] != 1 || got[2] != 1 {
		t.Errorf("counts %v", got)
	}
}

func TestAClockThatIsAhead(t *testing.T) {
	l := must(t)
	now := int64(1_700_000_000_000)
	touch := func(customer string, atMs int64, item int32) {
		l.Touch(&recommendationv1.Touch{CustomerId: customer, AtMs: atMs, ReceivedMs: now, Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW}, item)
	}
	touch("ahead", now+86_400_000, 9)
	touch("a", now, 1)
	touch("b", now, 3)
	now += 1000
	touch("a", now, 2)
	l.Finish()
	if got := l.Viewed.Similar(nil, 1, 5, 0, nil); len(got) != 1 || got[0].Item != 2 {
		t.Errorf("with item 1: %v", got)
	}
}
