package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/service"
)

// Config says where the gateway listens and whom it asks.
type Config struct {
	// HTTPAddress is where HTTP/JSON is served, as "host:port"; an empty host means every interface, port 0 any free port.
	HTTPAddress string `koanf:"http_address"`
	// Hosts are the names that HTTP requests may give as Host, without port: what the gateway is called, such as "freshet.example.com"; "*" is any.
	// Empty: on a loopback address names of this machine only, so that no web page reads customers by pointing its own name there; elsewhere any.
	Hosts []string `koanf:"hosts"`
	// Upstreams are the services behind the gateway.
	Upstreams Upstreams `koanf:"upstreams"`
	// ResolveEvery is how often the names of the upstreams are looked up again, to learn of new and gone replicas. Above 0.
	ResolveEvery time.Duration `koanf:"resolve_every"`
	// Timeout bounds a request whose caller gave no deadline. Above 0.
	Timeout time.Duration `koanf:"timeout"`
	// CORSOrigins are the origins, such as "https://shop.example", whose pages may read the API from a browser. "*" allows
	// every page to read whatever the browser's network reaches. Empty: none.
	CORSOrigins []string `koanf:"cors_origins"`
	// TokensFile is the file of who may read (docs/gateway.md#tokens); it is looked at every second. Empty: none.
	TokensFile string `koanf:"tokens_file"`
	// TokensFileMayBeMissing takes a TokensFile that is not there for one without tokens, until it comes. It is for a file that the process
	// itself names, and no key.
	TokensFileMayBeMissing bool
	// Tokens are further ones, as text: for those that come out of a secret store. With neither a file nor these, everybody who reaches
	// the addresses reads everything, which is refused for addresses that others than this machine reach.
	Tokens []access.Inline `koanf:"tokens"`
	// OpenToEverybody allows to listen beyond this machine without any tokens: whoever reaches the addresses reads all customers. Empty: false.
	OpenToEverybody bool `koanf:"open_to_everybody"`
}

// Upstreams are the addresses of the services, each "host:port". All replicas of a service must be reachable: list
// them, or give one name that resolves to all of them (in Kubernetes a headless Service).
type Upstreams struct {
	// Identity serves freshet.identity.v1. Needed.
	Identity []string `koanf:"identity"`
	// Feature serves freshet.feature.v1. Needed.
	Feature []string `koanf:"feature"`
	// Segmentation serves freshet.segmentation.v1. Needed.
	Segmentation []string `koanf:"segmentation"`
	// Churn serves freshet.churn.v1. Needed.
	Churn []string `koanf:"churn"`
	// Recommendation serves freshet.recommendation.v1. Needed.
	Recommendation []string `koanf:"recommendation"`
}

// At returns upstreams that all live at the same addresses: one process that
// serves everything.
func At(addresses ...string) Upstreams {
	return Upstreams{Identity: addresses, Feature: addresses, Segmentation: addresses, Churn: addresses, Recommendation: addresses}
}

// Default expects each service under its own name, as docker compose gives it.
func Default() Config {
	return Config{
		HTTPAddress: ":8080",
		Upstreams: Upstreams{
			Identity: []string{"identity:9000"}, Feature: []string{"feature:9000"}, Segmentation: []string{"segmentation:9000"},
			Churn: []string{"churn:9000"}, Recommendation: []string{"recommendation:9000"},
		},
		ResolveEvery: 5 * time.Second,
		Timeout:      10 * time.Second,
	}
}

// Validate reports every fault.
func (c Config) Validate() error {
	faults := []error{service.CheckAddress("http_address", c.HTTPAddress), service.CheckHosts("hosts", c.Hosts), c.CheckOpen("http_address", c.HTTPAddress)}
	if c.ResolveEvery <= 0 {
		faults = append(faults, fmt.Errorf("resolve_every: %s must be above 0", c.ResolveEvery))
	}
	if c.Timeout <= 0 {
		faults = append(faults, fmt.Errorf("timeout: %s must be above 0", c.Timeout))
	}
	for _, origin := range c.CORSOrigins {
		if u, err := url.Parse(origin); origin != "*" && (err != nil || u.Scheme == "" || u.Host == "" || u.Path != "") {
			faults = append(faults, fmt.Errorf(`cors_origins: %q must be an origin, such as "https://shop.example", or "*"`, origin))
		}
	}
	for i, t := range c.Tokens {
		for _, fault := range t.Faults() {
			faults = append(faults, fmt.Errorf("tokens[%d].%w", i, fault))
		}
	}
	for _, u := range c.Upstreams.all() {
		if len(u.addresses) == 0 {
			faults = append(faults, fmt.Errorf("upstreams.%s: give at least one address", u.name))
		}
		for _, a := range u.addresses {
			faults = append(faults, service.CheckAddress("upstreams."+u.name, a))
		}
	}
	return errors.Join(faults...)
}

// CheckOpen refuses an address that is reached from other machines when no token is asked for. key is the address's, for the error.
func (c Config) CheckOpen(key, address string) error {
	if c.OpenToEverybody || c.asksForTokens() || service.OnLoopback(address) {
		return nil
	}
	return fmt.Errorf("%s: %q is reached from other machines, and without tokens everybody there reads all customers: "+
		"give tokens_file or tokens, listen on 127.0.0.1, or say open_to_everybody: true", key, address)
}

func (c Config) asksForTokens() bool { return c.TokensFile != "" || len(c.Tokens) > 0 }

// CheckFiles loads the file that the configuration names, as a start does.
func (c Config) CheckFiles() error {
	_, err := c.loadTokens(nil)
	return err
}

// loadTokens reads the tokens; nil when none are asked for.
func (c Config) loadTokens(logger *slog.Logger) (*access.Tokens, error) {
	if !c.asksForTokens() {
		return nil, nil
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return access.Load(access.Options{File: c.TokensFile, MayBeMissing: c.TokensFileMayBeMissing, Inline: c.Tokens, Logger: logger})
}
