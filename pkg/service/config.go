package service

import (
	"errors"
	"fmt"
	"time"
)

// Config holds the settings every process has, whatever it does. A binary's own
// configuration embeds them with `koanf:",squash"`.
type Config struct {
	// Log says what is logged and how.
	Log LogConfig `koanf:"log"`
	// Telemetry says which traces are kept and where they go.
	Telemetry TelemetryConfig `koanf:"telemetry"`
	// Admin is the HTTP server for machines that watch the process.
	Admin AdminConfig `koanf:"admin"`
	// GRPC is the gRPC server. Processes without an API of their own serve health and reflection there.
	GRPC GRPCConfig `koanf:"grpc"`
	// Grace is how long the process may take from SIGTERM to its end: it answers what it has accepted, finishes the
	// batch in hand and flushes. Must be below the time after which the platform kills it (Kubernetes: 30s). Above 0.
	Grace time.Duration `koanf:"grace"`
}

// LogConfig says what is logged and how.
type LogConfig struct {
	// Level is the lowest level written: debug, info, warn or error.
	Level string `koanf:"level"`
	// Format is json, one object a line, or text, for people.
	Format string `koanf:"format"`
}

// TelemetryConfig says which traces are kept and where they go.
type TelemetryConfig struct {
	// TraceRatio is the share of requests without a trace of their own that begin one, 0 to 1. A request that carries
	// a W3C traceparent keeps the decision of its sender. At 10,000 events a second the default keeps 10 traces a second.
	TraceRatio float64 `koanf:"trace_ratio"`
	// OTLPEndpoint is the address of an OpenTelemetry collector that speaks OTLP over gRPC, as "host:4317",
	// "http://host:4317" (no TLS) or "https://host:4317" (TLS). Empty: the standard OTEL_EXPORTER_OTLP_ENDPOINT or
	// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT variable decides; without those nothing is exported.
	OTLPEndpoint string `koanf:"otlp_endpoint"`
}

// AdminConfig is the HTTP server for machines that watch the process: /metrics, /healthz, /readyz.
type AdminConfig struct {
	// Address to listen on, as "host:port"; an empty host means every interface, port 0 any free port.
	Address string `koanf:"address"`
	// Hosts are the names that requests may give as Host, without port; "*" is any. Empty: on a loopback address names of this
	// machine only, so that no web page reads it by pointing its own name there; elsewhere any.
	Hosts []string `koanf:"hosts"`
	// Profiles adds /debug/pprof. It shows memory contents, and the command line with what secrets are on it: to tokens with the scope admin,
	// and, where there is no tokens file, to this machine.
	Profiles bool `koanf:"profiles"`
	// TokensFile is a file of tokens (docs/gateway.md#tokens), of which those with the scope admin may see /metrics and /debug/pprof; it is
	// looked at every second. Empty: none.
	TokensFile string `koanf:"tokens_file"`
	// OpenMetrics shows /metrics without a token to whoever reaches the address, as Prometheus commonly reads them. Empty: without a token
	// they are shown only where the address is reached from this machine alone. /healthz and /readyz are always open.
	OpenMetrics bool `koanf:"open_metrics"`
}

// GRPCConfig is a gRPC server.
type GRPCConfig struct {
	// Address to listen on, as "host:port"; an empty host means every interface, port 0 any free port.
	Address string `koanf:"address"`
	// MaxMessageBytes is the largest request taken and the largest answer given, in bytes. 1,024 to 268,435,456.
	MaxMessageBytes int `koanf:"max_message_bytes"`
}

// Default returns the settings of a process that was told nothing.
func Default() Config {
	return Config{
		Log:       LogConfig{Level: "info", Format: "json"},
		Telemetry: TelemetryConfig{TraceRatio: 0.001},
		Admin:     AdminConfig{Address: ":9090"},
		GRPC:      GRPCConfig{Address: ":9000", MaxMessageBytes: 4 << 20},
		Grace:     10 * time.Second,
	}
}

// Validate reports a grace that gives nobody time.
func (c Config) Validate() error {
	if c.Grace <= 0 {
		return fmt.Errorf("grace: %s must be above 0", c.Grace)
	}
	return nil
}

// Validate reports an unknown level and an unknown format.
func (c LogConfig) Validate() error {
	var faults []error
	if _, err := c.level(); err != nil {
		faults = append(faults, err)
	}
	if c.Format != "json" && c.Format != "text" {
		faults = append(faults, fmt.Errorf(`format: %q must be "json" or "text"`, c.Format))
	}
	return errors.Join(faults...)
}

// Validate reports a ratio outside 0 to 1 and an endpoint that is no address.
func (c TelemetryConfig) Validate() error {
	var faults []error
	if !(c.TraceRatio >= 0 && c.TraceRatio <= 1) { // written so that NaN is a fault
		faults = append(faults, fmt.Errorf("trace_ratio: %v must be from 0 to 1", c.TraceRatio))
	}
	if _, err := endpointURL(c.OTLPEndpoint); err != nil {
		faults = append(faults, fmt.Errorf("otlp_endpoint: %w", err))
	}
	return errors.Join(faults...)
}

// Validate reports an address that cannot be listened on and a host that is no name.
func (c AdminConfig) Validate() error {
	return errors.Join(CheckAddress("address", c.Address), CheckHosts("hosts", c.Hosts))
}

// Validate reports an address that cannot be listened on and a message limit out of range.
func (c GRPCConfig) Validate() error {
	faults := []error{CheckAddress("address", c.Address)}
	if c.MaxMessageBytes < 1<<10 || c.MaxMessageBytes > 256<<20 {
		faults = append(faults, fmt.Errorf("max_message_bytes: %d must be from 1024 to 268435456", c.MaxMessageBytes))
	}
	return errors.Join(faults...)
}
