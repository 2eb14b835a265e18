// Package decode makes events of bytes: of a body it finds the events, and of each it makes what identity and the warehouse read, or the reason
// why it is refused. It knows no HTTP, no broker, and no source but the rules that its events are held to: whoever reads a body from somewhere
// else, an import's dry run for one, decodes it here too.
//
// One Work decodes one body after another and keeps its memory: Parse* or ReadAlone find the items, Decode makes Work.Event of one of them. What
// is wrong with one event never costs its neighbours (FuzzDecode of the collector); what cannot be read of an order never costs its event
// (TestNothingAboutAnOrderRefusesTheEvent).
package decode
