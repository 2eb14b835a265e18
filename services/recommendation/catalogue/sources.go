package catalogue

import (
	"strings"

	"github.com/tidwall/gjson"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/library"
)

// Sources says whose item events speak for the catalogue: Config.CatalogueSources. The write keys of browsers are public, so anybody could change what an item costs by one.
// The zero Sources takes whom Sources without names does. It does not change.
type Sources struct {
	names map[string]bool
}

// NewSources takes the sources of these names; of none: any that is no browser and no app.
func NewSources(names ...string) Sources {
	s := Sources{}
	for _, n := range names {
		if s.names == nil {
			s.names = map[string]bool{}
		}
		s.names[n] = true
	}
	return s
}

// Speak says whether the event's source may speak for the catalogue. Without names that is a guess by what the caller says of itself, and no protection: whoever holds a public
// write key can pretend to be a server. Where there is one, name the sources.
func (s Sources) Speak(e *eventv1.ResolvedEvent) bool {
	if s.names != nil {
		return s.names[e.GetEvent().GetSource()]
	}
	return !visitors(e.GetEvent())
}

// Named says that the setting names the event's source: a "Product Removed" of it is the catalogue's though it has not sent "Product Upserted" yet.
func (s Sources) Named(e *eventv1.ResolvedEvent) bool { return s.names[e.GetEvent().GetSource()] }

// visitors says that a visitor's browser or app made the call: by its library, else by a user agent.
func visitors(e *eventv1.Event) bool {
	said := gjson.GetManyBytes(e.GetContextJson(), "library.name", "userAgent")
	switch name := said[0].String(); {
	case library.OfVisitors(name):
		return true
	case library.OfServers(name):
		return false
	}
	return strings.HasPrefix(said[1].String(), "Mozilla/") || e.GetEnrichment().GetBrowser() != ""
}
