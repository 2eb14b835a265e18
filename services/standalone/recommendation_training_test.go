package standalone

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/freshet/play"
	"github.com/freshet/freshet/services/simulator"
	"github.com/freshet/freshet/services/simulator/send"
)

// trained: the simulator's people come for two months, models are trained of what ClickHouse has of them, serve, are replaced by hand and taken back.
func trained(s *shop) {
	cfg := simulator.Default()
	cfg.Customers, cfg.Products, cfg.BrokenShare, cfg.Run = 250, 120, 0, s.name
	cfg.Tastes = simulator.Tastes{Styles: 3, Feed: true}
	world, err := simulator.New(cfg)
	if err != nil {
		s.Fatal(err)
	}
	now := time.Now()
	player := play.Player{Bars: io.Discard, Send: send.Config{URL: "http://" + s.rig.addr.CollectorHTTP, WriteKey: s.key, RetryFor: soon}}
	if _, err := player.History(s.Context(), world, now.AddDate(0, 0, -60), now.Add(-time.Minute)); err != nil {
		s.Fatal(err)
	}
	s.finds("SELECT toString(count()) FROM dw.events WHERE workspace = @workspace", fmt.Sprint(world.Counts()[0].Events))
	s.through("before the first training")

	if l := s.home("user_id:nobody"); l.GetModelVersion() != "" {
		s.Fatalf("%s serves before anything was trained", l.GetModelVersion())
	}
	first := s.train()
	if first.GetState() != modelv1.RunState_RUN_STATE_DONE || !first.GetPromoted() {
		s.Fatalf("the first training: %v", first)
	}
	s.serves(first.GetVersion())
	s.likes(world)
	given := s.list(&recommendationv1.RecommendRequest{Scene: "home"})
	s.finds("SELECT DISTINCT model_version FROM dm.recommendations WHERE workspace = @workspace AND request_id = '"+given.GetRequestId()+"'", first.GetVersion())
	if _, err := s.api.Rollback(s.Context(), &recommendationv1.RollbackRequest{Workspace: s.name}); status.Code(err) != codes.FailedPrecondition {
		s.Errorf("back to before the first: %v", err)
	}

	if idle := s.train(); idle.GetState() != modelv1.RunState_RUN_STATE_SKIPPED || !strings.Contains(idle.GetWords(), "nothing new to learn from") {
		s.Errorf("a training without new visits: %v", idle)
	}
	s.more()
	s.through("before the second training")
	second := s.train()
	if second.GetState() != modelv1.RunState_RUN_STATE_DONE || second.GetVersion() == first.GetVersion() {
		s.Fatalf("the second training: %v", second)
	}
	promoted, err := s.api.Promote(s.Context(), &recommendationv1.PromoteRequest{Workspace: s.name, Version: second.GetVersion(), Force: true})
	if err != nil {
		s.Fatal(err)
	}
	s.Logf("promoted by hand: answers after %s", s.serves(promoted.GetState().GetChampion())) // a copy of the version where that is unfit
	if _, err := s.api.Rollback(s.Context(), &recommendationv1.RollbackRequest{Workspace: s.name}); err != nil {
		s.Fatal(err)
	}
	s.Logf("rolled back: answers after %s", s.serves(first.GetVersion()))
	s.likes(world)
}

// through waits until ClickHouse has all touches that were told before: those of visitors of every partition that come behind them.
func (s *shop) through(mark string) {
	s.Helper()
	const visitors = 16
	for n := range visitors {
		s.tell(s.looks(fmt.Sprint("user:", mark, n), mark))
	}
	s.finds("SELECT toString(uniqExact(customer_id)) FROM dw.touches WHERE workspace = @workspace AND item_id = '"+mark+"'", fmt.Sprint(visitors))
}

// more people come, with a twentieth of the touches that there are: each looks at four items that somebody looked at one after the other.
func (s *shop) more() {
	s.Helper()
	seen, err := s.query("SELECT item_id FROM dw.touches WHERE workspace = @workspace AND kind = 'view' AND item_id LIKE 'P%' ORDER BY customer_id, at LIMIT (SELECT intDiv(count(), 20) FROM dw.touches WHERE workspace = @workspace)")
	if err != nil || len(seen) == 0 {
		s.Fatal(seen, err)
	}
	var events []map[string]any
	for i, item := range seen {
		events = append(events, s.looks(fmt.Sprint("user:more", i/4), item))
	}
	for all := range slices.Chunk(events, 500) {
		s.tell(all...)
	}
}

// train asks for a training and waits for its end.
func (s *shop) train() (last *modelv1.Run) {
	s.Helper()
	stream, err := s.api.Train(s.Context(), &recommendationv1.TrainRequest{Workspace: s.name})
	for err == nil {
		var told *recommendationv1.TrainResponse
		if told, err = stream.Recv(); err == nil {
			last = told.GetRun()
		}
	}
	if !errors.Is(err, io.EOF) {
		s.Fatal(err)
	}
	s.Logf("%s: %s", last.GetVersion(), last.GetWords())
	return last
}

// serves waits until answers are a version's, and gives the time that took.
func (s *shop) serves(version string) time.Duration {
	s.Helper()
	_, took := s.until(&recommendationv1.RecommendRequest{Scene: "home", DryRun: true}, func(l *recommendationv1.RecommendResponse) error {
		if l.GetModelVersion() != version || version == "" {
			return fmt.Errorf("%q serves, want %q", l.GetModelVersion(), version)
		}
		return nil
	})
	return took
}

// likes: by the simulator's truth people like what their lists have more than what is popular.
func (s *shop) likes(world *simulator.Shop) {
	s.Helper()
	popular, err := s.query("SELECT item_id FROM dw.touches WHERE workspace = @workspace AND kind = 'view' AND item_id LIKE 'P%' GROUP BY item_id ORDER BY count() DESC, item_id LIMIT 10")
	if err != nil || len(popular) != 10 {
		s.Fatal(popular, err)
	}
	now, people, lists, best := time.Now(), 0, 0., 0.
	for _, p := range world.People() {
		if p.UserID == "" || people == 60 {
			continue
		}
		l := s.list(&recommendationv1.RecommendRequest{Id: "user_id:" + p.UserID, Scene: "home", Limit: 10, DryRun: true})
		if got := items(l); len(got) != 10 || slices.Contains(got, "") {
			s.Fatalf("%v, %q", shown(l), l.GetDegraded())
		}
		people++
		for i := range 10 {
			lists += world.Taste(p.Person, items(l)[i], now)
			best += world.Taste(p.Person, popular[i], now)
		}
	}
	s.Logf("%d people choose %.2f of 10 places of their lists, %.2f of what is popular", people, lists/float64(people), best/float64(people))
	if people < 60 || lists < 1.1*best {
		s.Errorf("lists are worth %.2f, what is popular %.2f", lists, best)
	}
}
