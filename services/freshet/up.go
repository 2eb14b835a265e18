package freshet

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/segmentation/webhook"
	"github.com/freshet/freshet/services/standalone"
)

// builtIn are the rules of a stack that was given none.
//
//go:embed rules.yaml
var builtIn []byte

// endpoint is the name under which rules send alerts to --webhook.
const endpoint = "webhook"

type upOptions struct {
	cfg                                                 standalone.Config
	log                                                 service.LogConfig
	file, rules, features, forecasts, url, secret, data string
}

func newUp() *cobra.Command {
	o := upOptions{cfg: standalone.Default(), log: service.Default().Log}
	o.log.Format = "text"
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run a whole stack here, until Ctrl-C",
		Long: `Run every service, an embedded Kafka and an embedded ClickHouse in one process (ClickHouse as its child), until Ctrl-C or SIGTERM.
Data stay in --dir and survive a restart, also after kill -9. Without --rules a first set of rules is written to DIR/rules.yaml, to be changed.
With --webhook the rules' endpoint "webhook" gets that address; its signing secret is made once, in DIR/webhook-secret, unless one is given.`,
		Example: `  freshet up
  freshet up --webhook http://127.0.0.1:9999/alerts
  freshet up --dir /tmp/try --ephemeral --addresses-file /tmp/try.json --write-key my-write-key`,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "dir", filepath.Dir(stack.DefaultFile), "where the data are kept")
	f.BoolVar(&o.cfg.Ephemeral, "ephemeral", false, "take free ports instead of the documented ones")
	f.StringSliceVar(&o.cfg.Hosts, "host", nil, "a further `NAME` that the API and the metrics answer to as Host, where a proxy keeps it; * is any")
	f.StringVar(&o.file, "addresses-file", "", "where to write the addresses as JSON; by default DIR/addresses.json")
	f.StringVar(&o.cfg.WriteKey, "write-key", DefaultWriteKey, "the write key of the source local, at least 8 characters")
	f.StringVar(&o.rules, "rules", "", "YAML file of segments; by default DIR/rules.yaml")
	f.StringVar(&o.features, "features", "", "YAML `FILE` of features and tags, laid over the shipped ones, see freshet features check")
	f.StringVar(&o.forecasts, "forecasts", "", "YAML `FILE` of what is predicted, laid over the shipped one, see docs/churn.md")
	f.StringVar(&o.cfg.Collector.SourcesFile, "sources", "", "YAML `FILE` of further sources, see freshet source; by default DIR/sources.yaml, when it is there")
	f.StringSliceVar(&o.cfg.Collector.Enrich.TrustedProxies, "trusted-proxies", nil, "networks of the proxies before the collector, such as 127.0.0.1, whose X-Forwarded- headers count")
	f.StringVar(&o.url, "webhook", "", `where the rules' endpoint "webhook" posts alerts`)
	f.StringVar(&o.secret, "webhook-secret-file", "", "file with the signing secret, whsec_...; by default DIR/webhook-secret")
	f.StringVar((*string)(&o.cfg.Gaps), "gaps", string(broker.GapHold), "when records were gone before they were read: hold that partition, or skip them and count what is lost")
	f.IntVar(&o.cfg.Partitions, "partitions", o.cfg.Partitions, "partitions of a topic when it is made; fixed once DIR has data")
	f.BoolVar(&o.cfg.SyncWrites, "sync-writes", false, "acknowledge after the disk has it: survives a power cut, and is much slower")
	f.BoolVar(&o.cfg.Profiles, "profiles", false, "serve /debug/pprof at the metrics address")
	f.StringVar(&o.log.Level, "log-level", o.log.Level, "debug, info, warn or error")
	f.StringVar(&o.log.Format, "log-format", o.log.Format, "text or json")
	return cmd
}

