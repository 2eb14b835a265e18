package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/testkit"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
)

const (
	accepted = collectorv1.IngestStatus_INGEST_STATUS_ACCEPTED
	rejected = collectorv1.IngestStatus_INGEST_STATUS_REJECTED
	retryIt  = collectorv1.IngestStatus_INGEST_STATUS_RETRY
)

type streamClient = grpc.BidiStreamingClient[collectorv1.IngestStreamRequest, collectorv1.IngestStreamResponse]

// openStream opens a stream with the test's write key.
func openStream(t testing.TB, client collectorv1.CollectorServiceClient) streamClient {
	t.Helper()
	stream, err := client.IngestStream(withKey(t.Context(), testKey))
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// serveGRPC serves the rig's collector as the binary does, until stop, and connects to it.
func serveGRPC(t testing.TB, r *rig, options ...grpc.DialOption) (conn *grpc.ClientConn, stop func() error) {
	t.Helper()
	server := service.NewGRPCServer(service.GRPCConfig{Address: "127.0.0.1:0", MaxMessageBytes: 4 << 20},
		service.GRPCDeps{Logger: r.svc.logger, Metrics: r.reg, TracerProvider: noop.NewTracerProvider()}, r.svc.ServerOptions()...)
	r.svc.Register(server)
	server.OnStop(r.svc.StopStreams)
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- lifecycle.Run(ctx, 10*time.Second, server.Component()) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	conn, err := grpc.NewClient(server.Addr(), append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); _ = stop() })
	return conn, stop
}

func send(t testing.TB, stream streamClient, reqs ...*collectorv1.IngestStreamRequest) {
	t.Helper()
	for _, req := range reqs {
		if err := stream.Send(req); err != nil {
			t.Fatal(err)
		}
	}
}

