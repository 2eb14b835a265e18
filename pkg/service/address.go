package service

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// CheckAddress returns nil when value can be listened on or dialled as TCP:
// "host:port" with a host that may be empty and a port from 0 to 65535. The error
// begins with key, as Validate methods report.
func CheckAddress(key, value string) error {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return fmt.Errorf(`%s: %q must be "host:port", for instance ":8080"`, key, value)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%s: %q must end in a port from 0 to 65535", key, value)
	}
	return nil
}

// endpointURL turns "host:port", "http://host:port" or "https://host:port" into a
// URL; empty stays empty. Without a scheme the connection is not encrypted, as
// collectors beside the process usually want it.
func endpointURL(endpoint string) (string, error) {
	if endpoint == "" {
		return "", nil
	}
	full := endpoint
	if !strings.Contains(endpoint, "://") {
		full = "http://" + endpoint
	}
	u, err := url.Parse(full)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf(`%q must be "host:port", "http://host:port" or "https://host:port"`, endpoint)
	}
	return full, nil
}
