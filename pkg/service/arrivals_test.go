package service

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
)

// beginCalls opens one connection with n calls of a method, each of which sends the head of a message and one byte of it, and nothing
// more. What the server sends back is read until it hangs up.
func beginCalls(t *testing.T, address, method string, n int) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	message := append(binary.BigEndian.AppendUint32([]byte{0}, 1000), 'x')
	for i := range n {
		block.Reset()
		for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", method}, {":authority", "localhost"}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
			if err := encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
				t.Fatal(err)
			}
		}
		id := uint32(2*i + 1)
		if err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true}); err != nil {
			t.Fatal(err)
		}
		if err := framer.WriteData(id, false, message); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		for {
			if _, err := framer.ReadFrame(); err != nil {
				return
			}
		}
	}()
}

// arriving is a server that has room for so many unfinished messages, and waits less long than real ones.
func arriving(t *testing.T, room int64, slow, atMost time.Duration) *GRPCServer {
	t.Helper()
	s := NewGRPCServer(GRPCConfig{Address: "127.0.0.1:0", MaxMessageBytes: 2048}, GRPCDeps{
		Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), TracerProvider: sdktrace.NewTracerProvider()})
	s.arrivals.room, s.arrivals.slow, s.arrivals.atMost = room, slow, atMost
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(s.listener) }()
	t.Cleanup(s.Stop)
	return s
}

// waits until so many calls are unfinished, from least to most.
func waits(t *testing.T, s *GRPCServer, least, most int64) {
	t.Helper()
	for begun := time.Now(); s.arrivals.waiting.Load() < least || s.arrivals.waiting.Load() > most; time.Sleep(time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("%d calls are unfinished, want %d to %d", s.arrivals.waiting.Load(), least, most)
		}
	}
}

// Calls whose message does not come are ended once there is no room for more of them, and whole ones are answered all the while.
func TestMessagesThatDoNotCome(t *testing.T) {
	s := arriving(t, 5, 500*time.Millisecond, time.Hour)
	conn, err := grpc.NewClient(s.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	for range 3 {
		beginCalls(t, s.Addr(), healthv1.Health_Check_FullMethodName, 40)
		beginCalls(t, s.Addr(), "/nobody.Service/Knows", 40)
		if _, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
			t.Error(err)
		}
	}
	waits(t, s, 0, 5)
}

// While there is room they have longer, and then end too.
func TestAMessageThatNeverComes(t *testing.T) {
	const atMost = 2 * time.Second // which all 40 must begin within
	s := arriving(t, 1000, time.Millisecond, atMost)
	begun := time.Now()
	beginCalls(t, s.Addr(), healthv1.Health_Check_FullMethodName, 40)
	waits(t, s, 40, 40)
	waits(t, s, 0, 0)
	if took := time.Since(begun); took < atMost {
		t.Errorf("they were ended after %s", took)
	}
}

// A stream may be open as long as it likes before its first message.
func TestStreamsMayWait(t *testing.T) {
	s := arriving(t, 0, time.Millisecond, time.Millisecond)
	conn, err := grpc.NewClient(s.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	beginCalls(t, s.Addr(), healthv1.Health_Check_FullMethodName, 1)
	waits(t, s, 0, 0)
	if err := stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Error(err)
	}
}
