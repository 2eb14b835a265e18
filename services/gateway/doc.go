// Package gateway is one address for all reads: it forwards gRPC calls to the
// services behind it and serves the same calls as HTTP/JSON.
//
// A stateful service has several replicas, each with some of the customers. A
// replica that is asked for another's customer answers UNAVAILABLE with a message
// that begins with "not owner"; the gateway then asks the next replica. It does
// so too when a replica cannot be reached: every call behind the gateway is a
// read and safe to repeat.
//
// JSON follows protobuf's mapping with snake_case names: 64-bit integers are
// strings, so that JavaScript does not round them, times are RFC 3339, and fields
// without a value are present. Errors are google.rpc.Status objects.
//
// Delivery: it reads no topic and writes none.
package gateway
