package directory

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/services/collector/rates"
	declared "github.com/freshet/freshet/services/collector/source"
)

// spaceRates are the exchange rates of a workspace.
type spaceRates struct {
	rates.Table
	sum [sha256.Size]byte // of the file
	to  string            // the currency they lead to
}

// noRates are those of a workspace that names no file.
var noRates = &spaceRates{}

func newRatesMetric() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "freshet_collector_rates_stale",
		Help: "1 while a workspace's file of exchange rates cannot be loaded and the rates before it count, by workspace."},
		[]string{"workspace"})
}

// loadRates reads the rates of every workspace that names a file. As with tracking plans, a file that is faulty at the start of the process
// stops it, and one that becomes faulty later leaves the rates before it in place: it must not hold up a revoked key.
func (d *Directory) loadRates(all spaces, dir string) []error {
	var faults []error
	for name, sp := range all {
		if sp.declared.Rates == "" {
			d.metrics.rates.DeleteLabelValues(name)
			continue
		}
		path, before := beside(dir, sp.declared.Rates), d.ratesBefore(name)
		r, err := readRates(path, sp.declared.Currency, before)
		stale := 0.0
		switch {
		case err == nil:
			sp.rates = r
		case before != noRates && before.to == sp.declared.Currency:
			d.logger.Error("exchange rates cannot be loaded, the rates before them count", "workspace", name, "file", path, "error", err)
			sp.rates, stale = before, 1
		default:
			faults = append(faults, fmt.Errorf("workspace %s: %w", name, err))
		}
		d.metrics.rates.WithLabelValues(name).Set(stale)
	}
	return faults
}

// ratesBefore are the rates that a workspace has now.
func (d *Directory) ratesBefore(workspace string) *spaceRates {
	if r := d.current.Load(); r != nil && r.spaces[workspace] != nil {
		return r.spaces[workspace].rates
	}
	return noRates
}

// readRates reads a file of rates, unless it is the one before.
func readRates(path, to string, before *spaceRates) (*spaceRates, error) {
	data, err := keyfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("read the exchange rates: %w", err)
	}
	sum := sha256.Sum256(data)
	if before.sum == sum && before.to == to {
		return before, nil
	}
	table, err := rates.Parse(data, to)
	if err != nil {
		return nil, fmt.Errorf("exchange rates %s:\n%w", filepath.Base(path), err)
	}
	return &spaceRates{Table: *table, sum: sum, to: to}, nil
}

// ratesFiles are the files of rates that the sources file names, beside which they are looked for.
func ratesFiles(file declared.File, dir string) []string {
	var paths []string
	for _, w := range file.Workspaces {
		if w.Rates != "" {
			paths = append(paths, beside(dir, w.Rates))
		}
	}
	return paths
}
