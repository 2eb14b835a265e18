package churn

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// BenchmarkPredict asks for a customer's scores, and for the reasons of one, 2,000 times a second by gRPC: three models of 100 trees of 31 leaves over all numbers
// of the shipped catalogue, in the plainest words. The caller is in this process, too. A latency counts from when the request was due, so that what waits for its
// turn counts. On a busy machine only the CPU of a request means anything. Use -benchtime 6000x: three seconds.
func BenchmarkPredict(b *testing.B) {
	const customers, rate = 500, 2000
	w := newWorld(b)
	w.forecasts("")
	board := &Board{Mark: 2}
	for i := range 5 {
		s := Seat{Missing: "no model yet"}
		if i < 3 {
			s.Champion = NewBound(first, .6, .3, grown(b, uint64(i), 100))
		}
		board.Seats = append(board.Seats, s)
	}
	w.models = boards{board}
	w.begin()
	r, l := rand.New(rand.NewPCG(1, 2)), shipped.Layout()
	for c := range customers {
		w.send(&featurev1.FeatureSet{CustomerId: id(c), Schema: l.Fingerprint, Values: l.Encode(nil, person(r, l, start)), Reason: featurev1.ChangeReason_CHANGE_REASON_EVENT})
	}
	w.settled()
	client := churnv1.NewChurnServiceClient(w.door(b))
	for what, ask := range map[string]func(ctx context.Context, id string) error{
		"predict": func(ctx context.Context, id string) error {
			_, err := client.Predict(ctx, &churnv1.PredictRequest{Id: id})
			return err
		},
		"explain": func(ctx context.Context, id string) error {
			_, err := client.Explain(ctx, &churnv1.ExplainRequest{Id: id, Target: "churn_risk_60d"})
			return err
		},
	} {
		b.Run(what, func(b *testing.B) {
			took, begun, used := make([]time.Duration, b.N), time.Now(), cpu(b)
			var asking sync.WaitGroup
			turns := make(chan int, b.N)
			for range 128 {
				asking.Go(func() {
					for i := range turns {
						if err := ask(b.Context(), id(i%customers)); err != nil {
							b.Error(err)
						}
						took[i] = time.Since(begun.Add(time.Duration(i) * time.Second / rate))
					}
				})
			}
			for i := range b.N {
				time.Sleep(time.Until(begun.Add(time.Duration(i) * time.Second / rate)))
				turns <- i
			}
			close(turns)
			asking.Wait()
			b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(b.N), "cpu-us/request")
			b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "requests/s")
			slices.Sort(took)
			for name, q := range map[string]int{"p50-ms": b.N / 2, "p99-ms": b.N * 99 / 100} {
				b.ReportMetric(took[min(q, b.N-1)].Seconds()*1000, name)
			}
		})
	}
}

// door is the service's API on a loopback port.
func (w *world) door(b *testing.B) *grpc.ClientConn {
	b.Helper()
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer()
	w.s.Register(server)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	b.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
