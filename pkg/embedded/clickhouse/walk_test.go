package embeddedclickhouse

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const readerPassword = "a reader's password"

// secret is what lies in a file outside the engine's directory.
const secret = "planted-4f1d9a"

// guarded is an engine with a reader, a table that the reader may read, and a secret outside.
type guarded struct {
	*Server
	t      *testing.T
	secret string // its file
}

func startGuarded(t *testing.T, unconfined bool) *guarded {
	t.Helper()
	outside := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(outside, []byte(secret+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := startHere(t, Config{Dir: t.TempDir(), ReaderPassword: readerPassword, Readable: []string{"dw"}, unconfined: unconfined})
	run(t, s.Native(), "CREATE DATABASE dw", "CREATE TABLE dw.t (x UInt64, s String) ENGINE = MergeTree ORDER BY x", "INSERT INTO dw.t VALUES (7, 'seven')",
		"CREATE DATABASE other", "CREATE TABLE other.t (x UInt64) ENGINE = MergeTree ORDER BY x")
	return &guarded{Server: s, t: t, secret: outside}
}

// impatient gives up on a query that neither answers nor ends at max_execution_time.
var impatient = &http.Client{Timeout: 30 * time.Second}

// ask is a query over HTTP as anybody; the answer is all that came, with its errors. settings go into the address.
func (g *guarded) ask(user, password, query string, settings ...string) (code int, answer string) {
	values := url.Values{}
	for i := 0; i+1 < len(settings); i += 2 {
		values.Set(settings[i], settings[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+g.HTTP()+"/?"+values.Encode(), strings.NewReader(query))
	if err != nil {
		g.t.Error(err)
		return 0, ""
	}
	req.SetBasicAuth(user, password)
	resp, err := impatient.Do(req)
	if err != nil {
		g.t.Logf("%s: %v", query, err) // no answer is no leak; that the engine still lives is asked at the end
		return 0, ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body) // an answer that is cut off in the middle is an answer
	return resp.StatusCode, string(body)
}

// read is a query as the reader.
func (g *guarded) read(query string, settings ...string) (code int, answer string) {
	return g.ask(Reader, readerPassword, query, settings...)
}

// names is a query of one column, as the writer, who sees everything.
func (g *guarded) names(query string) []string {
	g.t.Helper()
	code, answer := g.ask(User, "p", query+" FORMAT TSVRaw")
	if code != http.StatusOK || answer == "" {
		g.t.Fatalf("%s: %d %s", query, code, answer)
	}
	return strings.Split(strings.TrimSpace(answer), "\n")
}

// literals are string literals in a row.
func literals(values ...string) string {
	for i, v := range values {
		values[i] = quoted(v)
	}
	return strings.Join(values, ", ")
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// walk asks every query of build for every name and returns the names whose answer held the secret.
func (g *guarded) walk(names []string, build func(name string) []string) []string {
	var (
		mu    sync.Mutex
		leaks = map[string]bool{}
		wait  sync.WaitGroup
		todo  = make(chan string)
	)
	for range 4 {
		wait.Go(func() {
			for name := range todo {
				for _, query := range build(name) {
					if _, answer := g.read(query, "max_execution_time", "5"); strings.Contains(answer, secret) {
						mu.Lock()
						leaks[name] = true
						mu.Unlock()
					}
				}
			}
		})
	}
	for _, name := range names {
		todo <- name
	}
	close(todo)
	wait.Wait()
	return slices.Sorted(maps.Keys(leaks))
}

// forms are the ways to name the file to something that takes arguments.
func (g *guarded) forms() []string {
	relative, err := filepath.Rel(filepath.Join(g.cfg.Dir, "data", "user_files"), g.secret)
	if err != nil {
		g.t.Fatal(err)
	}
	dir, name := filepath.Split(g.secret)
	var out []string
	for _, path := range []string{g.secret, "file://" + g.secret, relative, "/proc/self/root" + g.secret} {
		out = append(out, literals(path), literals(path, "LineAsString"), literals(path, "LineAsString", "x String"))
	}
	return append(out, literals("LineAsString", g.secret), literals(dir, name), literals(dir+"*", "RawBLOB", "x String"),
		literals(g.secret, "")+", 1", "'default', "+quoted(g.secret), "1, "+quoted(g.secret))
}

// calls are all ways to call a scalar or aggregate function on the file; tables all ways to use a table function.
func (g *guarded) calls(name string) (out []string) {
	for _, args := range []string{literals(g.secret), literals("file://" + g.secret), literals(g.secret, "LineAsString"), literals("x", g.secret),
		literals(g.secret, "LineAsString", "x String")} {
		out = append(out, fmt.Sprintf("SELECT `%s`(%s) FORMAT TSVRaw", name, args))
	}
	return append(out, fmt.Sprintf("SELECT `%s`(p) FROM (SELECT materialize(%s) AS p) FORMAT TSVRaw", name, quoted(g.secret)))
}

func (g *guarded) tables(name string) (out []string) {
	for _, args := range g.forms() {
		out = append(out, fmt.Sprintf("SELECT * FROM `%s`(%s) FORMAT TSVRaw", name, args),
			fmt.Sprintf("DESCRIBE TABLE `%s`(%s)", name, args),
			fmt.Sprintf("INSERT INTO FUNCTION `%s`(%s) SELECT 'x'", name, args))
	}
	return append(out, fmt.Sprintf("SELECT * FROM `%s`('cat', 'LineAsString', 'x String', (SELECT %s))", name, quoted(g.secret)))
}

// TestNoFunctionReadsAFileOutside walks every function that the engine lists. On a kernel without Landlock the rights alone
// have to do it, and of one function they do not: the scalar file() asks for none. The second walk is there so that
// this stays the only one, and so that the first cannot pass because the rights of the reader were widened.
func TestNoFunctionReadsAFileOutside(t *testing.T) {
	for name, tc := range map[string]struct {
		unconfined bool
		leaks      []string
	}{
		"confined":       {},
		"by rights only": {unconfined: true, leaks: []string{"file"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := startGuarded(t, tc.unconfined)
			if !tc.unconfined {
				needLandlock(t)
			}
			scalar := g.names("SELECT name FROM system.functions WHERE name NOT IN ('sleep', 'sleepEachRow')")
			if got := g.walk(scalar, g.calls); !slices.Equal(got, tc.leaks) {
				t.Errorf("of %d functions these read a file outside: %q, want %q", len(scalar), got, tc.leaks)
			}
			table := g.names("SELECT name FROM system.table_functions")
			if got := g.walk(table, g.tables); got != nil {
				t.Errorf("of %d table functions these read a file outside: %q", len(table), got)
			}
			if got, err := os.ReadFile(g.secret); err != nil || strings.TrimSpace(string(got)) != secret {
				t.Errorf("the file outside was changed: %q, %v", got, err)
			}
			run(t, g.Native(), "SELECT 1")
		})
	}
}

// TestTheWriterReadsNoFileOutside: confined, the engine cannot do it for anybody.
func TestTheWriterReadsNoFileOutside(t *testing.T) {
	needLandlock(t)
	t.Setenv("FRESHET_TEST_SECRET", secret)
	g := startGuarded(t, false)
	link := filepath.Join(g.cfg.Dir, "data", "link")
	if err := os.Symlink(g.secret, link); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		"SELECT file(" + quoted(g.secret) + ")",
		"SELECT file(" + quoted(link) + ")",
		"SELECT * FROM file(" + literals(g.secret, "LineAsString") + ")",
		"SELECT file('/etc/passwd')",
		"SELECT file('/proc/self/environ')",
		fmt.Sprintf("SELECT file('/proc/%d/environ')", g.Pid()),
		fmt.Sprintf("SELECT file('/proc/%d/environ')", os.Getpid()),
		"SELECT * FROM executable('cat', 'LineAsString', 'x String', (SELECT " + quoted(g.secret) + "))",
		"SELECT 1 FORMAT Template SETTINGS format_template_resultset = " + quoted(g.secret),
	} {
		if code, answer := g.ask(User, "p", query); code == http.StatusOK || strings.Contains(answer, secret) {
			t.Errorf("%s: %d %s", query, code, answer)
		}
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", g.Pid()))
	if err != nil || strings.Contains(string(environ), secret) {
		t.Errorf("the child got this process's environment: %v", err)
	}
}

// TestTheEngineConnectsToNobody: confined, it speaks when spoken to.
func TestTheEngineConnectsToNobody(t *testing.T) {
	needLandlock(t)
	g := startGuarded(t, false)
	met := make(chan string, 1)
	inside := startListener(t, met)
	for _, query := range []string{
		"SELECT * FROM url(" + literals("http://"+inside+"/", "LineAsString") + ") SETTINGS http_max_tries = 1",
		"SELECT * FROM remote(" + literals(inside, "system.one") + ")",
	} {
		if code, answer := g.ask(User, "p", query, "max_execution_time", "5"); code == http.StatusOK {
			t.Errorf("%s: %s", query, answer)
		}
	}
	select {
	case who := <-met:
		t.Errorf("it called from %s", who)
	default:
	}
}
