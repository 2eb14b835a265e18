// Package schema owns what ClickHouse holds: databases, tables, views, and the
// migrations that make them. It is not for reading or writing rows.
//
// For every <name> there is <name>_rows, the storage that only the warehouse
// service writes, and the view <name>, which applies FINAL: readers use the view
// and count every event once without knowing of it.
package schema

import "strings"

// Database is a layer of the warehouse.
type Database string

const (
	// ODS holds records as received, for 30 days.
	ODS Database = "ods"
	// DW holds resolved facts, for 3 years from receipt.
	DW Database = "dw"
	// DM holds what is computed from facts.
	DM Database = "dm"
)

// Names makes table names for one deployment. The zero value has no prefix.
type Names struct {
	// Prefix stands before each database name, so that several deployments or
	// tests share a server: "t1_" gives t1_dw. Letters, digits and underscore.
	Prefix string
}

// Database returns the name of a database: "t1_dw".
func (n Names) Database(d Database) string { return n.Prefix + string(d) }

// View returns the name to read from: View(DW, "events") is "t1_dw.events".
func (n Names) View(d Database, name string) string { return n.Database(d) + "." + name }

// Rows returns the storage behind a view, the name to insert into:
// Rows(DW, "events") is "t1_dw.events_rows".
func (n Names) Rows(d Database, name string) string { return n.View(d, name) + "_rows" }

// Expand replaces {ods}, {dw} and {dm} in a query by the database names.
func (n Names) Expand(sql string) string {
	return strings.NewReplacer(
		"{ods}", n.Database(ODS), "{dw}", n.Database(DW), "{dm}", n.Database(DM),
	).Replace(sql)
}
