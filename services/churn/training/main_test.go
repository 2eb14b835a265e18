package training

import (
	"testing"

	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
)

func TestMain(m *testing.M) {
	embeddedclickhouse.MaybeChild() // the stack's ClickHouse is this test binary, started again
	testkit.Main(m)
}
