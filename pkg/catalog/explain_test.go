package catalog

import "testing"

func TestWordsSayHowAFeatureIsMade(t *testing.T) {
	c, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"spend_30d":                "the sum of a number; of spend, over orders",
		"product_views_1h":         `how many events there were, over events where event == "Product Viewed"`,
		"activity":                 "a count, or a sum, in which what lies a half-life back counts half, over events, counting half after 14d",
		"checkout_abandonment_30d": "one feature by another, toward zero; of orders and checkouts, taken from 1",
		"active_hours":             "a count, or a sum, by key, by hour, over events",
	} {
		if got := c.Feature(name).Words(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
