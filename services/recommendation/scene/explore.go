package scene

import (
	"math"
	"slices"
	"strings"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// What exploration tells visitors apart by.
const (
	byCategory = "category" // where nothing is said
	bySegment  = "segment"
	byNothing  = "none"
)

// Bounds of explore.
const (
	mostPool     = 1000
	usualPool    = 100
	mostLevel    = 5
	mostContexts = 50
)

// exploring checks explore.
func (p *parser) exploring(entry string, e *ExploreYAML) {
	p.by(entry+".by", e.By, "", "thompson")
	if len(e.Slots) == 0 || slices.ContainsFunc(e.Slots, func(s int) bool { return s < 1 || s > Most }) {
		p.fail(entry+".slots", "give places from 1 to %d", Most)
	}
	if e.Pool < 0 || e.Pool > mostPool {
		p.fail(entry+".pool", "%d is not within 0 and %d", e.Pool, mostPool)
	}
	p.by(entry+".context", e.Context, "", byCategory, bySegment, byNothing)
	if e.Level < 0 || e.Level > mostLevel {
		p.fail(entry+".level", "%d is not within 1, the widest, and %d", e.Level, mostLevel)
	}
	if e.Level != 0 && e.Context != "" && e.Context != byCategory {
		p.fail(entry+".level", "is of the category, and context is %s", clip(e.Context))
	}
	switch {
	case e.Context == bySegment && len(e.Segments) == 0:
		p.fail(entry+".segments", "name those that are told apart, the one that counts first before the others")
	case e.Context != bySegment && len(e.Segments) > 0:
		p.fail(entry+".segments", "are told apart only with context: segment")
	case len(e.Segments) > mostContexts:
		p.fail(entry+".segments", "%d of them: at most %d: each is learnt of on its own", len(e.Segments), mostContexts)
	}
	for i, s := range e.Segments {
		if s == "" || slices.Contains(e.Segments[:i], s) {
			p.fail(entry+".segments", "%q is empty or there twice", clip(s))
		}
	}
}

// context is what the visitor is told apart by: a category of the catalogue or a segment of the file, with its kind in front. Empty where nothing is known of him.
func (e *ExploreYAML) context(a *ask.Ask) string {
	switch {
	case e == nil || e.Context == byNothing:
		return ""
	case e.Context == bySegment:
		if !a.Personal() {
			return ""
		}
		for _, s := range e.Segments {
			if slices.Contains(a.Visitor.Segments, s) {
				return bySegment + ":" + s
			}
		}
		return ""
	}
	if c := e.strongest(a); c != "" {
		return byCategory + ":" + c
	}
	return ""
}

// lately is after how long a touch says half as much of what somebody is after now; no more than mostTouches are looked at.
const lately, mostTouches = 7 * 24 * 60 * 60 * 1000.0, 100

// strongest is the category that the visitor is after: that of most of what was touched of late, looked at in this visit, and stands on the page. Of two alike the first by name.
func (e *ExploreYAML) strongest(a *ask.Ask) string {
	worth := map[string]float64{}
	for i := max(len(a.Touches)-mostTouches, 0); i < len(a.Touches); i++ {
		if t := &a.Touches[i]; wanted(t.Kind) {
			worth[e.categoryOf(a.Shelf.Item(a.History[i]))] += math.Exp2(-max(float64(a.NowMs-t.AtMs), 0) / lately)
		}
	}
	for _, items := range [][]int32{a.Session, a.Context} {
		for _, item := range items {
			worth[e.categoryOf(a.Shelf.Item(item))]++
		}
	}
	best := ""
	for c, w := range worth {
		if c != "" && (best == "" || w > worth[best] || w == worth[best] && c < best) {
			best = c
		}
	}
	return best
}

// wanted says that a touch tells of interest.
func wanted(k recommendationv1.TouchKind) bool {
	switch k {
	case recommendationv1.TouchKind_TOUCH_KIND_VIEW, recommendationv1.TouchKind_TOUCH_KIND_CLICK, recommendationv1.TouchKind_TOUCH_KIND_CART,
		recommendationv1.TouchKind_TOUCH_KIND_WISH, recommendationv1.TouchKind_TOUCH_KIND_BUY:
		return true
	}
	return false
}

// categoryOf is an item's category down to the level of explore; the first that goes so deep, else the first. Empty where nothing is known, or nothing is explored.
func (e *ExploreYAML) categoryOf(item *catalogue.Item) string {
	switch {
	case e == nil:
		return ""
	case e.Level <= 1:
		return item.Top()
	}
	paths := item.Proto.GetCategories()
	for _, path := range paths {
		if c, ok := cutAt(path, e.Level); ok {
			return c
		}
	}
	if len(paths) > 0 {
		return paths[0]
	}
	return ""
}

// cutAt cuts a path behind a level; false where it has not so many.
func cutAt(path string, level int) (string, bool) {
	end := 0
	for n := 1; ; n++ {
		i := strings.Index(path[end:], catalogue.Level)
		switch {
		case n == level && i < 0:
			return path, true
		case n == level:
			return path[:end+i], true
		case i < 0:
			return path, false
		}
		end += i + len(catalogue.Level)
	}
}
