package directory

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"time"

	"github.com/freshet/freshet/services/collector/decode"
	declared "github.com/freshet/freshet/services/collector/source"
)

// MinWriteKey is the length of the shortest write key, in bytes.
const MinWriteKey = 8

// Entry is one source of the configuration and its write key.
type Entry struct {
	// Name appears in events, metrics and answers: lower-case letters, digits, - and _; at most 64.
	Name string `koanf:"name"`
	// Workspace is the tenant its events belong to; same alphabet.
	Workspace string `koanf:"workspace"`
	// WriteKey is the secret the sender shows. At least 8 bytes. Two sources may not share one; a source may be
	// listed twice, with an old and a new key.
	WriteKey string `koanf:"write_key"`
	// Plan is the file of its tracking plan, see docs/tracking-plans.md; empty: none. It is read again when it changes. A source
	// that is listed twice has one plan.
	Plan string `koanf:"plan"`
	// Trusted says that the source is a server of the operator's, whose word on people counts: see docs/identity.md. A browser's write key
	// is public and must not be. For a source that is in the sources file too, the file says it.
	Trusted bool `koanf:"trusted"`
}

// Limits are upper bounds; all but Rate and Burst must be above 0. The sources file sets them for one source.
type Limits struct {
	// BodyBytes is the largest request body, after decompression.
	BodyBytes int `koanf:"body_bytes"`
	// BatchEvents is the greatest number of events in a request.
	BatchEvents int `koanf:"batch_events"`
	// EventBytes is the largest live event as JSON. Segment takes 32 KB.
	EventBytes int `koanf:"event_bytes"`
	// ImportEventBytes is the largest event of an import: an order of a wholesaler has a thousand lines.
	// Must stay below the broker's largest record (1 MB) with room for the lines a second time.
	ImportEventBytes int `koanf:"import_event_bytes"`
	// Keys is the greatest number of object keys in one event.
	Keys int `koanf:"keys"`
	// Depth is how deeply objects and arrays of one event may be nested. At most 1,000.
	Depth int `koanf:"depth"`
	// InFlightBytes bounds the memory of all bodies being worked on together; beyond it requests get 503.
	InFlightBytes int64 `koanf:"in_flight_bytes"`
	// Rate is how many events a second all sources together may send on average, history included; beyond it they get 429. It is shared
	// fairly: every active source gets an equal part, and what one leaves the others may use. Zero means no bound.
	Rate float64 `koanf:"rate"`
	// Burst is how many events all sources together may send at once after a pause, an equal part each; one batch of any size
	// always goes through. Zero means two seconds of Rate.
	Burst int `koanf:"burst"`
	// HistoryBehind is how long a stage behind the collector may need to catch up with what came to it before requests that are all history
	// get 429 and the time to come again after, and answers say that the stack is behind. Live events are taken all the same. 0 or 1s to
	// 1h; 0: history never waits, and nobody is told.
	HistoryBehind time.Duration `koanf:"history_behind"`
}

// DefaultLimits are for Segment's clients.
func DefaultLimits() Limits {
	return Limits{
		BodyBytes: 4 << 20, BatchEvents: 2500, EventBytes: 32 << 10, ImportEventBytes: 512 << 10,
		Keys: 10000, Depth: 32, InFlightBytes: 64 << 20, HistoryBehind: 10 * time.Second,
	}
}

var word = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// ValidateEntries reports every fault of the configured sources, each under its key.
func ValidateEntries(entries []Entry) error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	keys, names := map[string]int{}, map[string]int{}
	for i, s := range entries {
		if !word.MatchString(s.Name) {
			fault("sources[%d].name: %q is not 1 to 64 of a-z 0-9 _ -", i, s.Name)
		}
		if !word.MatchString(s.Workspace) {
			fault("sources[%d].workspace: %q is not 1 to 64 of a-z 0-9 _ -", i, s.Workspace)
		}
		if len(s.WriteKey) < MinWriteKey {
			fault("sources[%d].write_key: shorter than %d bytes", i, MinWriteKey)
		}
		if first, ok := keys[s.WriteKey]; ok {
			fault("sources[%d].write_key: the same as of sources[%d]", i, first)
		}
		keys[s.WriteKey] = i
		if first, ok := names[s.Name]; ok && entries[first].Workspace != s.Workspace {
			fault("sources[%d].workspace: %q is not that of sources[%d], which has the same name: %q", i, s.Workspace, first, entries[first].Workspace)
		}
		if first, ok := names[s.Name]; ok && entries[first].Plan != s.Plan {
			fault("sources[%d].plan: %q is not that of sources[%d], which has the same name: %q", i, s.Plan, first, entries[first].Plan)
		} else if !ok {
			names[s.Name] = i
		}
	}
	return errors.Join(errs...)
}

// Validate reports every fault, each under its key.
func (l Limits) Validate() error {
	var errs []error
	for _, n := range []struct {
		key string
		v   int
	}{
		{"body_bytes", l.BodyBytes}, {"batch_events", l.BatchEvents}, {"event_bytes", l.EventBytes},
		{"import_event_bytes", l.ImportEventBytes}, {"keys", l.Keys}, {"depth", l.Depth},
	} {
		if n.v <= 0 {
			errs = append(errs, fmt.Errorf("limits.%s: %d is not above 0", n.key, n.v))
		}
	}
	if l.Depth > 1000 {
		errs = append(errs, fmt.Errorf("limits.depth: %d is above 1000", l.Depth))
	}
	if l.Rate < 0 || math.IsNaN(l.Rate) || math.IsInf(l.Rate, 0) {
		errs = append(errs, fmt.Errorf("limits.rate: %v is not a number of events, 0 or more", l.Rate))
	}
	if l.HistoryBehind != 0 && (l.HistoryBehind < time.Second || l.HistoryBehind > time.Hour) {
		errs = append(errs, fmt.Errorf("limits.history_behind: %s is neither 0 nor within 1s and 1h", l.HistoryBehind))
	}
	if l.Burst < 0 || l.Burst > 0 && l.Rate == 0 {
		errs = append(errs, fmt.Errorf("limits.burst: %d means nothing with a rate of %v", l.Burst, l.Rate))
	}
	if l.InFlightBytes < int64(l.BodyBytes) {
		errs = append(errs, fmt.Errorf("limits.in_flight_bytes: %d is below limits.body_bytes", l.InFlightBytes))
	}
	return errors.Join(errs...)
}

// with puts a source's own limits in the place of the process's.
func (l Limits) with(own declared.Limits) Limits {
	for _, f := range []struct {
		to  *int
		own int
	}{
		{&l.EventBytes, own.EventBytes}, {&l.ImportEventBytes, own.ImportEventBytes}, {&l.BodyBytes, own.BatchBytes},
		{&l.BatchEvents, own.BatchEvents}, {&l.Keys, own.Keys}, {&l.Depth, own.Depth},
	} {
		if f.own > 0 {
			*f.to = f.own
		}
	}
	return l
}

// Form are the limits that reading a body needs.
func (l Limits) Form() decode.Limits {
	return decode.Limits{BatchEvents: l.BatchEvents, Keys: l.Keys, Depth: l.Depth}
}
