package standalone

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
)

// TestSeparateBinaries runs every service as a process of its own, as compose and Helm
// do, feature and segmentation twice, on one broker (Apache Kafka's where FRESHET_TEST_KAFKA names it) and one
// ClickHouse, and follows an order from the collector to the gateway and a webhook. Before that each checks configurations.
func TestSeparateBinaries(t *testing.T) {
	bin := buildAll(t)
	t.Run("-check-config loads files", func(t *testing.T) { checkConfigLoadsFiles(t, bin) })
	ch := testkit.ClickHouse(t)
	alerts, lateness := make(chan string, 10), make(chan string, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), `"type":"freshness.`) {
			lateness <- string(body)
			return
		}
		alerts <- string(body)
	}))
	defer hook.Close()
	f := fleet{
		t: t, bin: bin, kafka: testkit.Kafka(t), ch: ch, dir: t.TempDir(),
		prefix: "sep_" + strings.ReplaceAll(uuid.NewString()[:8], "-", "") + "_",
		port:   map[string]string{},
	}
	f.choosePorts("http", "api", "collector", "identity", "feature", "feature-2", "segmentation", "segmentation-2", "warehouse", "churn", "churn-2", "recommendation", "recommendation-2", "recommendation-3", "gateway", "watch")
	t.Cleanup(f.dropDatabases)
	f.startAll(hook.URL)

	addr := stack.Addresses{CollectorHTTP: f.port["http"]}
	testkit.Eventually(t, soon, func() error {
		return post(addr, "/v1/batch", event("m1", "identify", "42", map[string]any{"anonymousId": "laptop"}), order("m2", "42", 180))
	})
	f.eventually("/v1/customers/user_id:42?reveal=true", "laptop")
	f.eventually("/v1/customers/user_id:42/identity", "laptop")
	f.eventually("/v1/customers/user_id:42/features", `"decimal":"180"`)
	f.eventually("/v1/customers/anonymous_id:laptop/segments", "big_basket")
	f.eventually("/v1/customers/user_id:42/scores", "no model yet")
	f.eventually("/v1/customers/user_id:42/recommendations", `"personal":true`)
	select {
	case alert := <-alerts:
		if !strings.Contains(alert, "big_basket") {
			t.Errorf("alert %s", alert)
		}
	case <-time.After(soon):
		t.Error("no alert came")
	}
	f.facts("SELECT count() FROM "+f.prefix+"dw.orders", 1)
	f.everyReplica(addr)
	f.pauseWarehouse(addr, lateness)
	f.stopAll()
}

// everyReplica reads customers of all partitions, and lists over all of them, through the gateway, which goes to the replicas in turn: each reads what it does not have of the
// other.
func (f *fleet) everyReplica(addr stack.Addresses) {
	f.t.Helper()
	const people = 10
	for n := range people {
		who := fmt.Sprintf("many-%d", n)
		if err := post(addr, "/v1/batch", order("many"+who, who, 180)); err != nil {
			f.t.Fatal(err)
		}
	}
	for n := range people {
		for range 4 {
			f.eventually(fmt.Sprintf("/v1/customers/user_id:many-%d/features", n), `"decimal":"180"`)
			f.eventually(fmt.Sprintf("/v1/customers/user_id:many-%d/segments", n), "big_basket")
			f.eventually(fmt.Sprintf("/v1/customers/user_id:many-%d/recommendations", n), `"personal":true`)
		}
	}
	for range 4 {
		f.eventually("/v1/segments", fmt.Sprintf(`"customers":"%d"`, people+1))
	}
}

