package fleet

import (
	"bufio"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/testkit"
	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
)

// child is a replica in a process of its own.
type child struct {
	cmd     *exec.Cmd
	address string
}

func (w *world) child() *child {
	w.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+w.addr+" "+w.t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	c := &child{cmd: cmd}
	w.t.Cleanup(c.kill)
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		w.t.Fatal("the child ended before it was ready")
	}
	c.address = lines.Text()
	return c
}

// kill ends it as kill -9 does; idempotent.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

func (c *child) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// has are keys of partitions that a replica has, by the directory of another, and of those that it does not have.
func (w *world) has(r *replica, address string, n int) (theirs, others []string) {
	for _, k := range keysOf(n) {
		if o, _ := r.directory.of(seat{taskName, partitionOf(k)}); o.address == address {
			theirs = append(theirs, k)
		} else {
			others = append(others, k)
		}
	}
	return theirs, others
}

// A replica is killed. What the others have is read on; what it had is UNAVAILABLE with the time to come again, within the caller's deadline, until
// somebody else has it; then it is there whole.
func TestAKilledReplicaIsReplaced(t *testing.T) {
	w := newWorld(t)
	a := w.begin()
	dead := w.child()
	testkit.Eventually(t, soon, func() error {
		if theirs, others := w.has(a, dead.address, 60); len(theirs) == 0 || len(others) == 0 {
			return errors.New("the partitions are not shared yet")
		}
		return a.ready()
	})
	keys := keysOf(60)
	w.send("x", keys...)
	w.knows(a, keys...)
	theirs, others := w.has(a, dead.address, 60)
	dead.kill()
	const deadline = 8 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	began := time.Now()
	if _, again := service.AgainAfter(func() error { _, err := a.task.Get(ctx, readsOf(theirs...)...); return err }()); !again || time.Since(began) > deadline {
		t.Errorf("what is gone: come again is %v, said after %s", again, time.Since(began))
	}
	if _, err := a.task.Get(t.Context(), readsOf(others...)...); err != nil {
		t.Errorf("what the others have: %v", err)
	}
	w.knows(a, keys...)
}

// A replica stands still for longer than its session, others take over and answer, and it goes on: what was asked of it meanwhile, and what it is asked
// afterwards, it does not answer with the past.
func TestASleeperAnswersNobody(t *testing.T) {
	w := newWorld(t)
	a := w.begin()
	sleeper := w.child()
	testkit.Eventually(t, soon, func() error {
		if theirs, _ := w.has(a, sleeper.address, 60); len(theirs) == 0 {
			return errors.New("the partitions are not shared yet")
		}
		return a.ready()
	})
	keys := keysOf(60)
	w.send("x", keys...)
	w.knows(a, keys...)
	theirs, _ := w.has(a, sleeper.address, 60)
	key := theirs[0]
	before, _ := a.directory.of(seat{taskName, partitionOf(key)})
	conn, err := grpc.NewClient(sleeper.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	client := fleetv1.NewFleetServiceClient(conn)
	ask := func() (*fleetv1.ReadResponse, error) {
		return client.Read(t.Context(), &fleetv1.ReadRequest{Task: taskName, Parts: []*fleetv1.ReadPart{
			{Partition: int32(partitionOf(key)), Tenure: asProto(before.tenure), Keys: [][]byte{[]byte(key)}}}})
	}
	if got, err := ask(); err != nil || count(got.GetParts()[0].GetValues()[0].GetData()) != 1 {
		t.Fatalf("while it is awake: %v, %v", got, err)
	}
	sleeper.signal(t, syscall.SIGSTOP)
	w.send("x", keys...)
	w.knows(a, keys...) // the others have taken over
	answers := make(chan *fleetv1.ReadResponse)
	for range 50 { // they wait for it, and it finds them before anything else
		go func() { got, _ := ask(); answers <- got }()
	}
	sleeper.signal(t, syscall.SIGCONT)
	for range 50 {
		if got := <-answers; got != nil && !got.GetParts()[0].GetMoved() {
			t.Errorf("the sleeper answers with %d of 2", count(got.GetParts()[0].GetValues()[0].GetData()))
		}
	}
	if n, err := a.task.Get(t.Context(), readsOf(key)...); err != nil || count(n[0].Data) != 2 {
		t.Errorf("%v, %v", n, err)
	}
}

// Replicas come and go while keys grow; readers ask whichever replica they like. What a reader has seen of a key never shrinks, and is never more than was sent.
func TestWhatWasReadIsNeverUnread(t *testing.T) {
	w := newWorld(t)
	all := []*replica{w.begin(), w.begin(), w.begin()}
	w.share(all...)
	keys := keysOf(12)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.RWMutex // of all
	var readers sync.WaitGroup
	answered, refused := make([]int, 3), make([]int, 3)
	for n := range 3 {
		readers.Go(func() {
			seen, r := map[string]uint64{}, rand.New(rand.NewPCG(uint64(n), 1))
			for ctx.Err() == nil {
				key := keys[r.IntN(len(keys))]
				mu.RLock()
				at := all[r.IntN(len(all))]
				mu.RUnlock()
				hurried, done := context.WithTimeout(ctx, 300*time.Millisecond)
				got, err := at.task.Get(hurried, readsOf(key)...)
				done()
				if _, again := service.AgainAfter(err); err != nil {
					if !again && hurried.Err() == nil {
						t.Errorf("read %s: %v", key, err)
					}
					refused[n]++
					continue
				}
				if c := count(got[0].Data); c < seen[key] {
					t.Errorf("%s was %d and is %d", key, seen[key], c)
				} else {
					seen[key] = c
				}
				answered[n]++
			}
		})
	}
	for round := range 3 { // one goes, in order, and another comes
		for range 20 {
			w.send("x", keys...)
		}
		mu.Lock()
		gone := all[round%len(all)]
		mu.Unlock()
		gone.stop()
		fresh := w.begin()
		mu.Lock()
		all[round%len(all)] = fresh
		mu.Unlock()
		w.share(all...)
		w.knows(fresh, keys...)
	}
	cancel()
	readers.Wait()
	t.Logf("%d reads answered, %d refused", answered, refused)
	for n := range 3 {
		if answered[n] < 100 {
			t.Errorf("reader %d got %d answers", n, answered[n])
		}
	}
}