func receive(t testing.TB, stream streamClient) *collectorv1.IngestStreamResponse {
	t.Helper()
	resp, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// one is one event of a stream.
func one(sequence uint64, text string) *collectorv1.IngestStreamRequest {
	return &collectorv1.IngestStreamRequest{Sequence: sequence, Event: []byte(text)}
}

// Bad events among good ones: one answer each, in the order sent, and Kafka agrees with it.
func TestStreamAnswersEachEventInTheOrderSent(t *testing.T) {
	r := start(t, atNoon, withoutSpool)
	stream := openStream(t, dial(t, r))
	const n = 600
	go func() {
		for i := range uint64(n) {
			text := track(fmt.Sprint("m", i))
			switch i % 6 {
			case 1:
				text = fmt.Sprintf(`{"type":"track","event":"E","userId":"1","messageId":"m%d","x":NaN}`, i)
			case 3:
				text = fmt.Sprintf(`{"type":"purchase","userId":"1","messageId":"m%d"}`, i)
			case 5:
				text = fmt.Sprintf(`{"type":"track","event":"E","userId":"1","messageId":"m%d","x":%q}`, i, strings.Repeat("x", 40<<10))
			}
			if stream.Send(&collectorv1.IngestStreamRequest{Sequence: i * 7, Event: []byte(text), History: i%4 == 0}) != nil {
				return
			}
		}
		_ = stream.CloseSend()
	}()
	for i := range uint64(n) {
		got := receive(t, stream)
		want := fmt.Sprintf("%d m%d %v", i*7, i, []any{"ACCEPTED ", "REJECTED invalid_json", "ACCEPTED ", "REJECTED unknown_type", "ACCEPTED ", "REJECTED too_large"}[i%6])
		if s := fmt.Sprintf("%d %s %s %s", got.GetSequence(), got.GetEventId(), strings.TrimPrefix(got.GetStatus().String(), "INGEST_STATUS_"), got.GetReason()); s != want {
			t.Fatalf("answer %d: %s, want %s", i, s, want)
		}
		if (got.GetDetail() != "") != (got.GetStatus() == rejected) {
			t.Fatalf("answer %d: detail %q", i, got.GetDetail())
		}
	}
	if resp, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last answer: %v, %v; want the end", resp, err)
	}
	events := r.events()
	if len(events) != n/2 || len(r.rejects()) != n/2 {
		t.Errorf("%d events and %d rejects in Kafka, want %d each", len(events), len(r.rejects()), n/2)
	}
	if !events["m0"].GetHistory() || events["m2"].GetHistory() || !events["m4"].GetHistory() {
		t.Error("history is not each event's own")
	}
	if used := r.held(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}

// Events that are grouped keep their own sent_at: one client's clock says nothing of another event's.
func TestStreamCorrectsTheClockOfEachEvent(t *testing.T) {
	r := start(t, atNoon, withoutSpool)
	stream := openStream(t, dial(t, r))
	at := func(id, original string, sent time.Time) *collectorv1.IngestStreamRequest {
		req := one(0, `{"type":"track","event":"E","userId":"1","messageId":"`+id+`","timestamp":"`+original+`"}`)
		if !sent.IsZero() {
			req.SentAt = timestamppb.New(sent)
		}
		return req
	}
	send(t, stream, at("behind", "2026-03-01T10:00:00Z", noon.Add(-time.Hour)), at("right", "2026-03-01T10:00:00Z", noon), at("silent", "2026-03-01T10:00:00Z", time.Time{}),
		one(0, `{"type":"track","event":"E","userId":"1"}`))
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	var made string
	for range 4 {
		made = receive(t, stream).GetEventId()
	}
	events := r.events()
	for id, want := range map[string]time.Duration{"behind": -time.Hour, "right": -2 * time.Hour, "silent": -2 * time.Hour} {
		if got := events[id].GetOccurredMs(); got != noon.Add(want).UnixMilli() {
			t.Errorf("%s occurred at %s, want noon %s", id, time.UnixMilli(got).UTC(), want)
		}
	}
	if made == "" || events[made] == nil {
		t.Errorf("the event without an id was answered %q, which is not in Kafka", made)
	}
}

func TestStreamWithoutAKeyEndsAtOnce(t *testing.T) {
	r := start(t)
	client := dial(t, r)
	for name, ctx := range map[string]context.Context{"none": t.Context(), "wrong": withKey(t.Context(), "nobody")} {
		stream, err := client.IngestStream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s key: %v", name, err)
		}
	}
}

// A key that is taken away ends the streams opened with it, at their next event.
func TestStreamOfARevokedKeyEnds(t *testing.T) {
	var path string
	r := start(t, withoutSpool, sourcesFile(t, &path, `sources: [{name: app, keys: [`+keyed("k1", testKey)+`]}]`), func(s *setup) { s.cfg.Sources = nil })
	stream := openStream(t, dial(t, r))
	send(t, stream, one(1, track("before")))
	receive(t, stream)
	swap(t, path, `sources: [{name: app, keys: [`+keyed("k1", testKey, "revoked: 2026-01-01T00:00:00Z")+`]}]`)
	r.settled("ok", 1)
	send(t, stream, one(2, track("after")))
	if resp, err := stream.Recv(); status.Code(err) != codes.Unauthenticated {
		t.Errorf("after the key was revoked: %v, %v", resp, err)
	}
	if events := r.events(); len(events) != 1 || r.held() != 0 {
		t.Errorf("%d events in Kafka, %d bytes reserved", len(events), r.held())
	}
}

// pad is an event of about n bytes.
func pad(id string, n int) string {
	return fmt.Sprintf(`{"type":"track","event":"E","userId":"42","messageId":%q,"pad":%q}`, id, strings.Repeat("x", n))
}

// stalled waits until a count of at least so much has not moved for half a second.
func stalled(t *testing.T, count *atomic.Int64, least int64) {
	t.Helper()
	last, since := int64(-1), time.Now()
	testkit.Eventually(t, time.Minute, func() error {
		now := count.Load()
		if now != last {
			last, since = now, time.Now()
		}
		if now < least || time.Since(since) < 500*time.Millisecond {
			return fmt.Errorf("%d for %s", now, time.Since(since))
		}
		return nil
	})
}