func (o *upOptions) run(cmd *cobra.Command) error {
	if err := o.log.Validate(); err != nil {
		return err
	}
	if n := len(o.cfg.WriteKey); n > 0 && n < directory.MinWriteKey {
		return fmt.Errorf("--write-key: has %d characters, give at least %d", n, directory.MinWriteKey)
	}
	cmd.SilenceUsage = true
	s, err := o.stack(service.NewLogger(o.log, cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	told := make(chan struct{})
	go func() {
		defer close(told)
		select {
		case <-s.Started():
			printAddresses(cmd.OutOrStdout(), s.Addresses(), o.cfg)
		case <-ctx.Done():
		}
	}()
	err = s.Run(ctx)
	cancel()
	<-told
	return explain(err)
}

// stack prepares the directory and makes a stack of the options; Run starts it.
func (o *upOptions) stack(logger *slog.Logger) (*standalone.Stack, error) {
	if err := os.MkdirAll(o.data, 0o755); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	o.cfg.Dir, o.cfg.AddressesFile = o.data, o.file
	if o.cfg.AddressesFile == "" {
		o.cfg.AddressesFile = filepath.Join(o.data, filepath.Base(stack.DefaultFile))
	}
	var err error
	if o.cfg.APIToken, err = ownToken(filepath.Join(o.data, "api-token")); err != nil {
		return nil, err
	}
	o.cfg.Feature.Features, o.cfg.Segmentation.Features, o.cfg.Churn.Scoring.Features = o.features, o.features, o.features
	o.cfg.Segmentation.Forecasts, o.cfg.Churn.Scoring.Forecasts = o.forecasts, o.forecasts
	o.cfg.Segmentation.Rules = o.rules
	if o.rules == "" {
		o.cfg.Segmentation.Rules = filepath.Join(o.data, "rules.yaml")
		if err := writeOnce(o.cfg.Segmentation.Rules, builtIn); err != nil {
			return nil, err
		}
	}
	if o.url != "" {
		if o.secret == "" {
			o.secret = filepath.Join(o.data, "webhook-secret")
			if err := writeOnce(o.secret, newSecret()); err != nil {
				return nil, err
			}
		}
		o.cfg.Segmentation.Endpoints = map[string]webhook.Endpoint{endpoint: {URL: o.url, SecretFile: o.secret}}
	}
	return standalone.New(o.cfg, standalone.Deps{Logger: logger, Environ: os.Environ()})
}

// ownToken is the token of a stack's own commands: made at its first start, and the same at every other.
func ownToken(path string) (string, error) {
	text, _ := keyfile.New(access.Prefix, "local", time.Now())
	if err := writeOnce(path, []byte(text+"\n")); err != nil {
		return "", err
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the stack's own token: %w", err)
	}
	return strings.TrimSpace(string(kept)), nil
}

// newSecret is a signing secret as Standard Webhooks writes it.
func newSecret() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return []byte("whsec_" + base64.StdEncoding.EncodeToString(key) + "\n")
}

// writeOnce leaves a file alone that is there already.
func writeOnce(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write a first %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// explain adds the remedy to the faults of a start that a newcomer meets.
func explain(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w\nanother program, or another stack, holds the port: end it, or take free ports with --ephemeral; `freshet doctor` shows more", err)
	}
	return err
}

// printAddresses tells where the doors are. The password is shown to a person at a terminal only; elsewhere, where it may end in a log, the lines
// read it from its file when they are run.
func printAddresses(w io.Writer, a stack.Addresses, cfg standalone.Config) {
	password := a.ClickHousePassword
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		password = `"$(cat ` + shellQuote(passwordFile(cfg.Dir)) + `)"`
	}
	fmt.Fprintf(w, `Freshet is up. Ctrl-C ends it; the data stay in %s.
  events in   http://%s/v1/batch (Segment API, write key %s), gRPC %s
  reads       http://%s, gRPC %s, with a token: freshet token show, freshet get /v1/segments
  Kafka       %s
  ClickHouse  http://%s, native %s; freshet sql 'SELECT ...', or
              curl -u %s http://%s/ --data-binary 'SELECT count() FROM dw.events'
              clickhouse-client --port %s --user %s --password %s
  metrics     http://%s/metrics
  addresses   %s
  rules       %s
`, cfg.Dir, a.CollectorHTTP, cfg.WriteKey, a.CollectorGRPC, a.APIHTTP, a.APIGRPC, a.Kafka, a.ClickHouseHTTP, a.ClickHouseNative,
		shellQuote(a.ClickHouseUser+":")+password, a.ClickHouseHTTP, nativePort(a), a.ClickHouseUser, password, a.Metrics,
		cfg.AddressesFile, cfg.Segmentation.Rules)
}

// passwordFile is where the reader's password is kept; absolute, so that the line works from anywhere.
func passwordFile(dir string) string {
	path := filepath.Join(dir, standalone.PasswordFile)
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

func nativePort(a stack.Addresses) string {
	_, port, _ := net.SplitHostPort(a.ClickHouseNative)
	return port
}

// shellQuote makes one word of s for a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
