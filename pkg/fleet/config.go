package fleet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Config is what an operator may set.
type Config struct {
	// Advertise is where other replicas reach this process's gRPC server: a name or an address, as "host:port", or without a port, which is then that of
	// grpc.address. It must be this replica's own, not one that all share. Empty: the address that grpc.address listens on or, where that is every interface,
	// the machine's first one that is not a loopback.
	Advertise string `koanf:"advertise"`
}

// Validate reports an address that nobody can connect to.
func (c Config) Validate() error {
	host, port := split(c.Advertise)
	if n, err := strconv.Atoi(port); port != "" && (err != nil || n < 1 || n > 65535) {
		return fmt.Errorf("advertise: %q must end in a port from 1 to 65535, or in none", c.Advertise)
	}
	if ip, err := netip.ParseAddr(host); c.Advertise != "" && (host == "" || strings.ContainsAny(host, "/@ ") || err == nil && ip.IsUnspecified()) {
		return fmt.Errorf("advertise: %q must name this replica, for instance \"10.0.0.7:9000\"", c.Advertise)
	}
	return nil
}

// split takes "host:port" apart, also without a port, also of a bare IPv6 address.
func split(address string) (host, port string) {
	if h, p, err := net.SplitHostPort(address); err == nil {
		return h, p
	}
	return strings.Trim(address, "[]"), ""
}

// Address gives Deps.Address. listening is where the gRPC server listens, empty while it does not.
func (c Config) Address(listening func() string) func() string {
	return func() string {
		host, port := split(c.Advertise)
		if host != "" && port != "" {
			return c.Advertise
		}
		at, bound, err := net.SplitHostPort(listening())
		if err != nil {
			return ""
		}
		if port == "" {
			port = bound
		}
		if ip, err := netip.ParseAddr(at); host == "" && err == nil && ip.IsUnspecified() {
			if host, err = ownAddress(net.InterfaceAddrs); err != nil {
				return ""
			}
		} else if host == "" {
			host = at
		}
		return net.JoinHostPort(host, port)
	}
}

// ownAddress is the first of the machine's addresses that others may reach, IPv4 before IPv6; a loopback where there is no other.
func ownAddress(list func() ([]net.Addr, error)) (string, error) {
	all, err := list()
	if err != nil {
		return "", fmt.Errorf("list this machine's addresses: %w", err)
	}
	var four, six, loop string
	for _, a := range all {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		switch ip := prefix.Addr().Unmap(); {
		case ip.IsLoopback() && loop == "":
			loop = ip.String()
		case !ip.IsGlobalUnicast():
		case ip.Is4() && four == "":
			four = ip.String()
		case ip.Is6() && six == "":
			six = ip.String()
		}
	}
	for _, ip := range []string{four, six, loop} {
		if ip != "" {
			return ip, nil
		}
	}
	return "", errors.New("this machine has no address")
}
