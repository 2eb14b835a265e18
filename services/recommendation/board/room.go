package board

import (
	"sync/atomic"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/alike"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/learn"
	"github.com/freshet/freshet/services/recommendation/trend"
)

// room has what there is of one workspace.
type room struct {
	workspace string
	shelf     *catalogue.Shelf // nil in the room of nobody
	trend     *trend.Trend     // of no version
	alike     *alike.Index     // the same
	received  atomic.Int64     // the newest received_ms
	board     atomic.Pointer[Board]

	// Under Boards.mu:
	serving *version
	before  *version // served before, and learns on; nil: none
	tail    *tail    // what comes while a version is being loaded; nil: none is
	why     string   // why the champion does not serve, in words
	asked   bool     // the champion was looked at
}

// tail keeps the touches that come while a version is nearly there.
type tail struct {
	list []told
	over bool // there were too many
}

type told struct {
	touch *recommendationv1.Touch
	item  int32
}

// tailMost is how many touches may come while the last of what a version misses are read.
const tailMost = 200_000

func (b *Boards) newRoom(workspace string) (*room, error) {
	r := &room{workspace: workspace}
	if workspace != "" {
		r.shelf = b.deps.Shelf(workspace)
	}
	var err error
	if r.trend, err = trend.New(*b.deps.Trend); err != nil {
		return nil, err
	}
	if r.alike, err = alike.New(alike.Default()); err != nil {
		return nil, err
	}
	if r.serving, err = live(*b.deps.Learn); err != nil {
		return nil, err
	}
	r.post()
	return r, nil
}

// post shows what serves; Boards.mu is held.
func (r *room) post() { r.board.Store(&Board{room: r, version: r.serving, why: r.why}) }

// put puts a version in the place of the one that serves; Boards.mu is held. A version of no bundle is not gone back to.
func (r *room) put(v *version) {
	if v != r.serving {
		if r.before = r.serving; r.before.id == "" {
			r.before = nil
		}
		r.serving = v
	}
	r.post()
}

// versions are those that learn; Boards.mu is held.
func (r *room) versions() []*version {
	if r.before == nil {
		return []*version{r.serving}
	}
	return []*version{r.serving, r.before}
}

// scopes are those of the trend that a visitor belongs to.
func scopes(country string, segments []string) []string {
	out := []string{trend.All}
	if country != "" {
		out = append(out, trend.Country(country))
	}
	for _, name := range segments {
		out = append(out, trend.Segment(name))
	}
	return out
}

// touch takes a touch; Boards.mu is held. False: there is no room for the item.
func (r *room) touch(t *recommendationv1.Touch) bool {
	item, ok := r.shelf.Ensure(t.GetItemId())
	if !ok {
		return false
	}
	r.received.Store(max(r.received.Load(), t.GetReceivedMs()))
	r.trend.Observe(item, float64(learn.Weight(t)), learn.At(t), scopes(t.GetCountry(), t.GetSegments())...)
	if learn.Weight(t) > 0 && !t.GetAnonymous() {
		r.alike.Touch(t.GetCustomerId(), item)
	}
	for _, v := range r.versions() {
		v.touch(t, item)
	}
	if r.tail != nil {
		if r.tail.over = r.tail.over || len(r.tail.list) >= tailMost; !r.tail.over {
			r.tail.list = append(r.tail.list, told{t, item})
		}
	}
	return true
}
