package dataset

import (
	"testing"

	"github.com/freshet/freshet/pkg/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
