package service

import "net"

// OnLoopback says that an address, "host:port" as it is listened on, is reached from this machine only. An empty host is every interface.
// A name other than localhost is taken for one that others reach.
func OnLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
