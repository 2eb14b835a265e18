package service

import "testing"

func TestOnLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "127.8.9.1:80": true, "[::1]:80": true, "localhost:0": true, "[::ffff:127.0.0.1]:1": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.1:80": false, "192.168.1.2:80": false, "[fe80::1%eth0]:80": false,
		"example.org:80": false, "localhost.example.org:80": false, "127.0.0.1.example.org:80": false, "127.1:80": false, "": false, "127.0.0.1": false,
	} {
		if got := OnLoopback(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}
