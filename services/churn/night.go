package churn

import "time"

// nights counts the sweeps that time alone begins.
type nights struct {
	at, every, spread time.Duration
}

// newNights is of a valid configuration.
func newNights(c Config) (nights, error) {
	at, err := time.Parse(timeOfDay, c.SweepAt)
	if err != nil {
		return nights{}, err
	}
	of := at.Sub(at.Truncate(24 * time.Hour))
	return nights{at: of, every: c.SweepEvery, spread: c.SweepSpread}, nil
}

// number is how many nights have begun by now, for one of so many partitions: they begin one behind the other.
func (n nights) number(now time.Time, partition, of int) int64 {
	begins := n.at
	if of > 0 {
		begins += n.spread / time.Duration(of) * time.Duration(partition%of)
	}
	past := now.UnixMilli() - begins.Milliseconds()
	every := n.every.Milliseconds()
	if past < 0 {
		return (past+1)/every - 1
	}
	return past / every
}
