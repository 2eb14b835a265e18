package enrich

import (
	"encoding/json"
	"testing"
)

func TestAddressesAreKeptAsTheSourceSays(t *testing.T) {
	e := enricher(t, Default())
	browser := func(peer string) Client { return e.Client(request(t, peer, "User-Agent", chrome)) }
	for name, c := range map[string]struct {
		policy        IPPolicy
		client        Client
		context, want string
	}{
		"masked by default":                {"", Client{}, `{"ip":"203.0.113.7","a":1}`, `{"ip":"203.0.113.0","a":1}`},
		"masked: every other byte stays":   {IPMasked, Client{}, "{ \"a\" : 1 ,\n\"ip\" :  \"203.0.113.77\" , \"b\":\"caf\\u00e9\"}", "{ \"a\" : 1 ,\n\"ip\" :  \"203.0.113.0\" , \"b\":\"caf\\u00e9\"}"},
		"masked: IPv6":                     {IPMasked, Client{}, `{"ip":"2001:db8:1:2:3:4:5:6"}`, `{"ip":"2001:db8:1::"}`},
		"masked: IPv4 in IPv6":             {IPMasked, Client{}, `{"ip":"::ffff:203.0.113.7"}`, `{"ip":"203.0.113.0"}`},
		"masked: IPv4 in 6to4":             {IPMasked, Client{}, `{"ip":"2002:cb00:7107::1"}`, `{"ip":"2002:cb00:7100::"}`},
		"masked: a port goes":              {IPMasked, Client{}, `{"ip":"203.0.113.7:4711"}`, `{"ip":"203.0.113.0"}`},
		"masked: escapes":                  {IPMasked, Client{}, `{"ip":"203\u002e0.113.7"}`, `{"ip":"203.0.113.0"}`},
		"masked: no address is taken out":  {IPMasked, Client{}, `{"a":1,"ip":"203.0.113.7, 198.51.100.9","b":2}`, `{"a":1,"b":2}`},
		"masked: nor is an object one":     {IPMasked, Client{}, `{"ip":{"v4":"203.0.113.7"}}`, `{}`},
		"masked: null":                     {IPMasked, browser("198.51.100.9:1"), `{"ip":null}`, `{}`},
		"masked: filled from a browser":    {IPMasked, browser("198.51.100.9:1"), `{"a":1}`, `{"a":1,"ip":"198.51.100.0"}`},
		"masked: filled without a context": {IPMasked, browser("198.51.100.9:1"), ``, `{"ip":"198.51.100.0"}`},
		"masked: filled into blanks":       {IPMasked, browser("198.51.100.9:1"), "{ \n}", "{ \n\"ip\":\"198.51.100.0\"}"},
		"masked: not from a program":       {IPMasked, e.Client(request(t, "198.51.100.9:1", "User-Agent", "node")), `{"a":1}`, `{"a":1}`},
		"masked: not a private one":        {IPMasked, browser("10.0.0.1:1"), `{"a":1}`, `{"a":1}`},
		"masked: what was sent stays":      {IPMasked, browser("198.51.100.9:1"), `{"ip":"203.0.113.7"}`, `{"ip":"203.0.113.0"}`},
		"none: taken out":                  {IPNone, browser("198.51.100.9:1"), `{"a":{"ip":"x"},"ip":"203.0.113.7","b\"":[1, 2]}`, `{"a":{"ip":"x"},"b\"":[1, 2]}`},
		"none: nothing put in":             {IPNone, browser("198.51.100.9:1"), `{"a":1}`, `{"a":1}`},
		"full: as sent":                    {IPFull, browser("198.51.100.9:1"), `{"ip":"203.0.113.7"}`, `{"ip":"203.0.113.7"}`},
		"full: filled":                     {IPFull, browser("[2001:db8::1]:1"), `{"a":1}`, `{"a":1,"ip":"2001:db8::1"}`},
	} {
		got := string(fill(t, e, source(t, e, c.policy, ""), c.client, "", c.context).ContextJson)
		if got != c.want || got != "" && !json.Valid([]byte(got)) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
