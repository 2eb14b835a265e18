package factsql

import (
	"fmt"

	"github.com/freshet/freshet/pkg/catalog"
)

// Scanner reads one row; clickhouse-go's driver.Row and driver.Rows are ones.
type Scanner interface {
	Scan(dest ...any) error
}

// Scan reads one row: whose it is, and a reading for each slot of the plan. A row of the wrong shape is an error.
func (s *Statement) Scan(row Scanner) (customer string, readings []catalog.Reading, err error) {
	dest := []any{&customer}
	for _, c := range s.cells {
		for _, p := range c.parts {
			dest = append(dest, p.dest())
		}
	}
	if err := row.Scan(dest...); err != nil {
		return "", nil, fmt.Errorf("scan features: %w", err)
	}
	readings = make([]catalog.Reading, s.slots)
	dest = dest[1:]
	for _, c := range s.cells {
		c.make(&readings[c.slot], dest[:len(c.parts)])
		dest = dest[len(c.parts):]
	}
	return customer, readings, nil
}
