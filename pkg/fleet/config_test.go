package fleet

import (
	"net"
	"testing"
)

func TestWhereAReplicaIsReached(t *testing.T) {
	own, err := ownAddress(net.InterfaceAddrs)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ advertise, listening, want string }{
		"host and port":                    {"feature-0:9000", "[::]:1", "feature-0:9000"},
		"host and port, before it listens": {"feature-0:9000", "", "feature-0:9000"},
		"a host":                           {"10.0.0.7", "[::]:9000", "10.0.0.7:9000"},
		"a host, before it listens":        {"10.0.0.7", "", ""},
		"a bare address of IPv6":           {"fd00::7", "[::]:9000", "[fd00::7]:9000"},
		"one in brackets":                  {"[fd00::7]", "[::]:9000", "[fd00::7]:9000"},
		"nothing, on every interface":      {"", "[::]:9000", net.JoinHostPort(own, "9000")},
		"nothing, on one":                  {"", "127.0.0.1:9000", "127.0.0.1:9000"},
		"nothing, before it listens":       {"", "", ""},
	} {
		cfg := Config{Advertise: c.advertise}
		if got := cfg.Address(func() string { return c.listening })(); got != c.want || cfg.Validate() != nil {
			t.Errorf("%s: %q, want %q; %v", what, got, c.want, cfg.Validate())
		}
	}
	for what, advertise := range map[string]string{
		"no host": ":9000", "every interface": "0.0.0.0:9000", "the same, IPv6": "[::]:9000", "a URL": "http://feature:9000", "no port": "feature:http", "port 0": "feature:0",
	} {
		if err := (Config{Advertise: advertise}).Validate(); err == nil {
			t.Errorf("%s is taken: %q", what, advertise)
		}
	}
}

func TestTheAddressThatOthersReach(t *testing.T) {
	for what, c := range map[string]struct {
		has  []string
		want string
	}{
		"a pod's":         {[]string{"127.0.0.1/8", "::1/128", "10.1.2.3/24", "fe80::1/64"}, "10.1.2.3"},
		"IPv6 alone":      {[]string{"::1/128", "fe80::1/64", "fd00::7/64"}, "fd00::7"},
		"IPv4 before six": {[]string{"fd00::7/64", "192.168.0.2/24"}, "192.168.0.2"},
		"no network":      {[]string{"127.0.0.1/8"}, "127.0.0.1"},
		"nothing at all":  {nil, ""},
	} {
		got, err := ownAddress(func() (all []net.Addr, _ error) {
			for _, text := range c.has {
				ip, n, err := net.ParseCIDR(text)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, &net.IPNet{IP: ip, Mask: n.Mask})
			}
			return all, nil
		})
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
}
