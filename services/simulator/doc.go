// Package simulator plays a shop: people with several devices who browse, log in, buy, send back, complain, answer surveys,
// invite others and leave; bots; and clients whose events are broken. It makes Segment API events and knows the truth behind
// them. Equal Config and equal calls give equal bytes, apart from the times: the random numbers never see a clock.
//
// It is the demo's input and the load generator of the benchmarks. It is not for sending: see package send.
package simulator
