package service

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// options are the flags of every service binary.
type options struct {
	config  string
	check   bool
	version bool
}

func (s Spec[T]) envPrefix() string {
	return "FRESHET_" + strings.ToUpper(s.Name) + "_"
}

func (s Spec[T]) flags(w io.Writer) (*flag.FlagSet, *options) {
	o := &options{}
	f := flag.NewFlagSet("freshet-"+s.Name, flag.ContinueOnError)
	f.SetOutput(w)
	f.StringVar(&o.config, "config", "", "read the configuration from the YAML `FILE`")
	f.BoolVar(&o.check, "check-config", false, `load and check the configuration and the files that it names, print "ok" or every fault, and exit with 0 or 1`)
	f.BoolVar(&o.version, "version", false, "print the version and exit")
	f.Usage = func() {
		fmt.Fprintf(w, "freshet-%s: %s\n\nUsage: freshet-%s [flags]\n\nFlags:\n", s.Name, s.About, s.Name)
		f.PrintDefaults()
		fmt.Fprintf(w, `
Every key of the configuration can also be set by a variable: %sGRPC__ADDRESS=:9000
sets grpc.address. The keys, their meaning and defaults are in docs/config.md,
the metrics in docs/metrics.md, how the parts fit in docs/architecture.md.
`, s.envPrefix())
	}
	return f, o
}
