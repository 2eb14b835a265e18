// Package clickhouse opens a connection pool to ClickHouse over its native
// protocol and holds its configuration. It is not for schemas or queries: the
// warehouse service owns those.
package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Config says where ClickHouse is and how it is used.
type Config struct {
	// Address is host:port of the native protocol.
	Address string `koanf:"address"`
	// Database is what unqualified names mean. Empty means the server's default.
	Database string `koanf:"database"`
	// User is who logs in.
	User string `koanf:"user"`
	// Password of User. Give it by environment variable or a mounted file, not in a checked-in one.
	Password string `koanf:"password"`
	// DialTimeout is how long one connection attempt may take. Above 0.
	DialTimeout time.Duration `koanf:"dial_timeout"`
	// ReadTimeout is how long the server may stay silent in the middle of a query. Above 0.
	ReadTimeout time.Duration `koanf:"read_timeout"`
	// MaxConnections bounds the pool; a caller past it waits for DialTimeout. At least 1.
	MaxConnections int `koanf:"max_connections"`
}

// Default is a server on this machine, as the embedded one listens.
func Default() Config {
	return Config{
		Address:        "127.0.0.1:9000",
		User:           "freshet",
		DialTimeout:    5 * time.Second,
		ReadTimeout:    time.Minute,
		MaxConnections: 8,
	}
}

// Validate reports every fault of c, each under its key.
func (c Config) Validate() error {
	var faults []error
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		faults = append(faults, fmt.Errorf("address: %q must be host:port", c.Address))
	}
	if c.User == "" {
		faults = append(faults, errors.New("user: must be set"))
	}
	if c.DialTimeout <= 0 {
		faults = append(faults, fmt.Errorf("dial_timeout: %s must be above 0", c.DialTimeout))
	}
	if c.ReadTimeout <= 0 {
		faults = append(faults, fmt.Errorf("read_timeout: %s must be above 0", c.ReadTimeout))
	}
	if c.MaxConnections < 1 {
		faults = append(faults, fmt.Errorf("max_connections: %d must be at least 1", c.MaxConnections))
	}
	return errors.Join(faults...)
}

// Open connects, with LZ4 blocks, and proves the connection with a ping. The
// caller must Close the pool. The error names the address and never the password.
func Open(ctx context.Context, c Config) (driver.Conn, error) {
	conn, err := native.Open(&native.Options{
		Addr:            []string{c.Address},
		Auth:            native.Auth{Database: c.Database, Username: c.User, Password: c.Password},
		Compression:     &native.Compression{Method: native.CompressionLZ4},
		DialTimeout:     c.DialTimeout,
		ReadTimeout:     c.ReadTimeout,
		MaxOpenConns:    c.MaxConnections,
		MaxIdleConns:    c.MaxConnections,
		ConnMaxLifetime: time.Hour,
	})
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse at %s: %w", c.Address, err)
	}
	if err := conn.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reach ClickHouse at %s as %s: %w", c.Address, c.User, err), conn.Close())
	}
	return conn, nil
}
