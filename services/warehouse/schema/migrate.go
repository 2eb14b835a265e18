package schema

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed migrations/*.sql
var files embed.FS

// ErrChanged says that a migration is not the one that was applied. Trying again does not help.
var ErrChanged = errors.New("changed after it was applied")

// Options say where and as whom the schema is made.
type Options struct {
	// Prefix stands before the database names; see Names.
	Prefix string
	// DictionaryUser and DictionaryPassword are what ClickHouse itself logs in
	// with to load its dictionaries. Empty means its default user without password.
	DictionaryUser     string
	DictionaryPassword string
	// Logger hears of each migration applied; nil means nobody.
	Logger *slog.Logger
}

var validPrefix = regexp.MustCompile(`^[A-Za-z0-9_]*$`)

// Validate reports a prefix that is no identifier.
func (o Options) Validate() error {
	if !validPrefix.MatchString(o.Prefix) {
		return fmt.Errorf("database_prefix: %q must hold letters, digits and underscore only", o.Prefix)
	}
	return nil
}

// migration is one file: NNNN_name.sql, statements that end with ";" at a line's end.
type migration struct {
	version  uint32
	name     string
	text     string
	checksum string
}

// Migrate brings the schema up to date. Applied migrations are skipped; one whose
// file has changed since is an error, as is a file that fails. Statements are
// idempotent and run in order, so that processes that start together, or one that
// died half-way, end with the same schema. Safe to call at every start.
func Migrate(ctx context.Context, conn driver.Conn, opts Options) error {
	return migrate(ctx, conn, opts, files)
}

func migrate(ctx context.Context, conn driver.Conn, opts Options, files fs.FS) error {
	if err := opts.Validate(); err != nil {
		return err
	}
	migrations, err := load(files)
	if err != nil {
		return err
	}
	applied, err := applied(ctx, conn, opts)
	if err != nil {
		return err
	}
	for _, m := range migrations {
		if sum, ok := applied[m.version]; ok {
			if sum != m.checksum {
				return fmt.Errorf("migration %04d_%s: %w: %s, now %s", m.version, m.name, ErrChanged, sum, m.checksum)
			}
			continue
		}
		if err := apply(ctx, conn, opts, m); err != nil {
			return err
		}
	}
	return nil
}

// load reads the migrations in order of version.
func load(fsys fs.FS) ([]migration, error) {
	entries, err := fs.Glob(fsys, "migrations/*.sql") // sorted
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	var list []migration
	for i, path := range entries {
		text, err := fs.ReadFile(fsys, path)
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", path, err)
		}
		number, name, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(path, "migrations/"), ".sql"), "_")
		version, err := strconv.ParseUint(number, 10, 32)
		if err != nil || int(version) != i+1 {
			return nil, fmt.Errorf("migration %s: want number %04d", path, i+1)
		}
		sum := sha256.Sum256(text)
		list = append(list, migration{version: uint32(version), name: name, text: string(text), checksum: hex.EncodeToString(sum[:8])})
	}
	return list, nil
}

// applied makes the book of migrations and reads it.
func applied(ctx context.Context, conn driver.Conn, opts Options) (map[uint32]string, error) {
	names := Names{Prefix: opts.Prefix}
	for _, sql := range []string{
		`CREATE DATABASE IF NOT EXISTS {dw}`,
		`CREATE TABLE IF NOT EXISTS {dw}.freshet_migrations
		 (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'))
		 ENGINE = ReplacingMergeTree ORDER BY version`,
	} {
		if err := conn.Exec(ctx, names.Expand(sql)); err != nil {
			return nil, fmt.Errorf("make the table of migrations: %w", err)
		}
	}
	rows, err := conn.Query(ctx, names.Expand(`SELECT version, checksum FROM {dw}.freshet_migrations FINAL`))
	if err != nil {
		return nil, fmt.Errorf("read the table of migrations: %w", err)
	}
	defer rows.Close()
	sums := map[uint32]string{}
	for rows.Next() {
		var version uint32
		var sum string
		if err := rows.Scan(&version, &sum); err != nil {
			return nil, fmt.Errorf("read the table of migrations: %w", err)
		}
		sums[version] = sum
	}
	return sums, rows.Err()
}

// apply runs one migration and writes it into the book.
func apply(ctx context.Context, conn driver.Conn, opts Options, m migration) error {
	for i, sql := range statements(m.text, opts) {
		if err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("migration %04d_%s, statement %d: %w", m.version, m.name, i+1, err)
		}
	}
	book := Names{Prefix: opts.Prefix}.Expand(`INSERT INTO {dw}.freshet_migrations (version, name, checksum) SETTINGS async_insert = 0 VALUES (?, ?, ?)`)
	if err := conn.Exec(ctx, book, m.version, m.name, m.checksum); err != nil {
		return fmt.Errorf("record migration %04d_%s: %w", m.version, m.name, err)
	}
	if opts.Logger != nil {
		opts.Logger.InfoContext(ctx, "migration applied", "version", m.version, "name", m.name)
	}
	return nil
}

// statements splits a file and fills in its placeholders.
func statements(text string, opts Options) []string {
	login := ""
	if opts.DictionaryUser != "" {
		login = "USER " + quote(opts.DictionaryUser) + " PASSWORD " + quote(opts.DictionaryPassword) + " "
	}
	text = strings.ReplaceAll(Names{Prefix: opts.Prefix}.Expand(text), "{dictionary_login}", login)
	var list []string
	for part := range strings.SplitSeq(text, ";\n") {
		if sql := strings.TrimSpace(part); sql != "" {
			list = append(list, sql)
		}
	}
	return list
}

// quote makes a ClickHouse string literal.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
