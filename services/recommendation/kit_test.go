package recommendation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// world is everything that answers stand on, in memory.
type world struct {
	t testing.TB
	identityv1.IdentityServiceClient
	known   map[string]string // what a reference is, to whom it leads
	away    error             // identity
	mute    bool              // identity waits until the caller gives up
	views   map[string]*visitor.View
	torn    error // the records
	shelf   *catalogue.Shelf
	version string
	sources map[string]ask.Source

	mu      sync.Mutex
	answers []*recommendationv1.Answer
}

func newWorld(t testing.TB, items int) *world {
	w := &world{t: t, known: map[string]string{}, views: map[string]*visitor.View{}, shelf: catalogue.NewShelf("default", items+10), sources: map[string]ask.Source{}}
	for i := range items {
		w.shelf.Put(&catalogue.Item{ID: id(i), Proto: &recommendationv1.Item{
			Workspace: "default", ItemId: id(i), Name: "Item " + strconv.Itoa(i), Brand: "b" + strconv.Itoa(i%50), Categories: []string{"c" + strconv.Itoa(i%200)}}})
	}
	return w
}

func id(i int) string { return "i" + strconv.Itoa(i) }

func (w *world) lookup(ctx context.Context, ref string) (string, error) {
	if w.mute {
		<-ctx.Done()
		return "", status.FromContextError(ctx.Err()).Err()
	}
	if w.away != nil {
		return "", w.away
	}
	if to, ok := w.known[ref]; ok {
		return to, nil
	}
	return "", status.Error(codes.NotFound, "nobody")
}

// GetCustomer implements identityv1.IdentityServiceClient.
func (w *world) GetCustomer(ctx context.Context, r *identityv1.GetCustomerRequest, _ ...grpc.CallOption) (*identityv1.GetCustomerResponse, error) {
	to, err := w.lookup(ctx, r.GetId())
	return &identityv1.GetCustomerResponse{Customer: &identityv1.Customer{CustomerId: to}}, err
}

// Resolve implements identityv1.IdentityServiceClient.
func (w *world) Resolve(ctx context.Context, r *identityv1.ResolveRequest, _ ...grpc.CallOption) (*identityv1.ResolveResponse, error) {
	to, err := w.lookup(ctx, r.GetIdentifiers()[0].GetType()+":"+r.GetIdentifiers()[0].GetValue())
	return &identityv1.ResolveResponse{CustomerId: to}, err
}

// View implements Visitors.
func (w *world) View(ctx context.Context, _, customerID string) (*visitor.View, error) {
	if w.torn != nil {
		return nil, w.torn
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return w.views[customerID], nil
}

// Version implements Board.
func (w *world) Version() string { return w.version }

// KnownMs implements Board.
func (w *world) KnownMs() int64 { return 77 }

// Source implements Board.
func (w *world) Source(name string) ask.Source { return w.sources[name] }

// NewRequest implements Loop.
func (w *world) NewRequest(workspace, customerID string, nowMs int64) string {
	return fmt.Sprintf("%s/%s/%d", workspace, customerID, nowMs)
}

// Answered implements Loop.
func (w *world) Answered(a *recommendationv1.Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers = append(w.answers, a)
}

// Draw implements Loop.
func (w *world) Draw(_ arms.Slot, items []arms.Item, src rand.Source) int {
	return rand.New(src).IntN(len(items)+1) - 1
}

// customer makes a known one, with what was touched.
func (w *world) customer(ref string, personal bool, touches ...visitor.Touch) string {
	typ, value, _, err := customer.ParseRef(ref)
	if err != nil {
		w.t.Fatal(err)
	}
	who := customer.ID("default", typ, value, 0)
	w.known[ref], w.known[who] = who, who
	w.views[who] = &visitor.View{CustomerID: who, Workspace: "default", Personal: personal, Touches: touches, ReceivedMs: 55, Country: "DE"}
	return who
}

func viewed(item string, ago time.Duration) visitor.Touch {
	return visitor.Touch{Item: item, Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW, AtMs: start.Add(-ago).UnixMilli()}
}

func (w *world) deps() Deps {
	return Deps{
		Identity: w, Visitors: w, Shelf: func(string) *catalogue.Shelf { return w.shelf }, Board: func(string) Board { return w }, Loop: w, ParseFilter: parseBrand,
		Now: func() time.Time { return start }, Seed: func() uint64 { return 1 },
	}
}

func (w *world) service(edit func(*Config, *Deps)) *Service {
	w.t.Helper()
	cfg, deps := Default(), w.deps()
	if edit != nil {
		edit(&cfg, &deps)
	}
	s, err := New(cfg, deps)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// client asks a service over its server.
func client(t testing.TB, s *Service) recommendationv1.RecommendationServiceClient {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	s.Register(server)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return recommendationv1.NewRecommendationServiceClient(conn)
}

// brandIs is a condition of these tests: `brand == "x"`.
type brandIs string

func (b brandIs) Match(i *catalogue.Item, _ int64) bool { return i.Proto.GetBrand() == string(b) }

func parseBrand(text string) (scene.Filter, error) {
	b, ok := strings.CutPrefix(text, "brand == ")
	if !ok {
		return nil, errors.New("no condition over a brand")
	}
	return brandIs(strings.Trim(b, `"`)), nil
}

// list proposes its items in their order.
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

// next proposes what comes behind the newest of the session, or the page.
type next struct{ kind candidate.Kind }

func (x next) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	from := append(append([]int32{}, a.Session...), a.Context...)
	if len(from) == 0 || k < 1 {
		return dst
	}
	last := from[len(from)-1]
	if n := last + 1; int(n) < a.Shelf.Len() && !a.Skip(n) {
		dst = append(dst, candidate.Candidate{Item: n, Score: 1, Reason: candidate.Reason{Kind: x.kind, Because: last, Share: 1}})
	}
	return dst
}

// past proposes what was touched before, for who allows a profile.
type tasted struct{}

func (tasted) Candidates(dst []candidate.Candidate, a *ask.Ask, _ int) []candidate.Candidate {
	for _, item := range a.History {
		if !a.Skip(item) {
			dst = append(dst, candidate.Candidate{Item: item, Score: 1, Reason: candidate.Reason{Kind: candidate.Taste, Because: item}})
		}
	}
	return dst[:min(len(dst), 50)]
}

func products(r *recommendationv1.RecommendResponse) string {
	var out []string
	for _, x := range r.GetRecommendations() {
		out = append(out, x.GetProductId())
	}
	return strings.Join(out, " ")
}
