package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/services/gateway"
)

func TestValidate(t *testing.T) {
	valid := gateway.Default()
	valid.TokensFile = "tokens.yaml"
	if err := valid.Validate(); err != nil {
		t.Errorf("the default with tokens is not valid: %v", err)
	}
	const open = `http_address: ":8080" is reached from other machines, and without tokens everybody there reads all customers: ` +
		"give tokens_file or tokens, listen on 127.0.0.1, or say open_to_everybody: true"
	tests := map[string]struct {
		edit func(*gateway.Config)
		want []string
	}{
		"no replica":          {func(c *gateway.Config) { c.Upstreams.Feature = nil }, []string{"upstreams.feature: give at least one address"}},
		"a name with no port": {func(c *gateway.Config) { c.Upstreams.Churn = []string{"churn"} }, []string{`upstreams.churn: "churn" must be "host:port", for instance ":8080"`}},
		"an origin with a path": {func(c *gateway.Config) { c.CORSOrigins = []string{"https://x/y"} },
			[]string{`cors_origins: "https://x/y" must be an origin, such as "https://shop.example", or "*"`}},
		"no time": {func(c *gateway.Config) { c.Timeout, c.ResolveEvery = 0, -time.Second },
			[]string{"resolve_every: -1s must be above 0", "timeout: 0s must be above 0"}},
		"everybody's door":               {func(c *gateway.Config) { c.TokensFile = "" }, []string{open}},
		"everybody's door by an address": {func(c *gateway.Config) { c.TokensFile, c.HTTPAddress = "", "10.1.2.3:80" }, []string{strings.Replace(open, ":8080", "10.1.2.3:80", 1)}},
		"everybody's door, and told so":  {func(c *gateway.Config) { c.TokensFile, c.OpenToEverybody = "", true }, nil},
		"this machine's door":            {func(c *gateway.Config) { c.TokensFile, c.HTTPAddress = "", "127.0.0.1:80" }, nil},
		"a token out of a secret store": {func(c *gateway.Config) {
			c.TokensFile, c.Tokens = "", []access.Inline{{Name: "crm", Scopes: []string{"profiles"}, Token: strings.Repeat("x", 20)}}
		}, nil},
	}
	for name, test := range tests {
		cfg := valid
		test.edit(&cfg)
		err := cfg.Validate()
		if err == nil && test.want == nil {
			continue
		}
		if err == nil {
			t.Errorf("%s: no fault was found", name)
			continue
		}
		if d := cmp.Diff(test.want, strings.Split(err.Error(), "\n")); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
