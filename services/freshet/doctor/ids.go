package doctor

import (
	"context"
	"fmt"
	"strings"
)

// reusedSQL finds the sources that give several events one message id.
const reusedSQL = `SELECT source, count() FROM ods.rejected WHERE reason = 'duplicate_id' AND received_at > now() - INTERVAL 1 DAY
	GROUP BY source ORDER BY count() DESC, source LIMIT 5`

// messageIDs looks for clients whose message ids do not tell their events apart: of such events only the first counts.
func messageIDs(ctx context.Context, p Patient) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	failed := func(err error) Finding {
		return Finding{Check: "message ids", State: Failed, Detail: fmt.Sprintf("cannot read ods.rejected: %v", err), Fix: restart}
	}
	db, err := p.Addresses.ClickHouse(ctx, p.Login)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query(ctx, reusedSQL)
	if err != nil {
		return failed(err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var source string
		var n uint64
		if err := rows.Scan(&source, &n); err != nil {
			return failed(err)
		}
		found = append(found, fmt.Sprintf("%s %d", source, n))
	}
	if err := rows.Err(); err != nil {
		return failed(err)
	}
	if len(found) == 0 {
		return Finding{Check: "message ids", State: OK, Detail: "no two events of the last day had one"}
	}
	return Finding{Check: "message ids", State: Warned,
		Detail: "different events of the last day had the same messageId and did not count, by source: " + strings.Join(found, ", "),
		Fix:    "give each event an id of its own, such as a UUID; SELECT event_id, payload FROM ods.rejected WHERE reason = 'duplicate_id'"}
}
