package collector

import (
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/services/collector/directory"
)

func TestDefaultIsValid(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Config)
		want string
	}{
		"no address":             {func(c *Config) { c.Address = "" }, "http_address: give host:port"},
		"no ack timeout":         {func(c *Config) { c.AckTimeout = 0 }, "ack_timeout: 0s is not above 0"},
		"retry after 10 ms":      {func(c *Config) { c.RetryAfter = 10 * time.Millisecond }, "retry_after: 10ms is below 1s"},
		"no window":              {func(c *Config) { c.Clock.MaxAge = -1 }, "clock.max_age: -1ns is not above 0"},
		"a live time to come":    {func(c *Config) { c.Clock.ImportLive = -time.Second }, "clock.import_live: -1s is below 0"},
		"no batch":               {func(c *Config) { c.Limits.BatchEvents = 0 }, "limits.batch_events: 0 is not above 0"},
		"deep":                   {func(c *Config) { c.Limits.Depth = 5000 }, "limits.depth: 5000 is above 1000"},
		"less memory than one":   {func(c *Config) { c.Limits.InFlightBytes = 5 }, "limits.in_flight_bytes: 5 is below limits.body_bytes"},
		"a public url of no use": {func(c *Config) { c.PublicURL = "events.example.com" }, "public_url: \"events.example.com\" is not http"},
		"short key":              {func(c *Config) { c.Sources = []directory.Entry{{Name: "web", Workspace: "default", WriteKey: "short"}} }, "sources[0].write_key: shorter than 8 bytes"},
		"bad name": {func(c *Config) {
			c.Sources = []directory.Entry{{Name: "Web Shop", Workspace: "default", WriteKey: "long-enough"}}
		}, `sources[0].name: "Web Shop"`},
		"bad workspace": {func(c *Config) { c.Sources = []directory.Entry{{Name: "web", Workspace: "", WriteKey: "long-enough"}} }, `sources[0].workspace: ""`},
		"one key for two": {func(c *Config) {
			c.Sources = []directory.Entry{{Name: "web", Workspace: "default", WriteKey: "long-enough"}, {Name: "app", Workspace: "default", WriteKey: "long-enough"}}
		}, "sources[1].write_key: the same as of sources[0]"},
		"two plans of one": {func(c *Config) {
			c.Sources = []directory.Entry{{Name: "web", Workspace: "default", WriteKey: "long-enough", Plan: "a.yaml"}, {Name: "web", Workspace: "default", WriteKey: "long-enough-too"}}
		}, `sources[1].plan: "" is not that of sources[0], which has the same name: "a.yaml"`},
	} {
		cfg := Default()
		c.edit(&cfg)
		err := cfg.Validate()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "long-enough") {
			t.Errorf("%s: the fault shows the key: %v", name, err)
		}
	}
}
