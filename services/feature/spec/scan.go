package spec

import (
	"fmt"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// Scanner reads one row; clickhouse-go's driver.Row and driver.Rows are ones.
type Scanner interface {
	Scan(dest ...any) error
}

// Scan reads one row of a Statement compiled from q. A row of the wrong shape is
// an error.
func Scan(row Scanner, q Query) (*featurev1.FeatureSet, error) {
	fs := &featurev1.FeatureSet{Workspace: q.Workspace, AsOfMs: q.AsOfMs}
	var columns [NumMeasures][]int64
	var names []string
	var nameMs []int64
	dest := []any{&fs.CustomerId}
	for i := range columns {
		dest = append(dest, &columns[i])
	}
	dest = append(dest, &fs.FirstSeenMs, &fs.LastSeenMs, &fs.FirstOrderMs, &fs.LastOrderMs, &names, &nameMs)
	if err := row.Scan(dest...); err != nil {
		return nil, fmt.Errorf("scan features: %w", err)
	}
	for i, w := range windows {
		var v Values
		for j, column := range columns {
			// A customer without orders has no row on the order side: empty arrays.
			if len(column) == len(windows) {
				v[j] = column[i]
			} else if len(column) != 0 {
				return nil, fmt.Errorf("scan features: %d values of %s, want %d", len(column), measures[j].Name, len(windows))
			}
		}
		fs.Windows = append(fs.Windows, Fill(w, &v))
	}
	if len(names) != len(nameMs) {
		return nil, fmt.Errorf("scan features: %d names but %d times", len(names), len(nameMs))
	}
	if len(names) > 0 {
		fs.LastEventMs = make(map[string]int64, len(names))
	}
	for i, name := range names {
		fs.LastEventMs[name] = nameMs[i]
	}
	return fs, nil
}
