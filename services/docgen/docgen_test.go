package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/services/gateway"
)

// repository writes files and returns them as a source.
func repository(t *testing.T, files map[string]string) *source {
	t.Helper()
	root := t.TempDir()
	for path, text := range files {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"pkg", "services"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return &source{root: root, packages: map[string]*pkg{}}
}

// Every way in which the services declare metrics is understood.
func TestMetricsPage(t *testing.T) {
	src := repository(t, map[string]string{
		"pkg/a/a.go": `package a
const prefix = "freshet_a_"
func New() {
	label := []string{"processor"}
	counter := func(n, help string, labels ...string) any {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + n, Help: help}, labels)
	}
	use(counter("rows_total", "Rows | " + "lines.", "table", "source"), counter("plain_total", "Plain."))
	use(prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "freshet_a_seconds", Help: "Time."}, label))
}
type m struct{}
func (m) gauge(name, help string) any { return prometheus.NewGauge(prometheus.GaugeOpts{Name: prefix + name, Help: help}) }
func (x m) all() { x.gauge("lag_records", "Lag.") }
func ratio(f func() float64) any { return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "freshet_a_ratio", Help: "Ratio."}, f) }
`,
		"pkg/a/a_test.go": `package a
func f() { prometheus.NewCounter(prometheus.CounterOpts{Name: "only_in_tests"}) }`,
		"services/b/b.go": `package b`,
	})
	got, err := metricsPage(src)
	if err != nil {
		t.Fatal(err)
	}
	want := metricsIntro + `
## pkg/a

| metric | kind | labels | meaning |
|---|---|---|---|
| ` + "`freshet_a_lag_records` | gauge |  | Lag. |" + `
| ` + "`freshet_a_plain_total` | counter |  | Plain. |" + `
| ` + "`freshet_a_ratio` | gauge |  | Ratio. |" + `
| ` + "`freshet_a_rows_total` | counter | `table`, `source` | Rows \\| lines. |" + `
| ` + "`freshet_a_seconds` | histogram | `processor` | Time. |" + `
`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMetricFaults(t *testing.T) {
	tests := map[string]struct{ decl, want string }{
		"a foreign name":            {`prometheus.NewGauge(prometheus.GaugeOpts{Name: "lag", Help: "x"})`, `pkg/a/a.go:2: metric "lag" must begin with freshet_`},
		"a counter without total":   {`prometheus.NewCounter(prometheus.CounterOpts{Name: "freshet_rows", Help: "x"})`, "metric freshet_rows is a counter: counters, and only they, end in _total"},
		"a gauge with total":        {`prometheus.NewGauge(prometheus.GaugeOpts{Name: "freshet_total", Help: "x"})`, "metric freshet_total is a gauge"},
		"no help":                   {`prometheus.NewGauge(prometheus.GaugeOpts{Name: "freshet_x"})`, "metric freshet_x has no help"},
		"a name made at run time":   {`prometheus.NewGauge(prometheus.GaugeOpts{Name: os.Args[0], Help: "x"})`, "pkg/a/a.go:2: not constant text"},
		"labels made at run time":   {`prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "freshet_x", Help: "x"}, labels())`, "not a list of constant text"},
		"options from elsewhere":    {`prometheus.NewGauge(opts)`, "write the options of a metric as a literal"},
		"a maker that nobody calls": {`func(help string) any { return prometheus.NewGauge(prometheus.GaugeOpts{Name: "freshet_x", Help: help}) }`, "nobody calls the function"},
		"two metrics with one name": {`use(prometheus.NewGauge(prometheus.GaugeOpts{Name: "freshet_x", Help: "x"}), prometheus.NewGauge(prometheus.GaugeOpts{Name: "freshet_x", Help: "x"}))`, "is declared at pkg/a/a.go:2 too"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			src := repository(t, map[string]string{"pkg/a/a.go": "package a\nvar _ = " + test.decl + "\n"})
			if _, err := metricsPage(src); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestRows reads a real configuration: what the page says is what the loader takes.
func TestRows(t *testing.T) {
	got, err := rows(&source{root: filepath.Join("..", ".."), packages: map[string]*pkg{}}, reflect.ValueOf(gateway.Default()), "")
	if err != nil {
		t.Fatal(err)
	}
	byKey := map[string]row{}
	for _, r := range got {
		byKey[r.key] = r
	}
	for _, want := range []row{
		{"upstreams", "section", "", "`upstreams` are the services behind the gateway."},
		{"upstreams.churn", "list of text", "`[churn:9000]`", "`churn` serves freshet.churn.v1. Needed."},
		{"timeout", "duration", "`10s`", "`timeout` bounds a request whose caller gave no deadline. Above 0."},
	} {
		if d := cmp.Diff(want, byKey[want.key], cmp.AllowUnexported(row{})); d != "" {
			t.Error(d)
		}
	}
}

func TestBinaries(t *testing.T) {
	src := repository(t, map[string]string{
		"services/a/cmd/freshet-a/main.go": `package main
import (
	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/a"
)
type config struct {
	service.Config ` + "`koanf:\",squash\"`" + `
	Own a.Config ` + "`koanf:\",squash\"`" + `
	Broker broker.Config ` + "`koanf:\"broker\"`" + `
	// Identity is where identity is.
	Identity string ` + "`koanf:\"identity_address\"`" + `
}
var spec = config{Identity: "identity:9000"}
`,
		"services/a/cmd/freshet-tool/main.go": "package main\n",
	})
	got, err := findBinaries(src)
	if err != nil {
		t.Fatal(err)
	}
	want := []binary{{
		name: "a", sections: map[string]string{"broker": "pkg/broker.Config"}, squashed: []string{"pkg/service.Config", "services/a.Config"},
		own: []row{{"identity_address", "text", "`identity:9000`", "`identity_address` is where identity is."}},
	}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(binary{}, row{})); d != "" {
		t.Error(d)
	}
}

func TestAFieldWithoutACommentIsAFault(t *testing.T) {
	src := repository(t, map[string]string{"pkg/a/a.go": "package a\ntype Config struct {\n\tX int `koanf:\"x\"`\n}\n"})
	p, err := src.load("pkg/a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.fieldDoc("Config", "X", "x"); err == nil || !strings.Contains(err.Error(), "pkg/a/a.go:3: X has no comment") {
		t.Errorf("got %v", err)
	}
}

func TestShortDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Hour: "1h", time.Minute: "1m", 90 * time.Minute: "1h30m", 10 * time.Second: "10s",
		time.Hour + time.Second: "1h0m1s", 500 * time.Millisecond: "500ms", 0: "0s", 20 * time.Minute: "20m"} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
