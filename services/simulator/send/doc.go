// Package send carries events to the collector over HTTP: in batches, on several connections, again when it must. The
// simulator, the replay and the command line use it. It is not a client library for product apps: those use a Segment SDK.
//
// Order: events with an equal Key travel on one connection, one request at a time, in the order given. Repeats: a request that got no
// answer, 429 or 503 is sent again with the same message ids, so the pipeline counts it once.
package send
