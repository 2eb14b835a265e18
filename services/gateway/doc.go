// Package gateway is one address for all reads: it forwards gRPC calls to the
// services behind it and serves the same calls as HTTP/JSON.
//
// A service has several replicas, and any of them answers for any customer: who has
// whose state is the service's own affair (package fleet). So the gateway asks one, in turn. When
// it cannot be reached the next is asked: every call behind the gateway is a
// read and safe to repeat. An UNAVAILABLE that says when to come again holds for
// all replicas and is passed on (TestWhatIsAwayForAllIsSaidAtOnce).
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
