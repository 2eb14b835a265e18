package repurchase

import (
	"errors"
	"fmt"
)

// Config of asking. Start with DefaultConfig.
type Config struct {
	// Own is how much what is known of all counts against a customer's own gaps, in gaps. Above 0.
	Own float64 `koanf:"own"`
	// HorizonDays is how far ahead the score looks, in days. Above 0.
	HorizonDays float64 `koanf:"horizon_days"`
	// Near is the share of the cycle after which an item is due. 0 to 1; zero means at once.
	Near float64 `koanf:"near"`
	// MinScore is the probability below which nothing is due. 0 to 1.
	MinScore float64 `koanf:"min_score"`
	// HideShare is how much of its cycle something bought is hidden. 0 to 1; zero hides nothing.
	HideShare float64 `koanf:"hide_share"`
	// OnceDays is how long something is hidden that people buy once. Zero or more.
	OnceDays float64 `koanf:"once_days"`
	// MinAgain is the share of purchases that another must follow; below it something is bought once. 0 to 1.
	MinAgain float64 `koanf:"min_again"`
}

// DefaultConfig suits most shops.
func DefaultConfig() Config {
	return Config{Own: 1, HorizonDays: 30, Near: .5, MinScore: .05, HideShare: .5, OnceDays: 365, MinAgain: .1}
}

// Validate reports every value that is out of range.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value float64, want string) {
		errs = append(errs, fmt.Errorf("repurchase.%s: %v must be %s", key, value, want))
	}
	if !(c.Own > 0 && c.Own <= 1e6) {
		bad("own", c.Own, "above 0")
	}
	if !(c.HorizonDays > 0 && c.HorizonDays <= 3650) {
		bad("horizon_days", c.HorizonDays, "above 0 and at most 3650")
	}
	if !(c.OnceDays >= 0 && c.OnceDays <= 36500) {
		bad("once_days", c.OnceDays, "0 to 36500")
	}
	for _, s := range []struct {
		key   string
		value float64
	}{{"near", c.Near}, {"min_score", c.MinScore}, {"hide_share", c.HideShare}, {"min_again", c.MinAgain}} {
		if !(s.value >= 0 && s.value <= 1) {
			bad(s.key, s.value, "0 to 1")
		}
	}
	return errors.Join(errs...)
}
