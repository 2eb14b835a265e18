// Package stack finds a running Freshet and opens its doors: the addresses file that `freshet up` writes, gRPC, Kafka and ClickHouse.
// It is not for starting one: see standalone.
package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"time"
)

// DefaultFile is where `freshet up` leaves its addresses, and where every other command looks.
const DefaultFile = ".freshet/addresses.json"

// Addresses are the doors of one stack, each host:port, and what opens them.
type Addresses struct {
	CollectorHTTP    string `json:"collector_http"`
	CollectorGRPC    string `json:"collector_grpc"`
	APIHTTP          string `json:"api_http"`
	APIGRPC          string `json:"api_grpc"`
	Kafka            string `json:"kafka"`
	ClickHouseNative string `json:"clickhouse_native"`
	ClickHouseHTTP   string `json:"clickhouse_http"`
	Metrics          string `json:"metrics"`
	// ClickHouseUser reads the facts, with ClickHousePassword. Both are empty where the stack has a ClickHouse of its owner's.
	ClickHouseUser     string `json:"clickhouse_user,omitempty"`
	ClickHousePassword string `json:"clickhouse_password,omitempty"`
	// APIToken is what the reads ask for: no address, and a secret.
	APIToken string `json:"api_token,omitempty"`
}

// Fixed are the documented ports of a stack started without --ephemeral, and of docker compose.
func Fixed() Addresses {
	return Addresses{
		CollectorHTTP: "127.0.0.1:8080", CollectorGRPC: "127.0.0.1:8081", APIHTTP: "127.0.0.1:8090", APIGRPC: "127.0.0.1:8091",
		Kafka: "127.0.0.1:9092", ClickHouseNative: "127.0.0.1:9000", ClickHouseHTTP: "127.0.0.1:8123", Metrics: "127.0.0.1:9464",
	}
}

// Load reads an addresses file. An empty file name means DefaultFile, and the fixed ports when there is none. A door the file does not
// name has its fixed port.
func Load(file string) (Addresses, error) {
	a := Fixed()
	name := file
	if name == "" {
		name = DefaultFile
	}
	b, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && file == "":
		return a, nil
	case errors.Is(err, fs.ErrNotExist):
		return a, fmt.Errorf("there is no addresses file %s: start a stack with `freshet up --addresses-file %s`", name, name)
	case err != nil:
		return a, fmt.Errorf("read the addresses: %w", err)
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return a, fmt.Errorf("%s is no addresses file: %w", name, err)
	}
	return a, nil
}

// dialTimeout is how long a door on this machine may take to answer.
const dialTimeout = 3 * time.Second

// Knock checks that something listens at every address; the error names the first that is closed, and the remedy.
func Knock(ctx context.Context, addresses ...string) error {
	for _, a := range addresses {
		d := net.Dialer{Timeout: dialTimeout}
		conn, err := d.DialContext(ctx, "tcp", a)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("no stack answers at %s: start one with `make up`, or name its addresses with --addresses-file", a)
		}
		_ = conn.Close()
	}
	return nil
}
