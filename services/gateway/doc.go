// Package gateway is one address for all reads: it forwards gRPC calls to the
// services behind it and serves the same calls as HTTP/JSON.
//
// A stateful service has several replicas, each with some of the customers. A
// replica that is asked for another's customer answers UNAVAILABLE with a message
// that begins with "not owner"; the gateway then asks the next replica. It does
// so too when a replica cannot be reached: every call behind the gateway is a
// read and safe to repeat.
//
// A method that answers with a stream is passed on answer by answer, by gRPC and
// as lines of JSON. Another replica is asked only before the first answer; from
// then on the stream is one replica's, ends with its status, and has no deadline
// but the caller's (TestForwardsAStreamOfAnswers,
// TestAStreamPassesOverADeadReplicaAndOutlivesTheTimeout, TestAStreamEndsWithItsCaller).
//
// JSON follows protobuf's mapping with snake_case names: 64-bit integers are
// strings, so that JavaScript does not round them, times are RFC 3339, and fields
// without a value are present. Errors are google.rpc.Status objects.
//
// Delivery: it reads no topic and writes none.
package gateway
