package board

import (
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/associate"
)

// Board is what serves a workspace at a moment. Its models learn on; which version it is does not change.
type Board struct {
	room    *room
	version *version
	why     string
}

// Version is the bundle that serves; empty where none does and what is live speaks alone.
func (b *Board) Version() string { return b.version.id }

// KnownMs is when the newest touch was received that the models know; 0 where they know none.
func (b *Board) KnownMs() int64 { return b.room.received.Load() }

// Words say what is wrong: the champion that cannot be loaded, touches that are missing. Empty: nothing is.
func (b *Board) Words() string {
	if b.why != "" {
		return b.why
	}
	return b.version.missing
}

// Rules are the association rules, by the shelf's numbers, and of how many baskets they are. Nobody changes them.
func (b *Board) Rules() (rules []associate.Rule, baskets int) {
	return b.version.list, b.version.baskets
}

// File is an extra file of the bundle; nil for none.
func (b *Board) File(name string) []byte { return b.version.files[name] }

// Part is what Deps.Decoders made of an extra file; nil for none.
func (b *Board) Part(name string) any { return b.version.parts[name] }

// Names are those of the sources that Source may have.
func Names() []string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.kind.String()
	}
	return names
}

// Source gives a source by its name, the string of its candidate.Kind; nil when there is none, such as taste without a bundle.
func (b *Board) Source(name string) ask.Source {
	for i := range sources {
		if s := &sources[i]; s.kind.String() == name && (s.there == nil || s.there(b)) {
			return bound{b, s}
		}
	}
	return nil
}
