package watch

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/services/segmentation/webhook"
)

// Config is what is late, and who is told.
type Config struct {
	// Every is how often the stages are looked at. 100ms to 10m.
	Every time.Duration `koanf:"every"`
	// Lines are how old a live event may become anywhere.
	Lines Lines `koanf:"lines"`
	// Stages are other lines for single stages, by name: collector, identity, feature, segmentation, recommendation,
	// warehouse, alerts. What is 0 is as in lines.
	Stages map[string]Lines `koanf:"stages"`
	// Hold is how long a late event must have been in a stage before the stage is blamed. Below every line. 0 blames at once.
	Hold time.Duration `koanf:"hold"`
	// Calm is how long nothing may have been late before a breach counts as over. 0 ends it with the first look that finds nothing.
	Calm time.Duration `koanf:"calm"`
	// RepeatEvery is how often a breach that goes on is told again. Above 0.
	RepeatEvery time.Duration `koanf:"repeat_every"`
	// UnseenFor is how long the broker, a collector or a stage may be out of sight before that is told. Above 0.
	UnseenFor time.Duration `koanf:"unseen_for"`
	// ModelsUntrainedFor is how long a model that serves may be without a training that made a version, before that is told; a training that failed is
	// told at once. Above 0, below 30 days: then a model counts as given up. 0: models are not watched.
	ModelsUntrainedFor time.Duration `koanf:"models_untrained_for"`
	// ScanRecords is how many records of a partition one look reads at most in search of live events; twenty times as many where the next record
	// of the group has waited longer than a line, so that a live event behind a long import is found. 1 to 1,000,000.
	ScanRecords int `koanf:"scan_records"`
	// SourcesFile is the collector's sources file, whose `grade` says which line a source's events have. It is looked at again with every
	// look. Empty, or no such file: all are behaviour.
	SourcesFile string `koanf:"sources_file"`
	// Grades are core or behaviour by a source's name, for sources that are not in the file; they win.
	Grades map[string]string `koanf:"grades"`
	// Collectors are the addresses of the collectors' metrics, such as http://collector:9090/metrics; every address behind a name is asked.
	// Empty: the spools are not watched.
	Collectors []string `koanf:"collectors"`
	// CollectorsToken is a token with the scope admin, where collectors ask for one before they show metrics: see docs/deploy.md. It is sent to
	// the addresses in collectors and nowhere else. Empty: none is sent.
	CollectorsToken string `koanf:"collectors_token"`
	// WarehouseGroup is the warehouse's consumer group, as its own setting group says.
	WarehouseGroup string `koanf:"warehouse_group"`
	// Rules is segmentation's rules file: its endpoints are told. Empty: only endpoints are.
	Rules string `koanf:"rules"`
	// Endpoints override the rules file's endpoints by name, field by field, and may add further ones, as in segmentation's settings. Their
	// `events` do not matter here.
	Endpoints map[string]webhook.Endpoint `koanf:"endpoints"`
	// Tell are the names of the endpoints that hear of breaches. Empty: all.
	Tell []string `koanf:"tell"`
	// Timeout is how long one request to an endpoint, or to a collector, may take. Above 0.
	Timeout time.Duration `koanf:"timeout"`
}

// Lines are how old a live event may become, by the grade of its source.
type Lines struct {
	// Behaviour is for what people do: clicks, views, apps. Where a stage does not know the source, the shorter line holds.
	Behaviour time.Duration `koanf:"behaviour"`
	// Core is for core data: orders and customers from tills, CRM, ERP.
	Core time.Duration `koanf:"core"`
}

// Default has the promised lines: ten minutes for behaviour, two hours for core data.
func Default() Config {
	return Config{
		Every: 10 * time.Second, Lines: Lines{Behaviour: 10 * time.Minute, Core: 2 * time.Hour},
		Hold: time.Minute, Calm: 2 * time.Minute, RepeatEvery: 4 * time.Hour, UnseenFor: 2 * time.Minute, ModelsUntrainedFor: 72 * time.Hour,
		ScanRecords: 5_000, WarehouseGroup: "warehouse.facts", Timeout: 15 * time.Second,
	}
}

// Validate reports every fault under its key. It reads no file: New does.
func (c Config) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(c.Every >= 100*time.Millisecond && c.Every <= 10*time.Minute, "every: %s is not within 100ms and 10m", c.Every)
	check(c.Lines.Behaviour > c.Hold, "lines.behaviour: %s must be above hold %s", c.Lines.Behaviour, c.Hold)
	check(c.Lines.Core > c.Hold, "lines.core: %s must be above hold %s", c.Lines.Core, c.Hold)
	for _, name := range slices.Sorted(maps.Keys(c.Stages)) {
		check(slices.Contains(stageNames, name), "stages.%s: there is no such stage, only %s", name, strings.Join(stageNames, ", "))
		l := c.Stages[name]
		check(l.Behaviour == 0 || l.Behaviour > c.Hold, "stages.%s.behaviour: %s must be above hold %s", name, l.Behaviour, c.Hold)
		check(l.Core == 0 || l.Core > c.Hold, "stages.%s.core: %s must be above hold %s", name, l.Core, c.Hold)
	}
	check(c.Hold >= 0, "hold: %s must not be negative", c.Hold)
	check(c.Calm >= 0, "calm: %s must not be negative", c.Calm)
	check(c.RepeatEvery > 0, "repeat_every: %s must be above 0", c.RepeatEvery)
	check(c.UnseenFor > 0, "unseen_for: %s must be above 0", c.UnseenFor)
	check(c.ModelsUntrainedFor >= 0 && c.ModelsUntrainedFor < givenUp, "models_untrained_for: %s is not within 0 and %s", c.ModelsUntrainedFor, givenUp)
	check(c.ScanRecords >= 1 && c.ScanRecords <= 1_000_000, "scan_records: %d is not within 1 and 1000000", c.ScanRecords)
	check(c.WarehouseGroup != "", "warehouse_group: must be set")
	check(c.Timeout > 0, "timeout: %s must be above 0", c.Timeout)
	for _, source := range slices.Sorted(maps.Keys(c.Grades)) {
		g := grade(c.Grades[source])
		check(g == behaviour || g == core, "grades.%s: %q is neither core nor behaviour", source, g)
	}
	for i, address := range c.Collectors {
		u, err := url.Parse(address)
		check(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "", "collectors[%d]: it is no http or https address", i)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Endpoints)) {
		for _, err := range c.Endpoints[name].Faults() {
			faults = append(faults, fmt.Errorf("endpoints.%s.%w", name, err))
		}
	}
	return errors.Join(faults...)
}

// line is how old an event of a grade may become in a stage.
func (c Config) line(stage string, g grade) time.Duration {
	l, own := c.Lines, c.Stages[stage]
	if own.Behaviour > 0 {
		l.Behaviour = own.Behaviour
	}
	if own.Core > 0 {
		l.Core = own.Core
	}
	switch g {
	case behaviour:
		return l.Behaviour
	case core:
		return l.Core
	}
	return min(l.Behaviour, l.Core)
}
