package embeddedclickhouse

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/clickhouse"
)

// needLandlock leaves a test out where the kernel has none: there the engine is not confined, and docs/standalone.md says so.
func needLandlock(t *testing.T) {
	t.Helper()
	if _, err := landlock(); err != nil {
		t.Skipf("not tested here: %v", err)
	}
}

func startListener(t *testing.T, met chan<- string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			select {
			case met <- conn.RemoteAddr().String():
			default:
			}
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// TestNobodyComesInWithoutAPassword: on both ports, and by every way to name a user.
func TestNobodyComesInWithoutAPassword(t *testing.T) {
	g := startGuarded(t, false)
	for name, cfg := range map[string]clickhouse.Config{
		"default":          {User: "default"},
		"default, guessed": {User: "default", Password: "default"},
		"the reader":       {User: Reader},
		"the writer":       {User: User},
		"reader, wrong":    {User: Reader, Password: "p"},
		"nobody":           {User: "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			c := clickhouse.Default()
			c.Address, c.User, c.Password = g.Native(), cfg.User, cfg.Password
			if conn, err := clickhouse.Open(t.Context(), c); err == nil {
				_ = conn.Close()
				t.Error("comes in by the native port")
			}
			if code, answer := g.ask(cfg.User, cfg.Password, "SELECT 40 + 2"); code == http.StatusOK || strings.Contains(answer, "42") {
				t.Errorf("comes in by HTTP: %d %s", code, answer)
			}
		})
	}
	for name, path := range map[string]string{
		"no user at all":           "/?query=SELECT+40%2B2",
		"default in the address":   "/?user=default&query=SELECT+40%2B2",
		"default without a query":  "/?user=default&password=&query=SELECT+40%2B2&database=dw",
		"the session's limit away": "/?user=default&max_sessions_for_user=0&query=SELECT+40%2B2",
		"a session of its own":     "/?user=default&session_id=1&query=SELECT+40%2B2",
		"the play page":            "/play",
		"the dashboard":            "/dashboard",
	} {
		t.Run(name, func(t *testing.T) {
			if resp := get(t, g.HTTP(), path, nil); resp.code == http.StatusOK || strings.Contains(resp.body, "42") {
				t.Errorf("%d %s", resp.code, resp.body)
			}
		})
	}
	// And again after many have tried at once: the engine's own session is always there.
	for range 50 {
		if code, _ := g.ask("default", "", "SELECT 1"); code == http.StatusOK {
			t.Fatal("default came in")
		}
	}
}

