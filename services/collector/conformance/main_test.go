package conformance

import (
	"os"
	"testing"

	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
)

func TestMain(m *testing.M) {
	embeddedclickhouse.MaybeChild() // a stack's ClickHouse is this test binary, started again
	os.Exit(m.Run())
}
