package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/changelog"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/testkit"
	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
)

// Three replicas share the partitions; each reads every key, alone and in one batch, also those of values that do not fit into one answer.
func TestEveryReplicaReadsEveryKey(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.begin(), w.begin(), w.begin()
	w.share(a, b, c)
	keys := keysOf(60)
	w.send(strings.Repeat("x", 60_000), keys...) // 3.6 MB: several answers
	w.send(strings.Repeat("y", 60_000), keys[:30]...)
	for _, r := range []*replica{a, b, c} {
		w.knows(r, append(slices.Clone(keys), "nobody", keys[0])...)
		for _, k := range keys {
			if got, err := r.task.Get(t.Context(), readsOf(k)...); err != nil || count(got[0].Data) != w.sent[k] || time.Since(got[0].At).Abs() > time.Minute {
				t.Errorf("%s: %v, %v", k, got, err)
			}
		}
		if _, err := r.task.Get(t.Context()); err != nil {
			t.Errorf("nothing: %v", err)
		}
	}
}

// A scan gives the same whoever has the partition, in order, from a place, up to a number, and ends when it is told to.
func TestEveryReplicaScansEveryPartition(t *testing.T) {
	w := newWorld(t)
	a, b := w.begin(), w.begin()
	w.share(a, b)
	keys := keysOf(90)
	w.send(strings.Repeat("x", 90_000), keys...) // 1.3 MB a partition
	w.send("other", "other")
	w.knows(a, append(slices.Clone(keys), "other")...)
	for n := range partitions {
		var want []string
		for _, k := range keys {
			if partitionOf(k) == n {
				want = append(want, k)
			}
		}
		slices.Sort(want)
		for _, r := range []*replica{a, b} {
			scan := func(from []byte, limit int, until string) (got []string) {
				if err := r.task.Scan(t.Context(), n, []byte("k"), from, limit, func(k, v []byte) (bool, error) {
					if !bytes.HasSuffix(v, []byte("xxx")) {
						t.Errorf("%s has %d bytes", k, len(v))
					}
					got = append(got, string(k))
					return string(k) != until, nil
				}); err != nil {
					t.Error(err)
				}
				return got
			}
			mid := len(want) / 2
			for what, c := range map[string]struct{ got, want []string }{
				"all":          {scan(nil, 0, ""), want},
				"from a key":   {scan([]byte(want[mid]), 0, ""), want[mid:]},
				"three of all": {scan(nil, 3, ""), want[:3]},
				"until told":   {scan(nil, 0, want[mid]), want[:mid+1]},
			} {
				if !slices.Equal(c.got, c.want) {
					t.Errorf("partition %d, %s: %q, want %q", n, what, c.got, c.want)
				}
			}
			broken := errors.New("broken")
			if err := r.task.Scan(t.Context(), n, nil, nil, 0, func(_, _ []byte) (bool, error) { return true, broken }); !errors.Is(err, broken) {
				t.Errorf("a caller that fails: %v", err)
			}
		}
	}
}

// The deadline and the trace go along; a token does not.
func TestDeadlineAndTraceGoAlongAndATokenDoesNot(t *testing.T) {
	w := newWorld(t)
	var told, asked atomic.Int64
	var traced atomic.Value
	look := grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		if at, ok := ctx.Deadline(); ok {
			told.Store(int64(time.Until(at)))
		}
		md, _ := metadata.FromIncomingContext(ctx)
		if len(md.Get("authorization")) > 0 {
			t.Error("a token went along")
		}
		traced.Store(fmt.Sprint(md.Get("traceparent")))
		asked.Add(1)
		return h(ctx, req)
	})
	a, b := w.begin(look), w.begin(look)
	w.share(a, b)
	w.knows(a, keysOf(20)...)
	asked.Store(0)
	tracers := sdktrace.NewTracerProvider()
	a.peers.close()
	a.peers = newPeers(tracers)
	ctx, span := tracers.Tracer("").Start(t.Context(), "a read")
	defer span.End()
	const within = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", "Bearer secret"))
	if _, err := a.task.Get(ctx, readsOf(keysOf(20)...)...); err != nil {
		t.Fatal(err)
	}
	if d := time.Duration(told.Load()); d <= 0 || d > within || asked.Load() != 1 {
		t.Errorf("%d requests for what one other replica has, with a deadline in %s", asked.Load(), d)
	}
	if id := span.SpanContext().TraceID().String(); !strings.Contains(traced.Load().(string), id) {
		t.Errorf("the trace that goes along is %s, want %s", traced.Load(), id)
	}
}

