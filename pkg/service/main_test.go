package service_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func spec(build func(context.Context, *service.Process, binary) error) service.Spec[binary] {
	return service.Spec[binary]{
		Name: "test", About: "a service for tests.", Default: defaults(),
		Common: func(b *binary) *service.Config { return &b.Config }, Build: build,
	}
}

func TestFlags(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("grace: 0s\nbatch: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args            []string
		out, errs, fail string // each must be contained; fail in the returned error
	}{
		"help says what it is, how to set keys, and where docs are": {args: []string{"--help"}, out: "freshet-test: a service for tests."},
		"help names the variables":                                  {args: []string{"-help"}, out: "FRESHET_TEST_GRPC__ADDRESS"},
		"help names the docs":                                       {args: []string{"-help"}, out: "docs/config.md"},
		"version":                                                   {args: []string{"-version"}, out: "freshet-test "},
		"a good configuration":                                      {args: []string{"-check-config"}, out: "ok\n"},
		"a bad configuration, first fault":                          {args: []string{"-check-config", "-config", bad}, fail: "grace: 0s must be above 0"},
		"a bad configuration, second fault":                         {args: []string{"-check-config", "-config", bad}, fail: "batch: unknown key"},
		"a flag that does not exist":                                {args: []string{"-nope"}, errs: "-nope", fail: "usage"},
		"an argument":                                               {args: []string{"go"}, errs: `got "go"`, fail: "usage"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out, errs strings.Builder
			never := func(context.Context, *service.Process, binary) error { return errors.New("must not be built") }
			err := spec(never).Run(t.Context(), test.args, nil, &out, &errs)
			if (err != nil) != (test.fail != "") || err != nil && !strings.Contains(err.Error(), test.fail) {
				t.Errorf("failed with %v, want %q", err, test.fail)
			}
			if !strings.Contains(out.String(), test.out) || !strings.Contains(errs.String(), test.errs) {
				t.Errorf("said %q and %q", out.String(), errs.String())
			}
		})
	}
}

// TestProcess runs a whole process: it is live before it is ready, names the part
// that is not ready, serves health over gRPC, and stops in order.
func TestProcess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	logs, write := io.Pipe()
	var order []string
	broken, watched := make(chan struct{}), make(chan string, 1)
	build := func(_ context.Context, p *service.Process, _ binary) error {
		p.OnStop("kafka", func(context.Context) error { order = append(order, "kafka closed"); return nil })
		p.Add(lifecycle.Component{Name: "worker", Run: func(ctx context.Context) error {
			<-ctx.Done()
			// The admin server outlives the work: whoever watches sees the drain.
			expect(t, "http://"+<-watched+"/readyz", 503, "process: stopping")
			order = append(order, "worker ended")
			return nil
		}})
		p.Ready("worker", func() error {
			select {
			case <-broken:
				return nil
			default:
				return errors.New("partition 3 is restoring")
			}
		})
		return nil
	}
	done := make(chan error, 1)
	go func() {
		done <- spec(build).Run(ctx, nil, []string{"FRESHET_TEST_ADMIN__ADDRESS=127.0.0.1:0", "FRESHET_TEST_GRPC__ADDRESS=127.0.0.1:0"}, io.Discard, write)
		write.Close()
	}()
	lines := bufio.NewScanner(logs)
	var started struct{ Admin, GRPC, Service, Version string }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &started) != nil || started.Admin == "" || started.Service != "test" {
		t.Fatalf("first line: %s", lines.Text())
	}
	watched <- started.Admin
	go func() {
		for lines.Scan() { // keep the pipe empty
		}
	}()

	expect(t, "http://"+started.Admin+"/healthz", 200, "ok")
	expect(t, "http://"+started.Admin+"/readyz", 503, "worker: partition 3 is restoring")
	close(broken)
	expect(t, "http://"+started.Admin+"/readyz", 200, "ok")
	expect(t, "http://"+started.Admin+"/metrics", 200, "go_goroutines")
	expect(t, "http://"+started.Admin+"/debug/pprof/", 404, "")

	conn, err := grpc.NewClient(started.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	watch, err := healthv1.NewHealthClient(conn).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for { // follows the readiness within a second
		answer, err := watch.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if answer.GetStatus() == healthv1.HealthCheckResponse_SERVING {
			break
		}
	}
	conn.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := strings.Join(order, ", "); got != "worker ended, kafka closed" {
		t.Errorf("stopped as %q", got)
	}
}

func TestBuildThatFailsClosesWhatItOpened(t *testing.T) {
	closed := false
	err := spec(func(_ context.Context, p *service.Process, _ binary) error {
		p.OnStop("kafka", func(context.Context) error { closed = true; return nil })
		return errors.New("clickhouse does not answer")
	}).Run(t.Context(), nil, nil, io.Discard, io.Discard)
	if err == nil || err.Error() != "build the test: clickhouse does not answer" || !closed {
		t.Errorf("got %v, closed %t", err, closed)
	}
}

func expect(t *testing.T, url string, code int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != code || !strings.Contains(string(got), body) {
		t.Errorf("%s answered %d %.300s", url, resp.StatusCode, got)
	}
	http.DefaultClient.CloseIdleConnections()
}
