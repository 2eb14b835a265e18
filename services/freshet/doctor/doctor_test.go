package doctor

import (
	"net"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/stack"
)

// nowhere are doors that nothing answers at.
func nowhere() stack.Addresses {
	const closed = "127.0.0.1:1"
	return stack.Addresses{CollectorHTTP: closed, CollectorGRPC: closed, APIHTTP: closed, APIGRPC: closed, Kafka: closed, ClickHouseNative: closed,
		ClickHouseHTTP: closed, Metrics: closed}
}

func find(t *testing.T, findings []Finding, check string) Finding {
	t.Helper()
	for _, f := range findings {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("no finding of %s in %+v", check, findings)
	return Finding{}
}

func TestWithoutAStackOnlyTheMachineIsExamined(t *testing.T) {
	findings := Examine(t.Context(), Patient{Addresses: nowhere(), Dir: t.TempDir()})
	if len(findings) != 3 {
		t.Fatalf("%+v", findings)
	}
	if f := find(t, findings, "ports"); f.State == OK || f.Fix == "" {
		t.Errorf("%+v", f)
	}
	if f := find(t, findings, "disk"); f.State != OK || !strings.Contains(f.Detail, "GB free") {
		t.Errorf("%+v", f)
	}
}

func TestAMissingEngineIsNamedWithItsRemedy(t *testing.T) {
	t.Setenv("FRESHET_LIBCHDB", "/no/such/libchdb.so")
	if f := engine(t.Context(), Patient{}); f.State != Failed || !strings.Contains(f.Fix, "make engine") {
		t.Errorf("%+v", f)
	}
}

func TestAStackOfWhichOneDoorAnswersIsIll(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := nowhere()
	a.Metrics = l.Addr().String()
	if f := ports(t.Context(), Patient{Addresses: a}); f.State != Failed || !strings.Contains(f.Detail, "kafka 127.0.0.1:1") {
		t.Errorf("%+v", f)
	}
}

func TestADirectoryThatDoesNotExistYetIsLookedUpAbove(t *testing.T) {
	if f := disk(t.Context(), Patient{Dir: "not/made/yet"}); f.State != OK {
		t.Errorf("%+v", f)
	}
}

func TestWriteFailsOnlyWhenACheckFailed(t *testing.T) {
	var out strings.Builder
	if err := Write(&out, []Finding{{Check: "a", State: OK, Detail: "fine"}, {Check: "b", State: Warned, Detail: "hm", Fix: "wait"}}); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "warn  b            hm\n") || !strings.Contains(out.String(), "fix: wait") {
		t.Error(out.String())
	}
	if err := Write(&out, []Finding{{Check: "c", State: Failed}}); err == nil {
		t.Error("a failed check is no error")
	}
}
