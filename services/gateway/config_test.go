package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/services/gateway"
)

func TestValidate(t *testing.T) {
	if err := gateway.Default().Validate(); err != nil {
		t.Errorf("the default is not valid: %v", err)
	}
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
	}
	for name, test := range tests {
		cfg := gateway.Default()
		test.edit(&cfg)
		err := cfg.Validate()
		if err == nil {
			t.Errorf("%s: no fault was found", name)
			continue
		}
		if d := cmp.Diff(test.want, strings.Split(err.Error(), "\n")); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
