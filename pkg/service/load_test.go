package service_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/pkg/service"
)

type endpoint struct {
	Name string `koanf:"name"`
	URL  string `koanf:"url"`
}

func (e endpoint) Validate() error {
	if e.URL == "" {
		return errors.New("url: must not be empty")
	}
	return nil
}

type own struct {
	FlushEvery time.Duration     `koanf:"flush_every"`
	BatchRows  int               `koanf:"batch_rows"`
	Tenants    []string          `koanf:"tenants"`
	Keys       map[string]string `koanf:"keys"`
	Endpoints  []endpoint        `koanf:"endpoints"`
	Cached     int               // no key
}

func (c own) Validate() error {
	if c.FlushEvery >= time.Minute {
		return errors.Join(fmt.Errorf("flush_every: %s must be below 1m0s", c.FlushEvery))
	}
	return nil
}

type binary struct {
	service.Config `koanf:",squash"`
	Own            own `koanf:",squash"`
}

func defaults() binary {
	return binary{Config: service.Default(), Own: own{
		FlushEvery: time.Second, BatchRows: 100, Tenants: []string{"default", "other"}, Keys: map[string]string{"demo": "default"},
	}}
}

func load(t *testing.T, yaml string, environ ...string) (binary, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := defaults()
	err := service.Load(&cfg, service.Source{File: path, EnvPrefix: "FRESHET_TEST_", Environ: environ})
	return cfg, err
}

func TestLoadOrder(t *testing.T) {
	cfg, err := load(t, `
flush_every: 5s
batch_rows: 7
log: {level: warn}
tenants: [shop]
keys: {"a.b": one}
endpoints: [{name: crm, url: "http://crm"}]
`, "FRESHET_TEST_BATCH_ROWS=8", "FRESHET_TEST_GRPC__ADDRESS=127.0.0.1:0", "FRESHET_TEST_GRACE=3s", "FRESHET_OTHER_BATCH_ROWS=9",
		"FRESHET_TEST_TELEMETRY__TRACE_RATIO=0.5", "FRESHET_TEST_ADMIN__PROFILES=true",
		// Added by Kubernetes beside a Service named freshet-test.
		"FRESHET_TEST_SERVICE_HOST=10.0.0.1", "FRESHET_TEST_PORT=tcp://10.0.0.1:9000", "FRESHET_TEST_PORT_9000_TCP_ADDR=10.0.0.1",
		"FRESHET_TEST_GRPC_SERVICE_PORT_GRPC=9000")
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Own = own{FlushEvery: 5 * time.Second, BatchRows: 8, Tenants: []string{"shop"}, Keys: map[string]string{"a.b": "one"},
		Endpoints: []endpoint{{Name: "crm", URL: "http://crm"}}}
	want.Log.Level = "warn"
	want.GRPC.Address = "127.0.0.1:0"
	want.Grace = 3 * time.Second
	want.Telemetry.TraceRatio = 0.5
	want.Admin.Profiles = true
	if d := cmp.Diff(want, cfg); d != "" {
		t.Error(d)
	}
}

func TestLoadNothingGivesTheDefaults(t *testing.T) {
	cfg, err := load(t, "")
	if d := cmp.Diff(defaults(), cfg); err != nil || d != "" {
		t.Error(err, d)
	}
}

func TestEnvironmentLists(t *testing.T) {
	cfg, err := load(t, "tenants: [a]\nendpoints: [{url: x}]\n", "FRESHET_TEST_TENANTS=b, c", "FRESHET_TEST_KEYS__SHOP=default",
		"FRESHET_TEST_ENDPOINTS=[{name: crm, url: y}, {url: z}]")
	if err != nil {
		t.Fatal(err)
	}
	want := defaults().Own
	want.Tenants, want.Keys = []string{"b", "c"}, map[string]string{"shop": "default"}
	want.Endpoints = []endpoint{{Name: "crm", URL: "y"}, {URL: "z"}}
	if d := cmp.Diff(want, cfg.Own); d != "" {
		t.Error(d)
	}
}

