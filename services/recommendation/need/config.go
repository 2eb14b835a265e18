package need

import (
	"errors"
	"fmt"
)

// Config of all needs. Start with DefaultConfig.
type Config struct {
	// Views is how often an item must have been looked at to be browsed. 1 or more.
	Views int `koanf:"views"`
	// Visits is in how many visits that must have been. 1 or more; a pause of 30 minutes ends a visit.
	Visits int `koanf:"visits"`
	// WindowDays is how long looks and carts count, in days. Above 0.
	WindowDays float64 `koanf:"window_days"`
	// HalfDays is after how many days what a visitor did counts half. Above 0.
	HalfDays float64 `koanf:"half_days"`
	// BrandBuys is how many different items of one brand must have been bought. 1 or more.
	BrandBuys int `koanf:"brand_buys"`
	// BrandShare is which share of all that was bought they must be. Above 0, at most 1.
	BrandShare float64 `koanf:"brand_share"`
	// LeadDays is how long before its time something seasonal is shown. Zero or more.
	LeadDays float64 `koanf:"lead_days"`
	// NewDays is how long an item is new. Above 0.
	NewDays float64 `koanf:"new_days"`
	// Favourites is how many categories a visitor favours. 1 or more.
	Favourites int `koanf:"favourites"`
	// MostNew is the share of a category above which its new items are no news: a catalogue that was filled a week ago. 0 to 1.
	MostNew float64 `koanf:"most_new"`
	// MinDrop is by what share a price must have fallen. 0 to 1.
	MinDrop float64 `koanf:"min_drop"`
	// AccessoryDays is how long after the purchase accessories are shown. Above 0.
	AccessoryDays float64 `koanf:"accessory_days"`
	// Look is how many items of a brand, a category or beside a purchase are looked at. 1 or more.
	Look int `koanf:"look"`
}

// DefaultConfig suits most shops.
func DefaultConfig() Config {
	return Config{Views: 3, Visits: 2, WindowDays: 30, HalfDays: 7, BrandBuys: 3, BrandShare: .4, LeadDays: 14, NewDays: 30, Favourites: 3, MostNew: .5,
		MinDrop: .05, AccessoryDays: 60, Look: 100}
}

// Validate reports every value that is out of range.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, key string, value any, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("need.%s: %v must be %s", key, value, want))
		}
	}
	for _, v := range []struct {
		key   string
		value int
	}{{"views", c.Views}, {"visits", c.Visits}, {"brand_buys", c.BrandBuys}, {"favourites", c.Favourites}, {"look", c.Look}} {
		check(v.value >= 1, v.key, v.value, "1 or more")
	}
	for _, v := range []struct {
		key   string
		value float64
	}{{"window_days", c.WindowDays}, {"half_days", c.HalfDays}, {"new_days", c.NewDays}, {"accessory_days", c.AccessoryDays}} {
		check(v.value > 0 && v.value <= 36500, v.key, v.value, "above 0 and at most 36500")
	}
	check(c.LeadDays >= 0 && c.LeadDays <= 366, "lead_days", c.LeadDays, "0 to 366")
	for _, v := range []struct {
		key   string
		value float64
	}{{"brand_share", c.BrandShare}, {"most_new", c.MostNew}, {"min_drop", c.MinDrop}} {
		check(v.value >= 0 && v.value <= 1, v.key, v.value, "0 to 1")
	}
	return errors.Join(errs...)
}
