package recommendation

import (
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/visitor"
	"github.com/freshet/freshet/services/recommendation/words"
)

const (
	mostItems   = 100 // of context_items and session_items
	mostExclude = 1000
	usualScene  = "home"
)

// asked is a request that was checked: what holds whoever the visitor is.
type asked struct {
	workspace string
	scene     *scene.Scene
	language  string
	filter    scene.Filter
	k         int
	req       *recommendationv1.RecommendRequest
}

// check refuses what cannot be.
func (s *Service) check(r *recommendationv1.RecommendRequest) (*asked, error) {
	q := &asked{workspace: customer.Workspace(r.GetWorkspace()), k: int(r.GetLimit()), req: r}
	if l := r.GetLimit(); l < 0 || l > scene.Most {
		return nil, status.Errorf(codes.InvalidArgument, "limit: %d is not within 0, which is what the scene says, and %d", l, scene.Most)
	}
	for _, x := range []struct {
		name    string
		n, most int
	}{{"context_items", len(r.GetContextItems()), mostItems}, {"session_items", len(r.GetSessionItems()), mostItems}, {"exclude", len(r.GetExclude()), mostExclude}} {
		if x.n > x.most {
			return nil, status.Errorf(codes.InvalidArgument, "%s: %d items, at most %d are allowed", x.name, x.n, x.most)
		}
	}
	if c := r.GetCountry(); c != "" && (len(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' || c[1] > 'Z') {
		return nil, status.Errorf(codes.InvalidArgument, "country: %q is no ISO 3166-1 alpha-2 code such as DE", words.Clean(c))
	}
	var err error
	if q.language, err = words.Language(r.GetLanguage()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if q.scene, err = s.scene(r.GetScene()); err != nil {
		return nil, err
	}
	if q.filter, err = s.filters.get(r.GetFilter()); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "filter: %v", err)
	}
	return q, nil
}

// filters keeps conditions that were read: a shop asks with few different ones.
type filters struct {
	parse scene.ParseFilter
	mu    sync.Mutex
	known map[string]scene.Filter
}

// mostFilters bounds what is kept; longestFilter what is read.
const mostFilters, longestFilter = 256, 4096

func (f *filters) get(text string) (scene.Filter, error) {
	if text == "" {
		return nil, nil
	}
	if f.parse == nil {
		return nil, status.Error(codes.Unimplemented, "conditions over items cannot be read here")
	}
	if len(text) > longestFilter {
		return nil, status.Errorf(codes.InvalidArgument, "%d bytes, at most %d are allowed", len(text), longestFilter)
	}
	f.mu.Lock()
	known, ok := f.known[text]
	f.mu.Unlock()
	if ok {
		return known, nil
	}
	read, err := f.parse(text)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil || len(f.known) >= mostFilters {
		f.known = map[string]scene.Filter{}
	}
	f.known[text] = read
	return read, nil
}

// ask puts a question in the numbers that models count in. Items that nobody knows are left out.
func (s *Service) ask(q *asked, w *who, nowMs int64) *ask.Ask {
	shelf := s.deps.Shelf(q.workspace)
	a := &ask.Ask{Workspace: q.workspace, Scene: q.scene.Name, NowMs: nowMs, Shelf: shelf, Visitor: w.view, Country: q.req.GetCountry()}
	a.Context = numbers(shelf, q.req.GetContextItems())
	if v := w.view; v != nil {
		if a.Country == "" {
			a.Country = v.Country
		}
		for _, t := range v.Visit(nowMs) {
			if n, ok := shelf.Number(t.Item); ok {
				a.Session = append(a.Session, n)
			}
		}
		if v.Personal {
			a.History, a.Touches = past(shelf, v.Touches)
		}
	}
	if len(q.req.GetSessionItems()) > 0 { // the caller knows better
		a.Session = numbers(shelf, q.req.GetSessionItems())
	}
	return a
}

func past(shelf *catalogue.Shelf, touches []visitor.Touch) ([]int32, []visitor.Touch) {
	history, known := make([]int32, 0, len(touches)), make([]visitor.Touch, 0, len(touches))
	for _, t := range touches {
		if n, ok := shelf.Number(t.Item); ok {
			history, known = append(history, n), append(known, t)
		}
	}
	return history, known
}

func numbers(shelf *catalogue.Shelf, ids []string) []int32 {
	var out []int32
	for _, id := range ids {
		if n, ok := shelf.Number(id); ok {
			out = append(out, n)
		}
	}
	return out
}

// plan is the scene as this visitor has it.
func (s *Service) plan(q *asked, w *who, nowMs int64) *scene.Plan {
	variant := 0
	if n := len(q.scene.Variants); n > 1 && s.deps.Assign != nil {
		shares := make([]float64, n)
		for i, v := range q.scene.Variants {
			shares[i] = v.Share
		}
		variant = s.deps.Assign(q.scene.Name, q.workspace, w.drawn, shares)
	}
	var segments []string
	if w.view != nil && w.view.Personal {
		segments = w.view.Segments
	}
	return q.scene.Plan(variant, segments, nowMs)
}

// parts are what the list is made with.
func (s *Service) parts(q *asked, a *ask.Ask, board Board) scene.Parts {
	p := scene.Parts{Filter: q.filter, K: q.k, Exclude: numbers(a.Shelf, q.req.GetExclude()), Source: s.sources(a.Workspace, board)}
	if s.deps.Ranker != nil {
		p.Ranker = s.deps.Ranker(a.Workspace)
	}
	if s.deps.Similar != nil {
		p.Similar = s.deps.Similar(a.Workspace)
	}
	if s.deps.HideUntil != nil {
		p.HideUntil = func(item int32, boughtMs int64) int64 { return s.deps.HideUntil(a.Workspace, item, boughtMs) }
	}
	return p
}

// sources are the board's, and what no board has.
func (s *Service) sources(workspace string, board Board) func(string) ask.Source {
	return func(name string) ask.Source {
		if board != nil {
			if x := board.Source(name); x != nil {
				return x
			}
		}
		if s.deps.Source == nil {
			return nil
		}
		return s.deps.Source(workspace, name)
	}
}

func (s *Service) board(workspace string) Board {
	if s.deps.Board == nil {
		return nil
	}
	return s.deps.Board(workspace)
}
