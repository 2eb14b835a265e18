package stack

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoad(t *testing.T) {
	t.Chdir(t.TempDir())
	if a, err := Load(""); err != nil || a != Fixed() {
		t.Errorf("without a file: %+v, %v", a, err)
	}
	if _, err := Load("gone.json"); err == nil || !strings.Contains(err.Error(), "freshet up --addresses-file gone.json") {
		t.Errorf("a named file that is missing: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(DefaultFile), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(DefaultFile, []byte(`{"collector_http":"127.0.0.1:18080","something_new":1}`), 0o644); err != nil {
		t.Fatal(err)
	}
	want := Fixed()
	want.CollectorHTTP = "127.0.0.1:18080"
	if a, err := Load(""); err != nil || a != want {
		t.Errorf("with the default file: %+v, %v", a, err)
	}
	if err := os.WriteFile("bad.json", []byte("8080"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load("bad.json"); err == nil || !strings.Contains(err.Error(), "bad.json is no addresses file") {
		t.Errorf("a file of something else: %v", err)
	}
}

func TestKnockNamesTheClosedDoorAndTheRemedy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := l.Addr().String()
	if err := Knock(t.Context(), open); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Knock(t.Context(), open); err == nil || !strings.Contains(err.Error(), "no stack answers at "+open+": start one with `make up`") {
		t.Errorf("a closed door: %v", err)
	}
}

func TestLagAddsUpEveryLagGaugeAndNamesTheWorst(t *testing.T) {
	b, err := sumLag(strings.NewReader(`# TYPE freshet_stream_lag_records gauge
freshet_stream_lag_records{processor="feature.state",topic="events.resolved.v1",partition="0"} 5
freshet_stream_lag_records{processor="feature.state",topic="events.resolved.v1",partition="1"} 7
# TYPE freshet_warehouse_lag_records gauge
freshet_warehouse_lag_records{topic="events.raw.v1",partition="0"} 100
# TYPE freshet_identity_log_lag_records gauge
freshet_identity_log_lag_records 1
# TYPE other_lag_records gauge
other_lag_records 1000
# TYPE freshet_lag_records_total counter
freshet_lag_records_total 1000
`))
	if err != nil || b.Total != 113 || b.Worst != "freshet_warehouse_lag_records{topic=events.raw.v1,partition=0}" &&
		b.Worst != "freshet_warehouse_lag_records{partition=0,topic=events.raw.v1}" {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := sumLag(strings.NewReader("<html>")); err == nil {
		t.Error("a web page was taken for metrics")
	}
}