// pauseWarehouse halts the process, as a machine that swaps or a debugger does: it is there, and does nothing. The watch tells, and tells the end.
func (f *fleet) pauseWarehouse(addr stack.Addresses, lateness <-chan string) {
	f.t.Helper()
	signal := func(s syscall.Signal) {
		for _, cmd := range f.running {
			if filepath.Base(cmd.Path) == "freshet-warehouse" {
				if err := cmd.Process.Signal(s); err != nil {
					f.t.Fatal(err)
				}
			}
		}
	}
	wait := func(kind string) {
		f.t.Helper()
		for within := time.After(soon); ; {
			select {
			case body := <-lateness:
				if strings.Contains(body, kind) && strings.Contains(body, `"stage":"warehouse"`) {
					return
				}
			case <-within:
				f.t.Fatalf("nobody was told that the warehouse is %s", kind)
			}
		}
	}
	signal(syscall.SIGSTOP)
	defer signal(syscall.SIGCONT)
	if err := post(addr, "/v1/batch", event("m3", "track", "42", map[string]any{"event": "Product Viewed"})); err != nil {
		f.t.Fatal(err)
	}
	wait("freshness.breached")
	signal(syscall.SIGCONT)
	wait("freshness.restored")
}

// buildAll builds every service binary into a folder of the test.
func buildAll(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	args := []string{"build", "-ldflags", "-s -w", "-o", bin + string(filepath.Separator)} // without what a debugger reads they are linked sooner
	mains, err := filepath.Glob("../*/cmd/freshet-*")
	if err != nil || len(mains) != 9 {
		t.Fatalf("found the mains %v, %v; want 9", mains, err)
	}
	for _, m := range mains {
		args = append(args, "./"+m)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, out)
	}
	return bin
}

// choosePorts finds a port for each name below those the system hands out by itself: another process
// that asks for any port cannot take it before its service does. All are held until the last is found, so that none is chosen twice.
func (f *fleet) choosePorts(names ...string) {
	f.t.Helper()
	for tries := 0; len(names) > 0; tries++ {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000))
		l, err := net.Listen("tcp", address)
		switch {
		case err == nil:
			defer l.Close()
			f.port[names[0]], names = address, names[1:]
		case tries == 1000:
			f.t.Fatal("no free port between 20000 and 30000")
		}
	}
}

// fleet is the services as processes.
type fleet struct {
	t                       *testing.T
	bin, kafka, dir, prefix string
	ch                      clickhouse.Config
	port                    map[string]string
	running                 []*exec.Cmd
	logs                    []*bytes.Buffer
}

// startAll starts every service with what it needs to know, by environment alone.
func (f *fleet) startAll(webhook string) {
	rulesFile := filepath.Join(f.dir, "rules.yaml")
	if err := os.WriteFile(rulesFile, []byte(rules), 0o600); err != nil {
		f.t.Fatal(err)
	}
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes, ok"))
	facts := []string{"CLICKHOUSE__ADDRESS=" + f.ch.Address, "CLICKHOUSE__USER=" + f.ch.User, "CLICKHOUSE__PASSWORD=" + f.ch.Password}
	kafka := "BROKER__ADDRESSES=" + f.kafka
	f.start("warehouse", append(facts, kafka, "DATABASE_PREFIX="+f.prefix, "FLUSH_EVERY=200ms")...)
	f.start("identity", kafka, "DIR="+filepath.Join(f.dir, "identity"))
	for _, replica := range []string{"feature", "feature-2"} {
		f.startAs(replica, "feature", append(facts, kafka, "DIR="+filepath.Join(f.dir, replica), "DATABASE="+f.prefix+"dw", "IDENTITY="+f.port["identity"])...)
	}
	for _, replica := range []string{"segmentation", "segmentation-2"} {
		f.startAs(replica, "segmentation", append(facts, kafka, "DIR="+filepath.Join(f.dir, replica), "IDENTITY="+f.port["identity"], "RULES="+rulesFile,
			"CUT_POINTS__DATABASE="+f.prefix+"dw", "ENDPOINTS={shop: {url: \""+webhook+"\", secret: \""+secret+"\"}}")...)
	}
	f.start("watch", kafka, "LINES={behaviour: 8s, core: 1h}", "HOLD=1s", "CALM=1s", "EVERY=200ms", "RULES="+rulesFile, "ENDPOINTS={shop: {url: \""+webhook+"\", secret: \""+secret+"\"}}")
	for _, replica := range []string{"churn", "churn-2"} {
		f.startAs(replica, "churn", kafka, "DIR="+filepath.Join(f.dir, replica), "BUCKET="+filepath.Join(f.dir, "models"), "IDENTITY="+f.port["identity"], "FEATURE="+f.port["feature"])
	}
	for _, replica := range []string{"recommendation", "recommendation-2", "recommendation-3"} {
		f.startAs(replica, "recommendation", append(facts, kafka, "DIR="+filepath.Join(f.dir, replica), "BUCKET="+filepath.Join(f.dir, "models"), "DATABASE_PREFIX="+f.prefix,
			"IDENTITY="+f.port["identity"])...)
	}
	f.start("collector", kafka, "SPOOL__DIR="+filepath.Join(f.dir, "spool"), "HTTP_ADDRESS="+f.port["http"], "SOURCES=[{name: app, workspace: default, write_key: "+writeKey+"}]")
	upstreams := []string{"HTTP_ADDRESS=" + f.port["api"]}
	for _, name := range []string{"identity", "feature", "segmentation", "churn", "recommendation"} {
		at := f.port[name]
		for _, other := range []string{"-2", "-3"} {
			if replica, ok := f.port[name+other]; ok {
				at += "," + replica
			}
		}
		upstreams = append(upstreams, "UPSTREAMS__"+strings.ToUpper(name)+"="+at)
	}
	f.start("gateway", upstreams...)
}