// TestTheReaderReadsTablesAndNothingElse: what it may not do, whoever may: the writer is asked for every statement that is
// listed by the engine itself.
func TestTheReaderReadsTablesAndNothingElse(t *testing.T) {
	g := startGuarded(t, true) // by rights only
	if code, answer := g.read("SELECT x, s FROM dw.t"); code != http.StatusOK || answer != "7\tseven\n" {
		t.Fatalf("the reader reads %d %s", code, answer)
	}
	out := filepath.Join(t.TempDir(), "out")
	var statements []string
	for _, engine := range g.names("SELECT name FROM system.table_engines") {
		for _, args := range []string{"", "(" + literals(g.secret) + ")", "(LineAsString, " + quoted(g.secret) + ")", "(" + literals("file://"+g.secret, "LineAsString") + ")"} {
			statements = append(statements, fmt.Sprintf("CREATE TABLE dw.n (x String) ENGINE = %s%s", engine, args),
				fmt.Sprintf("CREATE TEMPORARY TABLE n (x String) ENGINE = %s%s", engine, args))
		}
	}
	for _, right := range g.names("SELECT privilege FROM system.privileges WHERE privilege LIKE 'SYSTEM %'") {
		statements = append(statements, right, strings.Replace(right, "SYSTEM ", "SYSTEM STOP ", 1), strings.Replace(right, "SYSTEM ", "SYSTEM START ", 1))
	}
	for _, source := range []string{"FILE(PATH " + quoted(g.secret) + " FORMAT LineAsString)", "HTTP(URL 'file://" + g.secret + "' FORMAT LineAsString)",
		"EXECUTABLE(COMMAND 'cat' FORMAT LineAsString)", "CLICKHOUSE(TABLE 't' DB 'dw')", "NULL()"} {
		statements = append(statements, "CREATE DICTIONARY dw.d (x String) PRIMARY KEY x SOURCE("+source+") LAYOUT(COMPLEX_KEY_DIRECT())")
	}
	statements = append(statements,
		"SYSTEM STOP LISTEN TCP", "SYSTEM STOP LISTEN HTTP", "SYSTEM START LISTEN MYSQL", "SYSTEM STOP LISTEN QUERIES ALL", "SYSTEM SHUTDOWN", "SYSTEM KILL",
		"INSERT INTO dw.t VALUES (8, 'eight')", "INSERT INTO dw.t FROM INFILE "+quoted(g.secret)+" FORMAT LineAsString",
		"SELECT 1 INTO OUTFILE "+quoted(out), "SELECT s FROM dw.t INTO OUTFILE "+quoted(out)+" FORMAT TSV",
		"SYSTEM STOP MERGES dw.t", "SYSTEM STOP TTL MERGES dw.t", "SYSTEM STOP MOVES dw.t", "SYSTEM STOP CLEANUP dw.t", "SYSTEM FLUSH LOGS", "SYSTEM DROP MARK CACHE", "SYSTEM RELOAD USERS",
		"DROP TABLE dw.t", "TRUNCATE TABLE dw.t", "ALTER TABLE dw.t DELETE WHERE 1", "ALTER TABLE dw.t ADD COLUMN y String", "DELETE FROM dw.t WHERE 1",
		"OPTIMIZE TABLE dw.t FINAL", "RENAME TABLE dw.t TO dw.u", "DETACH TABLE dw.t", "ATTACH TABLE dw.t", "EXCHANGE TABLES dw.t AND dw.t", "CREATE DATABASE n", "DROP DATABASE dw",
		"CREATE DATABASE n ENGINE = Filesystem('/')", "CREATE TABLE n (x String) ENGINE = Memory", "CREATE VIEW dw.v AS SELECT 1", "CREATE MATERIALIZED VIEW dw.v ENGINE = Memory AS SELECT 1",
		"CREATE FUNCTION f AS x -> file(x)", "CREATE USER u", "CREATE ROLE r", "ALTER USER reader IDENTIFIED BY 'x'", "GRANT SELECT ON *.* TO reader", "CREATE NAMED COLLECTION c AS url = 'x'",
		"BACKUP TABLE dw.t TO File("+quoted(out)+")", "BACKUP TABLE dw.t TO Disk('default', 'x')", "RESTORE TABLE dw.t FROM File("+quoted(out)+")", "KILL QUERY WHERE 1", "KILL MUTATION WHERE 1",
		"SELECT * FROM other.t", "SELECT * FROM system.processes", "SELECT * FROM system.users", "SELECT * FROM system.server_settings", "SELECT * FROM system.disks",
		"SELECT * FROM system.named_collections", "SELECT * FROM system.query_cache", "SELECT * FROM system.stack_trace", "SELECT * FROM system.warnings",
		"SELECT * FROM merge('other', '.*')", "SHOW CREATE TABLE other.t", "SHOW GRANTS FOR freshet", "SHOW ACCESS", "SHOW USERS", "SET readonly = 0", "SET allow_ddl = 0", "EXECUTE AS freshet SELECT 1",
	)
	for _, statement := range statements {
		if code, answer := g.read(statement); code == http.StatusOK && !forEveryTable.MatchString(statement) || strings.Contains(answer, secret) {
			t.Errorf("%s: %d %.200s", statement, code, answer)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written")
	}
	if n := count(t, g.Native(), "dw.t"); n != 1 {
		t.Errorf("the table holds %d rows, want 1", n)
	}
	// Had one of them stopped the merges, this would fail.
	run(t, g.Native(), "INSERT INTO dw.t VALUES (9, 'nine')", "OPTIMIZE TABLE dw.t FINAL SETTINGS optimize_throw_if_noop = 1")
}

// forEveryTable are statements that the engine answers with 200 whoever asks, and does for those tables only that the asker has
// the right to: for the reader, none. With a table's name they are refused.
var forEveryTable = regexp.MustCompile(`^SYSTEM (STOP|START) ([A-Z]+ )*(MERGES|FETCHES|MOVES|LOG|CLEANUP|VIEWS|SENDS|QUEUES)$`)

// TestReaderChangesNoOtherSetting: the engine itself says which settings the reader may change, and each of the others is tried, in
// the address and in the query. Whatever the engine's next version brings is fixed as well, because the list names what may be changed.
func TestReaderChangesNoOtherSetting(t *testing.T) {
	g := startGuarded(t, false)
	want := slices.Sorted(slices.Values(changeable))
	for _, name := range want {
		if opens.MatchString(name) {
			t.Errorf("%s should not be free: such settings open files, answers or rights", name)
		}
	}
	_, free := g.read("SELECT name FROM system.settings WHERE NOT readonly ORDER BY name FORMAT TSVRaw")
	if got := strings.Fields(free); !slices.Equal(got, want) {
		t.Errorf("by the engine's word the reader may change %q, want %q", got, want)
	}
	for _, row := range g.names("SELECT name || '\t' || type || '\t' || replaceAll(value, '\n', ' ') FROM system.settings") {
		f := strings.Split(row, "\t")
		if slices.Contains(want, f[0]) {
			continue
		}
		value, ask := other(f[0], f[1], f[2]), "SELECT toString(getSetting('"+f[0]+"'))"
		_, before := g.read(ask)
		if code, answer := g.read(ask, f[0], value); code == http.StatusOK && answer != before {
			t.Errorf("%s = %s in the address: %s", f[0], value, answer)
		}
		if code, answer := g.read(ask + " SETTINGS " + f[0] + " = " + quoted(value)); code == http.StatusOK && answer != before {
			t.Errorf("%s = %s in the query: %s", f[0], value, answer)
		}
	}
}

// opens are the names of settings that must never be free.
var opens = regexp.MustCompile(`schema|template|path|file|response_headers|cors|^readonly|allow_ddl|allow_introspection|custom_|url|endpoint|dialect`)

// other is a value of the setting that is not the one there is, where one can be told from its type.
func other(name, kind, value string) string {
	switch {
	case name == "readonly": // the reader's is 1
		return "0"
	case kind == "Bool" || value == "0":
		return map[bool]string{true: "0", false: "1"}[value == "1"]
	case kind == "Map":
		return "{'a':'b'}"
	case kind == "String" || kind == "Char":
		return "/" + value
	case value == "3":
		return "4"
	}
	return "3" // of a name it is none, and refused as such
}

// TestDriversWork: what clients ask before they show a table, and the settings they send.
func TestDriversWork(t *testing.T) {
	g := startGuarded(t, false)
	for name, query := range map[string]string{
		"clickhouse-go's ping":   "SELECT 1",
		"version":                "SELECT version(), timezone(), currentUser(), currentDatabase(), displayName(), uptime() >= 0",
		"databases":              "SELECT name FROM system.databases",
		"tables":                 "SELECT database, name, engine, comment, total_rows FROM system.tables WHERE database = 'dw'",
		"columns":                "SELECT name, type, default_kind, comment, is_in_primary_key FROM system.columns WHERE database = 'dw' AND table = 't'",
		"functions":              "SELECT name, is_aggregate FROM system.functions",
		"settings":               "SELECT name, value, readonly FROM system.settings WHERE name LIKE 'output_format%'",
		"types":                  "SELECT name, alias_to FROM system.data_type_families",
		"engines":                "SELECT name FROM system.table_engines",
		"formats":                "SELECT name FROM system.formats WHERE is_output",
		"keywords":               "SELECT keyword FROM system.keywords",
		"INFORMATION_SCHEMA":     "SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'dw'",
		"information_schema":     "SELECT column_name FROM information_schema.columns WHERE table_schema = 'dw'",
		"SHOW DATABASES":         "SHOW DATABASES",
		"SHOW TABLES":            "SHOW TABLES FROM dw",
		"SHOW CREATE TABLE":      "SHOW CREATE TABLE dw.t",
		"DESCRIBE":               "DESCRIBE TABLE dw.t",
		"EXPLAIN":                "EXPLAIN SELECT * FROM dw.t",
		"numbers":                "SELECT sum(number) FROM numbers(10)",
		"with its own bounds":    "SELECT count() FROM dw.t SETTINGS max_execution_time = 10, max_result_rows = 5, result_overflow_mode = 'break'",
		"JSON, as Grafana reads": "SELECT x, s FROM dw.t FORMAT JSON",
	} {
		t.Run(name, func(t *testing.T) {
			if code, answer := g.read(query, "max_execution_time", "60", "session_timezone", "Europe/Berlin", "send_progress_in_http_headers", "1"); code != http.StatusOK || answer == "" {
				t.Errorf("%d %s", code, answer)
			}
		})
	}
	t.Run("clickhouse-go with a deadline", func(t *testing.T) {
		conn := open(t, g.Native(), Reader, readerPassword)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // which it sends as max_execution_time
		defer cancel()
		var s string
		if err := conn.QueryRow(ctx, "SELECT s FROM dw.t").Scan(&s); err != nil || s != "seven" {
			t.Errorf("%q, %v", s, err)
		}
	})
}

type response struct {
	code   int
	body   string
	header http.Header
}

// get asks the HTTP port without a user of its own; header's Host is the request's.
func get(t *testing.T, address, path string, header map[string]string) response {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	req.Host = header["Host"]
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{code: resp.StatusCode, body: string(body), header: resp.Header}
}

// TestNamesOfThisMachineOnly: a page that has pointed its own name at 127.0.0.1 is not answered, whoever it says it is, and no answer
// is open to another origin or to a browser's guess of what it is.
func TestNamesOfThisMachineOnly(t *testing.T) {
	g := startGuarded(t, false)
	port := g.HTTP()[strings.LastIndexByte(g.HTTP(), ':'):]
	query := "/?user=" + Reader + "&password=" + url.QueryEscape(readerPassword) + "&query=SELECT+40%2B2"
	for host, want := range map[string]int{
		"127.0.0.1" + port: http.StatusOK, "127.0.0.1": http.StatusOK, "localhost" + port: http.StatusOK, "LOCALHOST" + port: http.StatusOK,
		"localhost." + port: http.StatusOK, "shop.localhost" + port: http.StatusOK, "[::1]" + port: http.StatusOK, "127.1.2.3" + port: http.StatusOK,
		"evil.example": 421, "evil.example" + port: 421, "localhost.evil.example": 421, "127.0.0.1.evil.example" + port: 421, "evillocalhost": 421,
		"evil-localhost": 421, "127.0.0.1@evil.example": 421, "localhost evil.example": 421, "0.0.0.0" + port: 421, "10.0.0.1" + port: 421, "[::2]" + port: 421, "127.evil.example": 421,
		"xn--lcalhost-54a": 421, "localhost:80:80": 421,
	} {
		for _, path := range []string{query, "/ping", "/"} {
			want := want
			if want == http.StatusOK && path == "/" {
				want = http.StatusUnauthorized
			}
			resp := get(t, g.HTTP(), path, map[string]string{"Host": host, "Origin": "https://evil.example"})
			if resp.code != want || want != http.StatusOK && strings.Contains(resp.body, "42") {
				t.Errorf("Host %s, %s: %d %s, want %d", host, path, resp.code, resp.body, want)
			}
			if resp.header.Get("X-Content-Type-Options") != "nosniff" || resp.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("Host %s, %s: headers %v", host, path, resp.header)
			}
		}
	}
	for _, more := range []string{"&add_http_cors_header=1", "&http_response_headers=%7B%27Access-Control-Allow-Origin%27%3A%27*%27%7D"} {
		resp := get(t, g.HTTP(), query+more, map[string]string{"Host": "localhost", "Origin": "https://evil.example"})
		if resp.header.Get("Access-Control-Allow-Origin") != "" || strings.Contains(resp.body, "42") {
			t.Errorf("%s: %d %v", more, resp.code, resp.header)
		}
	}
}
