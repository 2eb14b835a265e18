// Package tier divides all customers into the four RFM tiers, every customer into exactly one:
//
//	churn_risk   not seen for long: about 17.5 % of all
//	high_value   the most valuable of the others: about 12.5 % of all
//	medium       the next: about 32.5 % of all
//	potential    the rest: about 37.5 % of all
//
// A customer's tier depends on its own features, on the moment, and on cut points that
// are computed over all customers from time to time, published with a version that is a hash of them, and
// equal for everybody: so the stream, ClickHouse and an oracle agree, and a tier can be
// recomputed later. No percentile is taken at read time.
//
// Recency is the time since the last event. It grows by itself, so a customer becomes
// a churn risk at a moment known in advance. Value is ordered by two numbers: first the
// value index, which is the net spend of 365 days (completed orders minus refunds, in
// micros) plus the events of 90 days, at most 999,999 of them, which is less than one unit
// of the currency and spreads those who bought nothing; then the time last seen, the later
// the better, which decides between customers of equal index at the boundary.
//
// Ties: customers equal in both numbers are never parted. Such a group goes wholly to the side
// that leaves the sizes nearest the shares above; when both are as near, the better tier
// stays smaller. Where most customers tie the shares are missed by as much as the tie is large.
//
// Before the first cut points (fewer than MinPopulation customers) everybody is potential.
package tier
