package collector

import (
	"context"
	"encoding/base64"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
)

// dial serves the rig's collector over gRPC.
func dial(t testing.TB, r *rig) collectorv1.CollectorServiceClient {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// Windows of a fixed size: else gRPC lets them grow by what it measures of the connection, on a busy machine more.
	server := grpc.NewServer(grpc.StaticStreamWindowSize(64<<10), grpc.StaticConnWindowSize(64<<10))
	r.svc.Register(server)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return collectorv1.NewCollectorServiceClient(conn)
}

func withKey(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(key+":")))
}

func TestIngestOverGRPC(t *testing.T) {
	r := start(t, atNoon)
	client := dial(t, r)
	ctx := withKey(t.Context(), testKey)
	resp, err := client.Ingest(ctx, &collectorv1.IngestRequest{
		Events: [][]byte{
			[]byte(`{"type":"track","event":"E","userId":"1","messageId":"a","timestamp":"2026-03-01T10:00:00Z"}`),
			[]byte(`{"type":"track","event":"E","userId":"1","messageId":"b","x":NaN}`),
			[]byte(`{"type":"track","event":"E","userId":"1","messageId":"c"} {}`), []byte(`7`), nil,
			[]byte(track("d")),
		},
		SentAt: timestamppb.New(noon.Add(-time.Hour)),
	})
	if err != nil {
		t.Fatal(err)
	}
	var rejected []string
	for _, rej := range resp.GetRejected() {
		rejected = append(rejected, rej.GetReason())
	}
	if want := "invalid_json invalid_json not_an_object invalid_json"; resp.GetAccepted() != 2 || strings.Join(rejected, " ") != want {
		t.Errorf("accepted %d, rejected %v, want 2 and %s", resp.GetAccepted(), rejected, want)
	}
	if resp.GetRejected()[0].GetIndex() != 1 || resp.GetRejected()[0].GetEventId() != "b" || len(r.rejects()) != 4 {
		t.Errorf("rejects %v, %d in Kafka", resp.GetRejected(), len(r.rejects()))
	}
	if got, want := r.events()["a"].GetOccurredMs(), noon.Add(-time.Hour).UnixMilli(); got != want {
		t.Errorf("occurred at %d, want %d: the client's clock is an hour behind", got, want)
	}
	if _, err := client.Ingest(ctx, &collectorv1.IngestRequest{History: true,
		Events: [][]byte{[]byte(`{"type":"page","userId":"1","messageId":"h","timestamp":"2010-01-01T00:00:00Z"}`)}}); err != nil {
		t.Fatal(err)
	}
	if !r.events()["h"].GetHistory() {
		t.Error("history is not marked")
	}
}

func TestGRPCRefusals(t *testing.T) {
	kafka, err := embeddedkafka.Start(embeddedkafka.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	r := start(t, func(s *setup) { s.kafka = kafka.Addr(); s.cfg.Limits.BatchEvents = 2 }, ackWithin(300*time.Millisecond), withoutSpool)
	client := dial(t, r)
	one := [][]byte{[]byte(track("1"))}
	for name, c := range map[string]struct {
		ctx    context.Context
		events [][]byte
		want   codes.Code
	}{
		"no key":    {t.Context(), one, codes.Unauthenticated},
		"wrong key": {withKey(t.Context(), "nobody"), one, codes.Unauthenticated},
		"no event":  {withKey(t.Context(), testKey), nil, codes.InvalidArgument},
		"too many":  {withKey(t.Context(), testKey), [][]byte{one[0], one[0], one[0]}, codes.InvalidArgument},
	} {
		if _, err := client.Ingest(c.ctx, &collectorv1.IngestRequest{Events: c.events}); status.Code(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if n := len(r.records(topicsRaw)); n != 0 {
		t.Errorf("%d events of refused calls are in Kafka", n)
	}
	kafka.Close()
	if _, err := client.Ingest(withKey(t.Context(), testKey), &collectorv1.IngestRequest{Events: one}); status.Code(err) != codes.Unavailable {
		t.Errorf("broker gone: %v, want UNAVAILABLE", err)
	}
	if r.held() != 0 {
		t.Errorf("%d bytes are still reserved", r.held())
	}
}
