package enrich

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/oschwald/maxminddb-golang/v2"
)

// place is where an address is.
type place struct{ country, region, city string }

// record is what is read of a City or Country file; a Country file has the first member only.
type record struct {
	Country struct {
		ISOCode string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Subdivisions []struct {
		ISOCode string `maxminddb:"iso_code"`
	} `maxminddb:"subdivisions"`
	City struct {
		Names struct {
			En string `maxminddb:"en"`
		} `maxminddb:"names"`
	} `maxminddb:"city"`
}

// geoFile is one reading of the file. It is held in memory, not mapped: a file that is overwritten in place would end the process.
type geoFile struct {
	db     *maxminddb.Reader
	places *lru.Cache[uintptr, *place] // by the record's offset: many networks share one
	stamp  stamp
}

// stamp tells one state of a file from another.
type stamp struct {
	modified time.Time
	size     int64
}

// geo looks addresses up in the newest good state of a file. Safe for concurrent use.
type geo struct {
	path    string
	file    atomic.Pointer[geoFile]
	logger  *slog.Logger
	metrics *metrics
	// complained says that the state failed could not be read: once is enough.
	complained bool
	failed     stamp
}

// placesKept is how many places are remembered, about 100 bytes each.
const placesKept = 20_000

// openGeo reads the file; an empty path gives a geo that knows no place.
func openGeo(path string, logger *slog.Logger, m *metrics) (*geo, error) {
	g := &geo{path: path, logger: logger, metrics: m}
	if path == "" {
		return g, nil
	}
	f, err := readGeo(path)
	if err != nil {
		return nil, fmt.Errorf("enrich.geo_file: %w", err)
	}
	g.use(f)
	return g, nil
}

func (g *geo) use(f *geoFile) {
	g.file.Store(f)
	g.metrics.geoBuilt.Set(float64(f.db.Metadata.BuildEpoch))
}

// readGeo reads a whole file. One that is cut short is found here: what describes it is at its end.
func readGeo(path string) (*geoFile, error) {
	at, err := stampOf(path)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the geo file: %w", err)
	}
	db, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("read %s as a MaxMind DB: %w", path, err)
	}
	if kind := db.Metadata.DatabaseType; !strings.Contains(kind, "City") && !strings.Contains(kind, "Country") {
		return nil, fmt.Errorf("%s is a MaxMind DB of type %q: want City or Country", path, kind)
	}
	places, err := lru.New[uintptr, *place](placesKept)
	if err != nil {
		return nil, fmt.Errorf("make the cache of places: %w", err)
	}
	return &geoFile{db: db, places: places, stamp: at}, nil
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, fmt.Errorf("look at the geo file: %w", err)
	}
	return stamp{modified: info.ModTime(), size: info.Size()}, nil
}

// watch reads the file again whenever it has changed, until ctx ends. A file that cannot be read is logged once and the old one stays.
func (g *geo) watch(ctx context.Context, every time.Duration) {
	if g.path == "" {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			g.reload()
		}
	}
}

func (g *geo) reload() {
	at, err := stampOf(g.path) // the zero stamp when it is gone
	if err == nil && at == g.file.Load().stamp {
		return
	}
	if g.complained && at == g.failed {
		return
	}
	var f *geoFile
	if err == nil {
		f, err = readGeo(g.path)
	}
	if err != nil {
		g.complained, g.failed = true, at
		g.metrics.geoReloads.WithLabelValues("failed").Inc()
		g.logger.Error("the geo file cannot be read: the old one stays in use", "error", err)
		return
	}
	g.complained = false
	g.use(f)
	g.metrics.geoReloads.WithLabelValues("ok").Inc()
	g.logger.Info("geo file read", "file", g.path, "built", time.Unix(int64(f.db.Metadata.BuildEpoch), 0).UTC())
}

// find returns where an address is; nil when nobody knows.
func (g *geo) find(addr netip.Addr) *place {
	f := g.file.Load()
	if f == nil || !public(addr) {
		return nil
	}
	res := f.db.Lookup(addr)
	if !res.Found() {
		return nil
	}
	if known, ok := f.places.Get(res.Offset()); ok {
		return known
	}
	var r record
	if res.Decode(&r) != nil {
		return nil
	}
	p := &place{country: clean(r.Country.ISOCode, 2), city: clean(r.City.Names.En, maxText)}
	if len(r.Subdivisions) > 0 {
		p.region = clean(r.Subdivisions[0].ISOCode, 3)
	}
	f.places.Add(res.Offset(), p)
	return p
}
