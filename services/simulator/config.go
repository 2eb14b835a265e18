package simulator

import (
	"errors"
	"fmt"
	"strings"
)

// Config says how large the shop is and how its people behave. Shares are 0 to 1.
type Config struct {
	// Seed picks the shop: its people, products and everything they ever do. Any value.
	Seed uint64
	// Run is part of every message id and order id: at most 32 letters, digits, "-" or "_". The same seed under another Run
	// gives the same people doing the same things under new ids; under the same Run a second sending is all duplicates.
	Run string
	// Customers is the number of people in the shop, 1 to 5,000,000. Zero means 2,000. Bots come on top.
	Customers int
	// Products is the size of the catalogue, 12 to 100,000. Zero means 400.
	Products int
	// SessionsPerDay is the mean number of visits of a person in a day, above 0 and at most 100. Zero means 0.1.
	SessionsPerDay float64
	// RegisteredShare of the people log in; GuestShare only leave an e-mail at the check-out; the others stay anonymous.
	RegisteredShare, GuestShare float64
	// ChurnShare of the people leave within the history: their visits thin out to none at their churn time.
	ChurnShare float64
	// JoinShare of the people come for the first time within the history; the others were there before it.
	JoinShare float64
	// SharedShare of the registered people now and then use another person's first device.
	SharedShare float64
	// BotShare is the number of bots for one person.
	BotShare float64
	// BrokenShare is the number of broken events for one good one; the reasons are in fault.go.
	BrokenShare float64
	// DuplicateShare of the good events is sent a second time with the same messageId, as a client's retry is.
	DuplicateShare float64
	// Tastes makes people prefer some products of a category over others; its zero value does not.
	Tastes Tastes
}

// Default is a small shop with every behaviour switched on.
func Default() Config {
	return Config{
		Seed: 1, Customers: 2000, Products: 400, SessionsPerDay: 0.1,
		RegisteredShare: 0.65, GuestShare: 0.15, ChurnShare: 0.25, JoinShare: 0.4,
		SharedShare: 0.01, BotShare: 0.002, BrokenShare: 0.01, DuplicateShare: 0.01,
	}
}

// Validate reports every value that is out of range.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("simulator.%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if c.Customers < 0 || c.Customers > 5_000_000 {
		bad("customers", "%d must be 1 to 5,000,000", c.Customers)
	}
	if c.Products != 0 && (c.Products < len(categories) || c.Products > 100_000) {
		bad("products", "%d must be %d to 100,000", c.Products, len(categories))
	}
	if c.SessionsPerDay < 0 || c.SessionsPerDay > 100 {
		bad("sessions_per_day", "%g must be above 0 and at most 100", c.SessionsPerDay)
	}
	for _, s := range []struct {
		key   string
		value float64
	}{
		{"registered_share", c.RegisteredShare}, {"guest_share", c.GuestShare}, {"churn_share", c.ChurnShare},
		{"join_share", c.JoinShare}, {"shared_share", c.SharedShare}, {"bot_share", c.BotShare},
		{"broken_share", c.BrokenShare}, {"duplicate_share", c.DuplicateShare},
		{"registered_share+guest_share", c.RegisteredShare + c.GuestShare},
	} {
		if !(s.value >= 0 && s.value <= 1) {
			bad(s.key, "%g must be 0 to 1", s.value)
		}
	}
	if err := c.Tastes.validate(c.withDefaults().Products); err != nil {
		errs = append(errs, err)
	}
	if len(c.Run) > 32 || strings.Trim(c.Run, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		bad("run", "%q must be at most 32 letters, digits, - or _", c.Run)
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	d := Default()
	if c.Customers == 0 {
		c.Customers = d.Customers
	}
	if c.Products == 0 {
		c.Products = d.Products
	}
	if c.SessionsPerDay == 0 {
		c.SessionsPerDay = d.SessionsPerDay
	}
	return c
}
