// Package source reads the declarative file of who may send events: their write keys, as hashes, and what each may do. It is not for
// judging events.
package source

import "time"

// File is a whole sources file.
type File struct {
	// Sources are who may send, each name once.
	Sources []Source `yaml:"sources"`
}

// Source is one sender.
type Source struct {
	// Name appears in events, metrics and answers: lower-case letters, digits, - and _; at most 64. Once in a process.
	Name string `yaml:"name"`
	// Workspace is the tenant its events belong to; same alphabet. Empty means "default".
	Workspace string `yaml:"workspace,omitempty"`
	// Enabled set to false answers every request of the source with 401. Absent means true.
	Enabled *bool `yaml:"enabled,omitempty"`
	// Keys are its write keys. At most two may be live at once.
	Keys []Key `yaml:"keys,omitempty"`
	// Origins are the web origins whose pages may send, such as https://shop.example or https://*.shop.example. Empty: any.
	Origins []string `yaml:"origins,omitempty"`
	// Limits are the source's own; what is absent is the process's.
	Limits Limits `yaml:"limits,omitempty"`
	// Plan is the tracking plan's file, relative to the sources file. Empty: none.
	Plan string `yaml:"plan,omitempty"`
}

// Key is one write key; its text is not kept anywhere.
type Key struct {
	// ID names the key in lists and metrics; same alphabet as a name. Once in a source.
	ID string `yaml:"id"`
	// SHA256 is the hash of the key's text, 64 hexadecimal digits.
	SHA256 string `yaml:"sha256"`
	// Last4 are the key's last four characters, for people to tell keys apart.
	Last4 string `yaml:"last4,omitempty"`
	// Created is when it was made; the zero time when nobody noted it.
	Created time.Time `yaml:"created,omitempty"`
	// Expires is when it stops working; the zero time means never.
	Expires time.Time `yaml:"expires,omitempty"`
	// Revoked is when it was taken out of use for good; the zero time means that it was not.
	Revoked time.Time `yaml:"revoked,omitempty"`
}

// Limits are one source's bounds. Zero means what the process has; see the collector's Limits for what each bounds.
type Limits struct {
	// Rate is how many events a second the source may send on average. Zero means no bound of its own.
	Rate float64 `yaml:"rate,omitempty"`
	// Burst is how many events it may send at once after a pause. Zero means two seconds' worth of Rate.
	Burst int `yaml:"burst,omitempty"`
	// EventBytes, ImportEventBytes, BatchBytes, BatchEvents, Keys and Depth take the place of the process's limits event_bytes,
	// import_event_bytes, body_bytes, batch_events, keys and depth.
	EventBytes       int `yaml:"event_bytes,omitempty"`
	ImportEventBytes int `yaml:"import_event_bytes,omitempty"`
	BatchBytes       int `yaml:"batch_bytes,omitempty"`
	BatchEvents      int `yaml:"batch_events,omitempty"`
	Keys             int `yaml:"keys,omitempty"`
	Depth            int `yaml:"depth,omitempty"`
}
