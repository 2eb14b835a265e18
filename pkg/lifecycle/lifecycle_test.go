package lifecycle_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/freshet/freshet/pkg/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal records what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) component(name string) lifecycle.Component {
	return lifecycle.Component{
		Name:  name,
		Start: func(context.Context) error { j.add("start " + name); return nil },
		Run: func(ctx context.Context) error {
			<-ctx.Done()
			j.add("end " + name)
			return ctx.Err()
		},
		Stop: func(context.Context) error { j.add("stop " + name); return nil },
	}
}

func TestStartsInOrderAndStopsInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- lifecycle.Run(ctx, time.Minute, j.component("a"), j.component("b"), j.component("c"))
		}()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Fatalf("a clean stop reported %v", err)
		}
		want := []string{"start a", "start b", "start c", "stop c", "end c", "stop b", "end b", "stop a", "end a"}
		if d := cmp.Diff(want, j.lines); d != "" {
			t.Error(d)
		}
	})
}

func TestFaults(t *testing.T) {
	boom := errors.New("boom")
	waits := func(ctx context.Context) error { <-ctx.Done(); return nil }
	tests := map[string]struct {
		components []lifecycle.Component
		want       []string
	}{
		"a start that fails names the step and stops what had started": {
			components: []lifecycle.Component{
				{Name: "kafka", Stop: func(context.Context) error { return errors.New("kafka was stopped") }},
				{Name: "store", Start: func(context.Context) error { return boom }, Stop: func(context.Context) error { return errors.New("never started, never stopped") }},
				{Name: "later", Start: func(context.Context) error { return errors.New("must not start") }},
			},
			want: []string{"start store: boom", "stop kafka: kafka was stopped"},
		},
		"a run that fails ends the process": {
			components: []lifecycle.Component{{Name: "a", Run: waits}, {Name: "b", Run: func(context.Context) error { return boom }}},
			want:       []string{"run b: boom"},
		},
		"a run that ends on its own is a fault": {
			components: []lifecycle.Component{{Name: "a", Run: func(context.Context) error { return nil }}},
			want:       []string{"run a: ended without being told to"},
		},
		"every fault is reported": {
			components: []lifecycle.Component{
				{Name: "a", Stop: func(context.Context) error { return errors.New("first") }},
				{Name: "b", Run: waits, Stop: func(context.Context) error { return errors.New("second") }},
				{Name: "c", Run: func(context.Context) error { return boom }},
			},
			want: []string{"run c: boom", "stop b: second", "stop a: first"},
		},
		"a failure while draining is reported": {
			components: []lifecycle.Component{
				{Name: "a", Run: func(ctx context.Context) error { <-ctx.Done(); return errors.New("flush failed") }},
				{Name: "b", Run: func(context.Context) error { return boom }},
			},
			want: []string{"run b: boom", "run a: flush failed"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := lifecycle.Run(t.Context(), time.Second, test.components...)
			if err == nil {
				t.Fatal("no fault was reported")
			}
			if d := cmp.Diff(test.want, strings.Split(err.Error(), "\n")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestStopIsBoundedAndNamesTheStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		flushed := false
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		components := []lifecycle.Component{
			{Name: "producer", Stop: func(ctx context.Context) error {
				if ctx.Err() == nil {
					flushed = true
				}
				return nil
			}},
			{Name: "stuck", Run: func(context.Context) error { <-release; return nil }},
		}
		go func() { done <- lifecycle.Run(ctx, 10*time.Second, components...) }()
		synctest.Wait()
		cancel()
		begun := time.Now()
		err := <-done
		if took := time.Since(begun); took != 10*time.Second+200*time.Millisecond {
			t.Errorf("stopping took %s with a grace of 10s", took)
		}
		if err == nil || err.Error() != "run stuck: did not end within the grace of 10s" {
			t.Errorf("got %v", err)
		}
		if !flushed {
			t.Error("the producer was not given time to flush after the step before it hung")
		}
		close(release)
	})
}

func TestPanicIsAFaultLikeAnother(t *testing.T) {
	stopped := false
	err := lifecycle.Run(t.Context(), time.Second,
		lifecycle.Component{Name: "kafka", Stop: func(context.Context) error { stopped = true; return nil }},
		lifecycle.Component{Name: "feature", Run: func(context.Context) error { panic("index out of range") }},
	)
	var p *lifecycle.PanicError
	if !errors.As(err, &p) || p.Value != "index out of range" {
		t.Errorf("got %v", err)
	}
	if !stopped {
		t.Error("the panic kept another component from stopping")
	}
}

func TestToldToStopWhileStarting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := lifecycle.Run(ctx, time.Second,
		lifecycle.Component{Name: "slow", Start: func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }},
		lifecycle.Component{Name: "next", Start: func(context.Context) error { t.Error("started after the end"); return nil }},
	)
	if err != nil {
		t.Errorf("got %v", err)
	}
}
