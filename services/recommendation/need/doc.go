// Package need says what a visitor may be in need of, from what he did: each need is a source of candidates with its own reason.
//
//	browsed        looked at again and again, in several visits, and never bought
//	cart_left      put in the cart in a visit that is over, and neither taken out nor bought
//	brand          of the brand that has a large share of what the visitor bought, and not bought yet: the newest first
//	season         what is bought at this time of the year (package season), first what goes with what the visitor bought at this time of an earlier year
//	arrived        new in a category that the visitor favours
//	price_dropped  costs less than when the visitor looked at it
//	accessory      goes with something that was bought, and is of another category
//	again          was bought before
//
// What is used up is package repurchase's. All but season speak of one customer: without consent (ask.Personal) they say nothing (TestNothingWithoutConsent).
//
// Guarantees, each a property for every need (TestNeedsKeepTheirPromises): at most k, best first, no item twice, none that Skip refuses, the same answer to the same question. A need
// costs what the visitor touched and Config.Look items of an index, never the catalogue (BenchmarkNeeds: 100,000 items).
//
// What it cannot see: prices between the last but one and now (an item has one price_was: who looked before two changes is told by the last one only), carts of other devices that
// no log-in ties to the visitor, and what was bought elsewhere.
package need
