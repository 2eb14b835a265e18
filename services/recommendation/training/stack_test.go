package training

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/warehouse"
	"github.com/freshet/freshet/services/warehouse/factskit"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// said gives a touch of a workspace as the visitors task tells it.
func (t Touch) said(workspace string, number int) *recommendationv1.Touch {
	m := &recommendationv1.Touch{
		Workspace: workspace, CustomerId: t.Customer, ItemId: t.Item, AtMs: t.AtMs, ReceivedMs: t.AtMs, QuantityMicros: int64(number+1) * 1_000_000, OrderId: t.Order,
		EventId: fmt.Sprint("e", number), Line: 1, Anonymous: t.Anonymous, Sequence: int64(number), History: true,
	}
	for k, name := range recommendationv1.TouchKind_name {
		if strings.EqualFold(name, "TOUCH_KIND_"+t.Kind) {
			m.Kind = recommendationv1.TouchKind(k)
		}
	}
	return m
}

// live is a world whose warehouse writes what touches.v1 has.
func live(t *testing.T) (*world, *Warehouse, func(...*recommendationv1.Touch)) {
	w := newWorld(t)
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{w.address}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	facts := factskit.New(t)
	cfg := warehouse.Default()
	cfg.DatabasePrefix, cfg.FlushEvery = facts.Names.Prefix, 20*time.Millisecond
	writer, err := warehouse.New(cfg, warehouse.Deps{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider().Tracer(""), Broker: client, ClickHouse: facts.Conn})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- writer.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	producer := client.NewProducer(broker.ProducerConfig{})
	send := func(all ...*recommendationv1.Touch) {
		t.Helper()
		var records []broker.Message
		for _, m := range all {
			value, err := proto.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, broker.Message{Topic: topics.Touches.Name, Key: []byte(m.GetCustomerId()), Value: value})
		}
		if err := producer.Produce(t.Context(), records...); err != nil {
			t.Fatal(err)
		}
	}
	return w, &Warehouse{Conn: facts.Conn, Database: facts.Names.Database(schema.DW)}, send
}

// Touches come in, and there is a model that serves without anybody asking: broker, warehouse, ClickHouse, judgement, version, promotion, and what people do with it.
func TestTouchesBecomeAModelThatServes(t *testing.T) {
	w, touches, send := live(t)
	all := shopTouches(1500)
	s := w.service(touches, nil)
	var records []*recommendationv1.Touch
	for i, x := range all {
		records = append(records, x.said("shop", i), x.said("shop", i)) // copies count once
	}
	undone := all[len(all)-1]
	undone.Kind, undone.Order, undone.Item = "buy", "cancelled", "nobody has it"
	bought := undone.said("shop", len(all))
	back := undone.said("shop", len(all)+1)
	back.Undone = true
	send(append(records, bought, back, all[0].said("elsewhere", 7))...)
	testkit.Eventually(t, time.Minute, func() error {
		if n, err := touches.Count(t.Context(), "shop", base, time.Now()); err != nil || n != int64(len(all)+2) {
			return fmt.Errorf("%d touches of %d, %w", n, len(all)+2, err)
		}
		return nil
	})
	w.runs(s) // not before: looks are a second apart here, and what comes in may stand still for that long on a busy machine
	testkit.Eventually(t, 2*time.Minute, func() error {
		if run := w.kept.Runs("shop", Model); w.champion() == "" {
			return fmt.Errorf("%v", run)
		}
		return nil
	})
	admin, req := Admin{s}, &recommendationv1.TrainRequest{Workspace: "shop"}
	more := shopTouches(1600)[len(all):] // a history that comes in later: what there is is not what the champion learnt from
	for i, x := range more {
		send(x.said("shop", len(all)+2+i))
	}
	all = append(all, more...)
	testkit.Eventually(t, time.Minute, func() error {
		if n, err := touches.Count(t.Context(), "shop", base, time.Now()); err != nil || n != int64(len(all)+2) {
			return fmt.Errorf("%d touches of %d, %w", n, len(all)+2, err)
		}
		return nil
	})
	stream := &toldOf{ctx: t.Context()}
	if err := admin.Train(req, stream); err != nil {
		t.Fatal(err)
	}
	last := stream.runs[len(stream.runs)-1]
	if last.GetState() != modelv1.RunState_RUN_STATE_DONE || last.GetPromoted() || !strings.Contains(last.GetWords(), "cannot be compared with the champion") || len(stream.runs) < 3 {
		t.Errorf("%d words, the last %v", len(stream.runs), last)
	}
	listed, err := admin.ListModels(t.Context(), &recommendationv1.ListModelsRequest{Workspace: "shop"})
	if err != nil || len(listed.GetVersions()) < 2 || listed.GetMissing() != "" || listed.GetRun().GetId() != last.GetId() {
		t.Fatalf("%v %v", listed, err)
	}
	customers := map[string]bool{}
	for _, x := range all {
		customers[x.Customer] = true
	}
	v := listed.GetVersions()[0]
	if v.GetRows() != int64(len(all)) || v.GetCustomers() != int64(len(customers)) || v.GetCutMs() <= v.GetFromMs() || v.GetCutMs() >= v.GetToMs() || v.GetMetrics()["next_item_recall_20"] < .5 {
		t.Errorf("%d rows of %d, %d customers of %d: %v", v.GetRows(), len(all), v.GetCustomers(), len(customers), v)
	}
	cards(t, admin, v.GetId())
	champion := w.champion()
	if _, err := admin.Promote(t.Context(), &recommendationv1.PromoteRequest{Workspace: "shop", Version: v.GetId()}); err != nil || w.champion() != v.GetId() {
		t.Errorf("%s serves, %v", w.champion(), err)
	}
	if got, err := admin.Rollback(t.Context(), &recommendationv1.RollbackRequest{Workspace: "shop"}); err != nil || got.GetState().GetChampion() != champion {
		t.Errorf("%v %v", got, err)
	}
	for want, err := range map[codes.Code]error{
		codes.FailedPrecondition: second(admin.Rollback(t.Context(), &recommendationv1.RollbackRequest{Workspace: "elsewhere"})),
		codes.NotFound:           second(admin.Promote(t.Context(), &recommendationv1.PromoteRequest{Workspace: "shop", Version: "v7"})),
		codes.InvalidArgument:    second(admin.Promote(t.Context(), &recommendationv1.PromoteRequest{Workspace: "shop"})),
	} {
		if status.Code(err) != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// cards are whole in every form, and a page asks no network.
func cards(t *testing.T, admin Admin, id string) {
	t.Helper()
	for format, want := range map[string][]string{
		"json": {`"protocol": "next-item"`, `"recall_20"`}, "text": {"Recall@20", "also_viewed", "against popularity", "taste"},
		"html": {"<svg", "<table>", "Content-Security-Policy", "sessions and EASE"},
	} {
		got, err := admin.Evaluate(t.Context(), &recommendationv1.EvaluateRequest{Workspace: "shop", Version: id, Format: format})
		if err != nil {
			t.Fatal(err)
		}
		text := string(got.GetCard())
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("the card as %s has no %q:\n%.600s", format, part, text)
			}
		}
		if format == "json" && !json.Valid(got.GetCard()) {
			t.Errorf("the card is no JSON: %.300s", text)
		}
		if strings.Contains(text, "src=") || strings.Contains(text, "<script") {
			t.Error("the page asks for something")
		}
	}
	if _, err := admin.Evaluate(t.Context(), &recommendationv1.EvaluateRequest{Workspace: "shop", Format: "pdf"}); status.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
}