func (f *fleet) start(name string, settings ...string) { f.startAs(name, name, settings...) }

// startAs starts a replica of a service at the port that stands under replica.
func (f *fleet) startAs(replica, name string, settings ...string) {
	cmd := exec.Command(filepath.Join(f.bin, "freshet-"+name))
	prefix := "FRESHET_" + strings.ToUpper(name) + "_"
	cmd.Env = append(os.Environ(), prefix+"GRPC__ADDRESS="+f.port[replica], prefix+"ADMIN__ADDRESS=127.0.0.1:0", prefix+"LOG__LEVEL=warn")
	for _, s := range settings {
		cmd.Env = append(cmd.Env, prefix+s)
	}
	log := &bytes.Buffer{}
	cmd.Stderr, cmd.Stdout = log, log
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.running, f.logs = append(f.running, cmd), append(f.logs, log)
	f.t.Cleanup(func() { _ = cmd.Process.Kill() })
}

// stopAll ends every process with SIGTERM and wants each to end cleanly.
func (f *fleet) stopAll() {
	for i := len(f.running) - 1; i >= 0; i-- {
		cmd := f.running[i]
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			f.t.Errorf("%s had ended: %v\n%s", filepath.Base(cmd.Path), err, f.logs[i])
			continue
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				f.t.Errorf("%s ended with %v:\n%s", filepath.Base(cmd.Path), err, f.logs[i])
			}
		case <-time.After(time.Minute):
			f.t.Errorf("%s did not end within a minute", filepath.Base(cmd.Path))
		}
	}
}

// eventually reads the gateway until one of the texts is in the answer.
func (f *fleet) eventually(path string, texts ...string) {
	f.t.Helper()
	testkit.Eventually(f.t, soon, func() error {
		res, err := http.Get("http://" + f.port["api"] + path)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		var answer map[string]any
		if err := json.Unmarshal(body, &answer); err != nil {
			return fmt.Errorf("%s: %s", path, body)
		}
		for _, text := range texts {
			if strings.Contains(string(body), text) {
				return nil
			}
		}
		return fmt.Errorf("%s has none of %q: %s", path, texts, body)
	})
}

func (f *fleet) facts(query string, want uint64) {
	f.t.Helper()
	conn, err := clickhouse.Open(f.t.Context(), f.ch)
	if err != nil {
		f.t.Fatal(err)
	}
	defer conn.Close()
	testkit.Eventually(f.t, soon, func() error {
		var got uint64
		if err := conn.QueryRow(f.t.Context(), query).Scan(&got); err != nil || got != want {
			return fmt.Errorf("%s gives %d (%w), want %d", query, got, err, want)
		}
		return nil
	})
}

func (f *fleet) dropDatabases() {
	ctx := context.Background() // the test's own has ended
	conn, err := clickhouse.Open(ctx, f.ch)
	if err != nil {
		return
	}
	defer conn.Close()
	for _, db := range []string{"ods", "dw", "dm"} {
		_ = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+f.prefix+db)
	}
}