func TestLoadFaults(t *testing.T) {
	tests := map[string]struct {
		yaml    string
		environ []string
		want    []string
	}{
		"an unknown key names the nearest": {yaml: "flush_evry: 1s", want: []string{"flush_evry: unknown key; the nearest known key is flush_every"}},
		"a key in the wrong section":       {yaml: "trace_ratio: 1", want: []string{"trace_ratio: unknown key; the nearest known key is telemetry.trace_ratio"}},
		"keys are lower case":              {yaml: "Grace: 1s", want: []string{"Grace: unknown key; the nearest known key is grace"}},
		"a field without a tag is no key":  {yaml: "cached: 1", want: []string{"cached: unknown key; the nearest known key is grace"}},
		"in a list": {yaml: "endpoints: [{url: x}, {ulr: x}]", want: []string{
			"endpoints[1].ulr: unknown key; the nearest known key is endpoints[1].url", "endpoints[1].url: must not be empty"}},
		"a variable": {environ: []string{"FRESHET_TEST_LOG__LEVL=info"}, want: []string{
			"log.levl: unknown key; the nearest known key is log.level (set by FRESHET_TEST_LOG__LEVL)"}},
		"all faults at once, under the key that was typed": {
			yaml:    "flush_every: 2m\nlog: {level: loud}\nadmin: {address: nowhere}\ngrpc: {max_message_bytes: 3}",
			environ: []string{"FRESHET_TEST_GRACE=0s"},
			want: []string{
				"grace: 0s must be above 0 (set by FRESHET_TEST_GRACE)",
				`log.level: "loud" must be debug, info, warn or error`,
				`admin.address: "nowhere" must be "host:port", for instance ":8080"`,
				"grpc.max_message_bytes: 3 must be from 1024 to 268435456",
				"flush_every: 2m0s must be below 1m0s",
			},
		},
		"a duration needs a unit":        {yaml: "flush_every: 5", want: []string{`flush_every: 5 has no unit; write for instance "5s"`}},
		"a whole number is not rounded":  {yaml: "batch_rows: 5.7", want: []string{"batch_rows: 5.7 must be a whole number"}},
		"text is no number":              {yaml: "batch_rows: many", want: []string{"batch_rows: expected type 'int', got unconvertible type 'string'"}},
		"a number is no text":            {yaml: "log: {level: 5}", want: []string{"log.level: expected type 'string', got unconvertible type 'int'"}},
		"a bad duration from a variable": {environ: []string{"FRESHET_TEST_GRACE=soon"}, want: []string{"grace: time: invalid duration (set by FRESHET_TEST_GRACE)"}},
		"a port that nobody but a user sets": {environ: []string{"FRESHET_TEST_PORT=80"}, want: []string{
			"port: unknown key; the nearest known key is log (set by FRESHET_TEST_PORT)"}},
		"an empty variable is no number":     {environ: []string{"FRESHET_TEST_BATCH_ROWS="}, want: []string{"batch_rows: is empty; unset the variable for the default (set by FRESHET_TEST_BATCH_ROWS)"}},
		"a ratio that is not a number":       {yaml: "telemetry: {trace_ratio: .nan}", want: []string{"telemetry.trace_ratio: NaN must be from 0 to 1"}},
		"a port that does not exist":         {yaml: "admin: {address: ':99999'}", want: []string{`admin.address: ":99999" must end in a port from 0 to 65535`}},
		"an endpoint with an unknown scheme": {yaml: "telemetry: {otlp_endpoint: 'ftp://x'}", want: []string{`telemetry.otlp_endpoint: "ftp://x" must be "host:port", "http://host:port" or "https://host:port"`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, test.yaml, test.environ...)
			if err == nil {
				t.Fatal("no fault was found")
			}
			if d := cmp.Diff(test.want, strings.Split(err.Error(), "\n")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLoadUnreadableFile(t *testing.T) {
	cfg := defaults()
	if err := service.Load(&cfg, service.Source{File: filepath.Join(t.TempDir(), "none.yaml")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := load(t, "a: [1"); err == nil || !strings.Contains(err.Error(), "config.yaml: yaml: line 1") {
		t.Errorf("got %v", err)
	}
	if _, err := load(t, "grace: 1s\ngrace: 2s"); err == nil || !strings.Contains(err.Error(), `mapping key "grace" already defined`) {
		t.Errorf("got %v", err)
	}
}

// Text that was read already is loaded as a file is; the name is for errors only.
func TestLoadText(t *testing.T) {
	got := defaults()
	err := service.Load(&got, service.Source{File: "there-is-no-such-file.yaml", YAML: []byte("batch_rows: 7\n")})
	if err != nil || got.Own.BatchRows != 7 {
		t.Errorf("%+v, %v", got.Own, err)
	}
	err = service.Load(&got, service.Source{File: "named.yaml", YAML: []byte("batch_rows: [")})
	if err == nil || !strings.Contains(err.Error(), "read configuration named.yaml") {
		t.Errorf("%v", err)
	}
}

// A variable may hold keys and addresses with secrets: what cannot be read is not shown.
func TestAFaultOfAVariableDoesNotShowIt(t *testing.T) {
	for _, text := range []string{"[{name: app, write_key: SEKRIT", "*SEKRIT", "{a: 'SEKRIT", "SEKRIT: [", "[SEKRIT: {]", "%SEKRIT", "a: !SEKRIT x: y", "\tSEKRIT: x", "SEKRIT", "[SEKRIT]", "{address: [SEKRIT]}", "{max_message_bytes: SEKRIT}", "{max_message_bytes: {SEKRIT: x}}"} {
		cfg := defaults()
		err := service.Load(&cfg, service.Source{EnvPrefix: "FRESHET_TEST_", Environ: []string{"FRESHET_TEST_GRPC=" + text}})
		if err == nil || strings.Contains(err.Error(), "SEKRIT") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
