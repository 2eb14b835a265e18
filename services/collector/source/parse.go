package source

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/pkg/service"
)

// maxDepth is the deepest nesting a source may be given.
const maxDepth = 1000

// Parse reads the text of a sources file and puts in the defaults. The error joins every fault, one a line, each under its path, such as
// sources[0].keys[1].sha256; an unknown key comes with the nearest known one. name is the file's, for errors. Keys that have
// expired by now count as dead.
func Parse(data []byte, name string, now time.Time) (File, error) {
	var f File
	if data == nil {
		data = []byte{}
	}
	err := service.Load(&f, service.Source{File: name, YAML: data})
	if err == nil {
		err = errors.Join(append(keyfile.TooManyLive("sources", f.holders(), now), keyfile.OneDocument(data))...)
	}
	if err != nil {
		return File{}, fmt.Errorf("sources file %s:\n%w", name, err)
	}
	for i := range f.Sources {
		if f.Sources[i].Workspace == "" {
			f.Sources[i].Workspace = customer.DefaultWorkspace
		}
	}
	return f, nil
}

// holders are the file's sources as those who have keys.
func (f File) holders() (out []keyfile.Holder) {
	for _, s := range f.Sources {
		out = append(out, keyfile.Holder{Name: s.Name, Keys: s.Keys})
	}
	return out
}

// Validate reports what is wrong between the sources: see Source.Validate for what is wrong in one.
func (f File) Validate() error {
	var faults []error
	spaces := map[string]int{}
	for i, w := range f.Workspaces {
		if first, twice := spaces[w.Name]; twice {
			faults = append(faults, fmt.Errorf("workspaces[%d].name: %q is the name of workspaces[%d] too", i, w.Name, first))
		} else {
			spaces[w.Name] = i
		}
	}
	faults = append(faults, keyfile.Twice("sources", f.holders())...)
	return errors.Join(faults...)
}

// Validate reports every fault of one workspace, each under its key.
func (w Workspace) Validate() error {
	var faults []error
	if !keyfile.Word.MatchString(w.Name) {
		faults = append(faults, fmt.Errorf("name: %q is not 1 to 64 of a-z 0-9 _ -", w.Name))
	}
	if w.Currency != "" && !letters(w.Currency, 3) {
		faults = append(faults, fmt.Errorf("currency: %q is no code of three capital letters, such as EUR", w.Currency))
	}
	if w.Rates != "" && w.Currency == "" {
		faults = append(faults, errors.New("rates: needs currency, which they lead to"))
	}
	return errors.Join(faults...)
}

// Validate reports every fault of the habits, each under its key.
func (h Habits) Validate() error {
	var faults []error
	if h.Decimal != "" && h.Decimal != "." && h.Decimal != "," {
		faults = append(faults, fmt.Errorf(`decimal: %q is neither "." nor ","`, h.Decimal))
	}
	if err := checkRegion(h.Region); err != nil {
		faults = append(faults, fmt.Errorf("region: %w", err))
	}
	if h.EmailPlus != "" && h.EmailPlus != "keep" && h.EmailPlus != "drop" {
		faults = append(faults, fmt.Errorf("email_plus: %q is neither keep nor drop", h.EmailPlus))
	}
	return errors.Join(faults...)
}

// checkRegion refuses what is no country's code: telephone numbers would be left unread without a word.
func checkRegion(code string) error {
	if code == "" {
		return nil
	}
	region, err := language.ParseRegion(code)
	switch {
	case !letters(code, 2):
		return fmt.Errorf("%q is no code of two capital letters, such as DE", code)
	case err != nil || !region.IsCountry():
		return fmt.Errorf("%q is no country's code of ISO 3166-1, such as DE", code)
	case region.Canonicalize() != region:
		return fmt.Errorf("%q is no code of ISO 3166-1: did you mean %s?", code, region.Canonicalize())
	}
	return nil
}

// Validate bounds the lists.
func (p Placeholders) Validate() error {
	var faults []error
	for key, list := range map[string][]string{"add": p.Add, "remove": p.Remove} {
		if len(list) > maxPlaceholders {
			faults = append(faults, fmt.Errorf("%s: %d values, at most %d may be", key, len(list), maxPlaceholders))
		}
	}
	return errors.Join(faults...)
}

// maxPlaceholders bounds each list of a workspace's own placeholders.
const maxPlaceholders = 1000

// letters says that a text is n capital letters.
func letters(text string, n int) bool {
	return len(text) == n && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Validate reports every fault of one source, each under its key.
func (s Source) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !keyfile.Word.MatchString(s.Name) {
		fault("name: %q is not 1 to 64 of a-z 0-9 _ -", s.Name)
	}
	if s.Workspace != "" && !keyfile.Word.MatchString(s.Workspace) {
		fault("workspace: %q is not 1 to 64 of a-z 0-9 _ -", s.Workspace)
	}
	if s.Grade != "" && s.Grade != GradeCore && s.Grade != GradeBehaviour {
		fault("grade: %q is neither core nor behaviour", s.Grade)
	}
	faults = append(faults, keyfile.TwiceInOne(s.Keys)...)
	for i, o := range s.Origins {
		if _, err := parseOrigin(o); err != nil {
			fault("origins[%d]: %w", i, err)
		}
	}
	return errors.Join(faults...)
}

// Validate reports every fault of the limits.
func (l Limits) Validate() error {
	var faults []error
	for _, n := range []struct {
		key string
		v   float64
	}{
		{"rate", l.Rate}, {"burst", float64(l.Burst)}, {"event_bytes", float64(l.EventBytes)},
		{"import_event_bytes", float64(l.ImportEventBytes)}, {"batch_bytes", float64(l.BatchBytes)},
		{"batch_events", float64(l.BatchEvents)}, {"keys", float64(l.Keys)}, {"depth", float64(l.Depth)},
	} {
		if n.v < 0 || math.IsNaN(n.v) || math.IsInf(n.v, 0) {
			faults = append(faults, fmt.Errorf("%s: %v is not above 0", n.key, n.v))
		}
	}
	if l.Burst > 0 && l.Rate == 0 {
		faults = append(faults, errors.New("burst: means nothing without rate"))
	}
	if l.Depth > maxDepth {
		faults = append(faults, fmt.Errorf("depth: %d is above %d", l.Depth, maxDepth))
	}
	return errors.Join(faults...)
}