// The broker holds an answer back: the server reads a window and no more, so that the
// client's Send blocks; and nothing is lost of what it sent.
func TestStreamReadsNoMoreThanItsWindow(t *testing.T) {
	address, control := stubborn(t)
	r := start(t, func(s *setup) { s.kafka = address; s.cfg.Stream.Window = 50 }, withoutSpool)
	release := make(chan struct{})
	control(func(kmsg.Request) (kmsg.Response, error, bool) {
		<-release
		return nil, nil, false
	})
	stream := openStream(t, dial(t, r))
	const n, size = 5000, 1000
	var sent atomic.Int64
	go func() {
		for i := range uint64(n) {
			if stream.Send(one(i, pad(fmt.Sprint(i), size))) != nil {
				return
			}
			sent.Add(1)
		}
		_ = stream.CloseSend()
	}()
	stalled(t, &sent, 50)
	// 50 in the window, one in the reader's hand; the rest fills the transport's buffers on both sides: 64 KiB each at first, more
	// when gRPC finds that the connection would bear it. Nothing near the 5,000 that want to be sent.
	if got := sent.Load(); got > 50+1+16*64 {
		t.Errorf("%d events of 1 KB were sent with a window of 50", got)
	}
	if used := r.held(); used < 50*size || used > 51*(size+100) {
		t.Errorf("%d bytes are reserved for 50 events of 1 KB", used)
	}
	close(release)
	for i := range uint64(n) {
		if got := receive(t, stream); got.GetSequence() != i || got.GetStatus() != accepted {
			t.Fatalf("answer %d: %v", i, got)
		}
	}
	if got := len(r.events()); got != n {
		t.Errorf("%d events in Kafka, want %d", got, n)
	}
}

// A client that never reads its answers is read no further, and does not hold up the others or a stop.
func TestStreamOfAClientThatNeverReads(t *testing.T) {
	r := start(t, func(s *setup) { s.cfg.Stream.Window = 50; s.cfg.DrainTimeout = 500 * time.Millisecond })
	conn, _ := serveGRPC(t, r, grpc.WithInitialWindowSize(64<<10), grpc.WithInitialConnWindowSize(64<<10))
	deaf := openStream(t, collectorv1.NewCollectorServiceClient(conn))
	var sent atomic.Int64
	go func() {
		for i := range uint64(1_000_000) {
			if deaf.Send(one(i, track(fmt.Sprint("deaf-", i)))) != nil {
				return
			}
			sent.Add(1)
		}
	}()
	stalled(t, &sent, 500)
	if got := sent.Load(); got > 20_000 {
		t.Errorf("%d events were taken from a client that read no answer", got)
	}
	if used := r.held(); used > 50*200 {
		t.Errorf("%d bytes are reserved for it", used)
	}
	other := openStream(t, dial(t, r))
	send(t, other, one(1, track("other")))
	if got := receive(t, other); got.GetStatus() != accepted {
		t.Errorf("the neighbour: %v", got)
	}
	begun := time.Now()
	r.svc.StopStreams(t.Context())
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("stopping took %s with a drain timeout of 500ms", took)
	}
	if used := r.held(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}

