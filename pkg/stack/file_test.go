package stack

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheFileAndBack(t *testing.T) {
	a := Fixed()
	a.ClickHouseUser, a.ClickHousePassword = "reader", "p@ss/w:rd?"
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var doors map[string]string
	if err := json.Unmarshal(b, &doors); err != nil {
		t.Fatal(err)
	}
	if want := "http://reader:p%40ss%2Fw%3Ard%3F@127.0.0.1:8123"; doors["clickhouse_http"] != want {
		t.Errorf("clickhouse_http is %s, want %s, which curl takes as it stands", doors["clickhouse_http"], want)
	}
	file := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(file); err != nil || got != a {
		t.Errorf("read back: %v, %v; want %v", got, err, a)
	}
}

func TestAddressesAreReadInEveryForm(t *testing.T) {
	for name, tc := range map[string]struct{ file, host, user, password string }{
		"an old file":                       {`{"clickhouse_http":"127.0.0.1:1"}`, "127.0.0.1:1", "", ""},
		"an address with its user":          {`{"clickhouse_http":"http://u:p@127.0.0.1:1"}`, "127.0.0.1:1", "u", "p"},
		"an address with its user, a slash": {`{"clickhouse_http":"http://u:p@127.0.0.1:1/"}`, "127.0.0.1:1", "u", "p"},
		"an address without a user":         {`{"clickhouse_http":"http://127.0.0.1:1"}`, "127.0.0.1:1", "", ""},
		"the user that is named counts":     {`{"clickhouse_http":"http://u:p@127.0.0.1:1","clickhouse_user":"v","clickhouse_password":"q"}`, "127.0.0.1:1", "v", "q"},
		"nothing of ClickHouse":             {`{"kafka":"127.0.0.1:2"}`, Fixed().ClickHouseHTTP, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := Fixed()
			if err := json.Unmarshal([]byte(tc.file), &a); err != nil {
				t.Fatal(err)
			}
			if a.ClickHouseHTTP != tc.host || a.ClickHouseUser != tc.user || a.ClickHousePassword != tc.password {
				t.Errorf("got %s, %q, %q", a.ClickHouseHTTP, a.ClickHouseUser, a.ClickHousePassword)
			}
		})
	}
	var a Addresses
	if err := json.Unmarshal([]byte(`{"clickhouse_http":"http://u:hunter2%zz@[::1"}`), &a); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("no address: %v", err)
	}
}

func TestLoginIsWhatWasSaidOrWhatTheFileNames(t *testing.T) {
	file := Addresses{ClickHouseUser: "reader", ClickHousePassword: "kept"}
	for name, tc := range map[string]struct {
		a          Addresses
		said, want Login
	}{
		"nothing said":              {file, Login{}, Login{"reader", "kept"}},
		"another user":              {file, Login{User: "ann", Password: "x"}, Login{"ann", "x"}},
		"another without password":  {file, Login{User: "ann"}, Login{User: "ann"}},
		"another password":          {file, Login{Password: "x"}, Login{"reader", "x"}},
		"a ClickHouse of one's own": {Fixed(), Login{}, Login{User: "default"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.a.Login(tc.said); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestMessagesAndLogsDoNotShowThePassword(t *testing.T) {
	a := Addresses{ClickHouseUser: "reader", ClickHousePassword: "hunter2"}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("ready", "addresses", a)
	slog.New(slog.NewTextHandler(&log, nil)).Info("ready", "addresses", a)
	for _, text := range []string{fmt.Sprint(a), fmt.Sprintf("%v %+v %s", a, a, a), log.String()} {
		if strings.Contains(text, "hunter2") {
			t.Error(text)
		}
	}
}
