// Command freshet starts a Freshet stack on this machine, feeds it and looks into it.
package main

import (
	"context"
	"os"

	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
	"github.com/freshet/freshet/services/freshet"
)

func main() {
	embeddedclickhouse.MaybeChild() // the engine is this same binary, started again
	os.Exit(freshet.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
