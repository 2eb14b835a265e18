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