// Two directories that name each other's replica for a partition that neither has: each is asked at most twice, nobody passes a request on, and the caller
// is told to come again.
func TestADirectoryThatLiesSendsNobodyInCircles(t *testing.T) {
	w := newWorld(t)
	var asked atomic.Int64
	tally := grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		asked.Add(1)
		return h(ctx, req)
	})
	a, b := w.begin(tally), w.begin(tally)
	w.share(a, b)
	const nobodys = 77
	s := seat{taskName, nobodys}
	a.directory.put(s, owner{address: b.address, tenure: stream.Tenure{Epoch: 1}})
	b.directory.put(s, owner{address: a.address, tenure: stream.Tenure{Epoch: 1}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := a.task.Get(ctx, Read{Partition: nobodys, Key: []byte("k")})
	if after, again := service.AgainAfter(err); !again || after <= 0 || asked.Load() != 2 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
	if err := a.task.Scan(ctx, nobodys, nil, nil, 0, nil); status.Code(err) != codes.Unavailable && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a scan: %v", err)
	}
	var alone *Fleet
	if _, again := service.AgainAfter(func() error { _, err := alone.Task(a.p).Get(t.Context(), Read{Partition: nobodys}); return err }()); !again {
		t.Error("a process alone does not say to come again")
	}
}

// An owner answers whoever names its changelog and no later tenure: nobody else, such as the replica of another installation that has the address by now.
func TestAnAnswerIsOfTheTenureThatWasAskedFor(t *testing.T) {
	w := newWorld(t)
	r := w.begin()
	w.share(r)
	w.send("x", "k0")
	w.knows(r, "k0")
	n := partitionOf("k0")
	mine, _ := r.p.Tenure(n)
	conn, err := grpc.NewClient(r.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	client := fleetv1.NewFleetServiceClient(conn)
	for what, c := range map[string]struct {
		tenure *fleetv1.Tenure
		moved  bool
	}{
		"its own":               {asProto(mine), false},
		"an earlier one":        {asProto(stream.Tenure{Log: mine.Log, Epoch: mine.Epoch - 1}), false},
		"a later one":           {asProto(stream.Tenure{Log: mine.Log, Epoch: mine.Epoch + 1}), true},
		"another log's":         {asProto(stream.Tenure{Log: changelog.NewID(), Epoch: mine.Epoch}), true},
		"none":                  {nil, true},
		"one that is too short": {&fleetv1.Tenure{Log: mine.Log[:4], Epoch: mine.Epoch}, true},
	} {
		read, err := client.Read(t.Context(), &fleetv1.ReadRequest{Task: taskName, Parts: []*fleetv1.ReadPart{{Partition: int32(n), Tenure: c.tenure, Keys: [][]byte{[]byte("k0")}}}})
		if err != nil || read.GetParts()[0].GetMoved() != c.moved || (len(read.GetParts()[0].GetValues()) == 0) != c.moved {
			t.Errorf("%s: %v, %v", what, read, err)
		}
		scan, err := client.Scan(t.Context(), &fleetv1.ScanRequest{Task: taskName, Partition: int32(n), Tenure: c.tenure})
		if err != nil || scan.GetMoved() != c.moved || (len(scan.GetPairs()) == 0) != c.moved {
			t.Errorf("%s: %v, %v", what, scan, err)
		}
	}
	_, err1 := client.Read(t.Context(), &fleetv1.ReadRequest{Task: "another"})
	_, err2 := client.Scan(t.Context(), &fleetv1.ScanRequest{Task: "another"})
	_, err3 := client.Read(t.Context(), &fleetv1.ReadRequest{Task: taskName, Parts: []*fleetv1.ReadPart{{}}})
	if status.Code(err1) != codes.NotFound || status.Code(err2) != codes.NotFound || status.Code(err3) != codes.InvalidArgument {
		t.Errorf("%v, %v, %v", err1, err2, err3)
	}
}

// Where the directory is wrong about a partition, the replica that has it says so.
func TestAnOwnerThatIsNotNamedSaysSo(t *testing.T) {
	w := newWorld(t)
	a, b := w.begin(), w.begin()
	w.share(a, b)
	n := a.p.Owned()[0]
	mine, _ := a.p.Tenure(n)
	s, want := seat{taskName, n}, owner{address: a.address, tenure: mine}
	named := func(r *replica) func() error {
		return func() error {
			if got, _ := r.directory.of(s); got != want {
				return fmt.Errorf("%s takes %v for the owner", r.address, got)
			}
			return nil
		}
	}
	testkit.Eventually(t, soon, named(b))
	for what, wrong := range map[string]owner{
		"another log":     {address: "127.0.0.1:1", tenure: stream.Tenure{Log: changelog.NewID(), Epoch: 99}},
		"another address": {address: "127.0.0.1:1", tenure: mine},
	} {
		a.directory.put(s, wrong)
		b.directory.put(s, wrong)
		testkit.Eventually(t, soon, named(a))
		testkit.Eventually(t, soon, named(b))
		t.Log(what)
	}
	a.directory.clear()
	b.directory.clear()
	testkit.Eventually(t, soon, named(b))
}

// Claims of one log, in any order and as often as one likes, leave the latest tenure.
func TestTheDirectoryKeepsTheLatestTenure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, s := newDirectory(), seat{taskName, 1}
		var latest int64
		for _, epoch := range rapid.SliceOfN(rapid.Int64Range(1, 20), 1, 30).Draw(t, "epochs") {
			d.put(s, owner{address: fmt.Sprint(epoch), tenure: stream.Tenure{Epoch: epoch}})
			latest = max(latest, epoch)
			if got, _ := d.of(s); got.tenure.Epoch != latest || got.address != fmt.Sprint(latest) {
				t.Fatalf("%v, want epoch %d", got, latest)
			}
		}
	})
}
