// Package conformance holds the tests that drive the published clients of Segment and
// RudderStack, unmodified, against a running collector, and look at what reached Kafka.
//
// There is no code here for others to use. docs/clients.md says what the tests
// measured. The packages come from npm: `make clients` installs them at the versions in
// the Makefile; `make test` does so by itself, `make test-browser` adds Chromium,
// `make test-clients` the clients for Python, Go and Java, and nginx.
package conformance
