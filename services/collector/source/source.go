// Package source reads and edits the declarative file of who may send events: their write keys, as hashes, and what each may do. It
// decides nothing about events: see the collector.
package source

import "github.com/freshet/freshet/pkg/keyfile"

// File is a whole sources file.
type File struct {
	// Workspaces are what holds for all sources of a tenant, each name once. A workspace that is not listed has the defaults.
	Workspaces []Workspace `koanf:"workspaces"`
	// Sources are who may send, each name once.
	Sources []Source `koanf:"sources"`
}

// Source is one sender.
type Source struct {
	// Name appears in events, metrics and answers: lower-case letters, digits, - and _; at most 64. Once in a process.
	Name string `koanf:"name"`
	// Workspace is the tenant its events belong to; same alphabet. Empty means "default".
	Workspace string `koanf:"workspace"`
	// Enabled set to false answers every request of the source with 401. Absent means true.
	Enabled *bool `koanf:"enabled"`
	// Keys are its write keys. At most two may be live at once: that is how a key is rotated.
	Keys []keyfile.Key `koanf:"keys"`
	// Origins are the web origins whose pages may send, such as https://shop.example or https://*.shop.example. Empty: any.
	// Requests without an Origin header, which are all that are not from a page, are not bound by it.
	Origins []string `koanf:"origins"`
	// IP is what becomes of people's addresses in context.ip: none takes them out, masked keeps the network (IPv4 /24, IPv6 /48), full keeps
	// them. Empty: masked. The country is looked up before.
	IP string `koanf:"ip"`
	// Channel set to offline says that the source is a till, a store or a call centre, and so are all its events. Empty: as docs/enrichment.md tells it.
	Channel string `koanf:"channel"`
	// Limits are the source's own; what is absent is the process's.
	Limits Limits `koanf:"limits"`
	// Plan is the tracking plan's file, relative to the sources file. Empty: none.
	Plan string `koanf:"plan"`
	// Habits are the source's own; what is absent is the workspace's.
	Habits `koanf:",squash"`
	// Trusted says that the source is a server of the operator's, whose word on people counts: see docs/identity.md. A browser's write key
	// is public and must not be. Absent means false.
	Trusted bool `koanf:"trusted"`
	// Grade says how soon the source's events must be through: core (orders and customers of tills, CRM, ERP) or behaviour. It decides which line
	// the freshness watch holds them to, and nothing else. Empty: behaviour.
	Grade string `koanf:"grade"`
}

// The grades of a source.
const (
	GradeCore      = "core"
	GradeBehaviour = "behaviour"
)

// Workspace is what holds for all sources of one tenant.
type Workspace struct {
	// Name is the workspace's; the alphabet of a source's.
	Name string `koanf:"name"`
	// Currency is the ISO 4217 code that amounts are added up in. Empty: the amounts of all currencies are added as they are.
	Currency string `koanf:"currency"`
	// Rates is the file of exchange rates, relative to the sources file: see docs/money.md. Empty: none.
	Rates string `koanf:"rates"`
	// Habits hold for every source that has none of its own.
	Habits `koanf:",squash"`
	// Placeholders changes which values are nobody's name: see docs/identity.md.
	Placeholders Placeholders `koanf:"placeholders"`
}

// Habits are how people write where a source's events come from.
type Habits struct {
	// Decimal is the decimal mark of money and quantities in text, "." or ",". Empty: text that could mean two numbers is not read.
	Decimal string `koanf:"decimal"`
	// Region is the ISO 3166-1 alpha-2 code of the country whose telephone numbers are written without a country code. Empty: none.
	Region string `koanf:"region"`
	// EmailPlus set to drop takes everything from a plus sign on out of an e-mail's local part before it names somebody; keep, or empty: it stays.
	EmailPlus string `koanf:"email_plus"`
}

// Placeholders are values that many clients send for people they do not know.
type Placeholders struct {
	// Add are further values, compared as the default ones are: without case and surrounding blanks. At most 1,000.
	Add []string `koanf:"add"`
	// Remove are values of the default list that are real names here.
	Remove []string `koanf:"remove"`
}

// Disabled says that nothing of the source is taken.
func (s Source) Disabled() bool { return s.Enabled != nil && !*s.Enabled }

// Limits are one source's bounds. Zero means what the process has; the collector's settings of the same names say what each bounds.
type Limits struct {
	// Rate is how many events a second the source may send on average. Zero means no bound of its own.
	Rate float64 `koanf:"rate"`
	// Burst is how many events it may send at once after a pause. Zero means two seconds of Rate.
	Burst int `koanf:"burst"`
	// EventBytes is the largest live event as JSON.
	EventBytes int `koanf:"event_bytes"`
	// ImportEventBytes is the largest event of an import as JSON.
	ImportEventBytes int `koanf:"import_event_bytes"`
	// BatchBytes is the largest request body, after decompression: limits.body_bytes of the process. A higher one than the process's
	// needs the key in the header, since it is not known before when it is in the body.
	BatchBytes int `koanf:"batch_bytes"`
	// BatchEvents is the greatest number of events in a request.
	BatchEvents int `koanf:"batch_events"`
	// Keys is the greatest number of object keys in one event.
	Keys int `koanf:"keys"`
	// Depth is how deeply objects and arrays of one event may be nested. At most 1,000.
	Depth int `koanf:"depth"`
}