// The newest touches are read, oldest first, of the workspace and span that are asked for; those of the future are not.
func TestTheNewestSpanIsRead(t *testing.T) {
	_, touches, send := live(t)
	var all []*recommendationv1.Touch
	for i := range 100 {
		all = append(all, Touch{Customer: "a", Item: fmt.Sprint(i), Kind: "view", AtMs: base.UnixMilli() + int64(i/2)}.said("shop", i))
	}
	all = append(all, Touch{Customer: "a", Item: "later", Kind: "view", AtMs: base.Add(time.Hour).UnixMilli()}.said("shop", 100), Touch{Customer: "a", Item: "x", Kind: "view", AtMs: base.UnixMilli()}.said("else", 0))
	send(all...)
	from, to := base, base.Add(time.Hour)
	testkit.Eventually(t, time.Minute, func() error {
		if n, err := touches.Count(t.Context(), "shop", from, to); err != nil || n != 100 {
			return fmt.Errorf("%d, %w", n, err)
		}
		return nil
	})
	for most, want := range map[int64][]string{1000: {"0", "99", "100"}, 20: {"80", "99", "20"}, 21: {"80", "99", "20"}, 100: {"0", "99", "100"}} {
		var got []string
		if err := touches.Read(t.Context(), "shop", from, to, most, func(x Touch) error {
			if got = append(got, x.Item); fmt.Sprint(x.Quantity/1_000_000-1) != x.Item {
				t.Errorf("touch %s: quantity %d", x.Item, x.Quantity)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 || got[0] != want[0] && got[0] != "1" && got[0] != "81" || fmt.Sprint(len(got)) != want[2] {
			t.Errorf("at most %d: %d touches, %v", most, len(got), got)
		}
	}
}

// A touch of a clock that is ahead is read as of when it was received, as boards take it, and in that place.
func TestAClockThatIsAheadCountsAsReceived(t *testing.T) {
	_, touches, send := live(t)
	ahead := Touch{Customer: "a", Item: "ahead", Kind: "view", AtMs: base.Add(day24).UnixMilli()}.said("shop", 1)
	ahead.ReceivedMs = base.UnixMilli() + 5
	send(Touch{Customer: "a", Item: "before", Kind: "view", AtMs: base.UnixMilli()}.said("shop", 2), ahead, Touch{Customer: "a", Item: "behind", Kind: "view", AtMs: base.UnixMilli() + 9}.said("shop", 3))
	to := base.Add(time.Hour)
	testkit.Eventually(t, time.Minute, func() error {
		n, err := touches.Count(t.Context(), "shop", base, to)
		if err != nil || n != 3 {
			return fmt.Errorf("%d, %w", n, err)
		}
		return nil
	})
	got := ""
	if err := touches.Read(t.Context(), "shop", base, to, 2, func(x Touch) error { got += fmt.Sprint(x.Item, " ", x.AtMs-base.UnixMilli(), " "); return nil }); err != nil || got != "ahead 5 behind 9 " {
		t.Errorf("%q, %v", got, err)
	}
}