// The broker goes and comes back: RETRY with a time while it is gone, on a stream that lives on.
func TestStreamThroughAnOutage(t *testing.T) {
	dir := t.TempDir()
	kafka, err := embeddedkafka.Start(embeddedkafka.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, func(s *setup) { s.kafka = kafka.Addr() }, ackWithin(300*time.Millisecond), withoutSpool)
	stream := openStream(t, dial(t, r))
	taken := func(sequence uint64, event string) {
		testkit.Eventually(t, time.Minute, func() error {
			send(t, stream, one(sequence, track(event)))
			if got := receive(t, stream); got.GetStatus() != accepted {
				return fmt.Errorf("%s: %v", event, got)
			}
			return nil
		})
	}
	taken(1, "before")
	kafka.Close()
	send(t, stream, one(2, track("during-1")), one(3, `{"type":"track"}`))
	for i := range uint64(2) {
		got := receive(t, stream)
		if got.GetSequence() != 2+i || got.GetStatus() != retryIt || got.GetReason() != "not_stored" || got.GetRetryAfterMs() != 1000 || got.GetEventId() == "" {
			t.Errorf("broker gone: %v", got)
		}
	}
	if kafka, err = embeddedkafka.Start(embeddedkafka.Config{Dir: dir, Address: kafka.Addr()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	taken(4, "after")
	if events := r.events(); events["before"] == nil || events["after"] == nil {
		t.Errorf("answered events are missing: %d there", len(events))
	}
}

// Connections are cut at random while streams are busy: what was answered ACCEPTED is in Kafka.
func TestStreamKilledLosesNothingAnswered(t *testing.T) {
	r := start(t)
	_, _ = serveGRPC(t, r)
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var wg sync.WaitGroup
	for c := range 8 {
		conn, _ := serveGRPC(t, r)
		wg.Go(func() {
			stream := openStream(t, collectorv1.NewCollectorServiceClient(conn))
			go func() {
				for i := range uint64(20_000) {
					if stream.Send(one(i, track(fmt.Sprintf("%d-%d", c, i)))) != nil {
						return
					}
				}
			}()
			for n := 0; ; n++ {
				got, err := stream.Recv()
				if err != nil {
					return
				}
				mu.Lock()
				acknowledged[got.GetEventId()] = got.GetStatus() == accepted
				mu.Unlock()
				if n == 100+37*c {
					_ = conn.Close()
				}
			}
		})
	}
	wg.Wait()
	testkit.Eventually(t, time.Minute, func() error { // on a slow machine some are in the spool first
		events := r.events()
		for id, ok := range acknowledged {
			if !ok || events[id] == nil {
				return fmt.Errorf("%s was answered (accepted %v) and is not in Kafka", id, ok)
			}
		}
		return nil
	})
	if len(acknowledged) < 8*100 {
		t.Errorf("%d answers only", len(acknowledged))
	}
	testkit.Eventually(t, time.Minute, func() error {
		if used := r.held(); used != 0 {
			return fmt.Errorf("%d bytes are still reserved", used)
		}
		return nil
	})
}

// A stop reads no further, answers what was read, and sends the client elsewhere.
func TestStreamAtAStop(t *testing.T) {
	address, control := stubborn(t)
	r := start(t, func(s *setup) { s.kafka = address }, withoutSpool)
	conn, stop := serveGRPC(t, r)
	client := collectorv1.NewCollectorServiceClient(conn)
	idle := openStream(t, client)
	send(t, idle, one(1, track("idle")))
	receive(t, idle)
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	control(func(kmsg.Request) (kmsg.Response, error, bool) {
		once.Do(func() { close(arrived) })
		<-release
		return nil, nil, false
	})
	busy := openStream(t, client)
	send(t, busy, one(1, track("in-hand")), one(2, track("read")))
	<-arrived
	testkit.Eventually(t, time.Minute, func() error {
		if used := r.held(); used != int64(len(track("in-hand"))+len(track("read"))) {
			return fmt.Errorf("%d bytes are read", used)
		}
		return nil
	})
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	begun := time.Now()
	if resp, err := idle.Recv(); status.Code(err) != codes.Unavailable || time.Since(begun) > 3*time.Second {
		t.Errorf("the idle stream: %v, %v after %s; want UNAVAILABLE at once", resp, err, time.Since(begun))
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped with events in hand: %v", err)
	default:
	}
	close(release)
	for i := range uint64(2) {
		if got := receive(t, busy); got.GetSequence() != i+1 || got.GetStatus() != accepted {
			t.Errorf("in hand: %v", got)
		}
	}
	if resp, err := busy.Recv(); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("the busy stream: %v, %v; want UNAVAILABLE", resp, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if len(r.events()) != 3 {
		t.Errorf("%d events in Kafka, want 3", len(r.events()))
	}
}

// Over the memory of all requests together an event is answered RETRY, and the stream lives.
func TestStreamWithoutMemoryIsToldToTryAgain(t *testing.T) {
	r := start(t)
	stream := openStream(t, dial(t, r))
	limit := r.svc.cfg.Limits.InFlightBytes
	if !r.svc.intake.Memory.Take(limit - 10) {
		t.Fatal("no memory")
	}
	send(t, stream, one(1, track("a")), one(2, track("b")))
	for i := range uint64(2) {
		if got := receive(t, stream); got.GetSequence() != i+1 || got.GetStatus() != retryIt || got.GetReason() != "busy" || got.GetRetryAfterMs() != 1000 {
			t.Errorf("without memory: %v", got)
		}
	}
	r.svc.intake.Memory.Give(limit - 10)
	send(t, stream, one(3, track("c")))
	if got := receive(t, stream); got.GetSequence() != 3 || got.GetStatus() != accepted {
		t.Errorf("with memory again: %v", got)
	}
	if used := r.held(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}

// An event of an import's size gets its answer; a message beyond what gRPC takes ends the stream, and no other.
func TestStreamOfHugeEvents(t *testing.T) {
	r := start(t)
	conn, _ := serveGRPC(t, r)
	client := collectorv1.NewCollectorServiceClient(conn)
	stream, neighbour := openStream(t, client), openStream(t, client)
	live, history, over := one(1, pad("live", 400<<10)), one(2, pad("history", 400<<10)), one(3, pad("over", 3<<20))
	history.History, over.History = true, true
	send(t, stream, live, history, over)
	for _, want := range []string{"1 REJECTED too_large", "2 ACCEPTED ", "3 REJECTED too_large"} {
		got := receive(t, stream)
		if s := fmt.Sprintf("%d %s %s", got.GetSequence(), strings.TrimPrefix(got.GetStatus().String(), "INGEST_STATUS_"), got.GetReason()); s != want {
			t.Errorf("%s, want %s", s, want)
		}
	}
	send(t, stream, one(4, pad("beyond", 5<<20)))
	if resp, err := stream.Recv(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("5 MB: %v, %v; want RESOURCE_EXHAUSTED", resp, err)
	}
	send(t, neighbour, one(1, track("neighbour")))
	if got := receive(t, neighbour); got.GetStatus() != accepted {
		t.Errorf("the neighbour: %v", got)
	}
}

// BenchmarkStream measures the whole way as BenchmarkHTTPSingle does, over one stream.
func BenchmarkStream(b *testing.B) {
	r := start(b)
	conn, _ := serveGRPC(b, r)
	stream := openStream(b, collectorv1.NewCollectorServiceClient(conn))
	text := []byte(productViewed("stream-1"))
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for i := range uint64(b.N) {
			if stream.Send(&collectorv1.IngestStreamRequest{Sequence: i, Event: text, History: true}) != nil {
				return
			}
		}
		_ = stream.CloseSend()
	}()
	for range b.N {
		if got := receive(b, stream); got.GetStatus() != accepted {
			b.Fatal(got)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkUnary is 32 clients with one event a call.
func BenchmarkUnary(b *testing.B) {
	r := start(b)
	conn, _ := serveGRPC(b, r)
	client := collectorv1.NewCollectorServiceClient(conn)
	req := &collectorv1.IngestRequest{Events: [][]byte{[]byte(productViewed("unary-1"))}, History: true}
	b.ReportAllocs()
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		ctx := withKey(b.Context(), testKey)
		for pb.Next() {
			if resp, err := client.Ingest(ctx, req); err != nil || resp.GetAccepted() != 1 {
				b.Error(resp, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
