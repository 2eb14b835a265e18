package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

// MarshalJSON writes the addresses file. There clickhouse_http is an address that works as it stands, with user and
// password in it: curl, Grafana and drivers take http://user:password@host:port. The file is for its owner's eyes only.
func (a Addresses) MarshalJSON() ([]byte, error) {
	type plain Addresses
	p := plain(a)
	if a.ClickHouseUser != "" && a.ClickHouseHTTP != "" {
		p.ClickHouseHTTP = (&url.URL{Scheme: "http", User: url.UserPassword(a.ClickHouseUser, a.ClickHousePassword), Host: a.ClickHouseHTTP}).String()
	}
	return json.Marshal(p)
}

// UnmarshalJSON reads the file; clickhouse_http may be host:port or a URL, whose user counts when no other is named.
func (a *Addresses) UnmarshalJSON(b []byte) error {
	type plain Addresses
	p := plain(*a)
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if strings.Contains(p.ClickHouseHTTP, "://") {
		u, err := url.Parse(p.ClickHouseHTTP)
		if err != nil {
			return errors.New("clickhouse_http is no address") // the error itself would show the password
		}
		p.ClickHouseHTTP = u.Host
		if p.ClickHouseUser == "" {
			p.ClickHouseUser = u.User.Username()
			p.ClickHousePassword, _ = u.User.Password()
		}
	}
	*a = Addresses(p)
	return nil
}

// String is the doors without the password: for messages.
func (a Addresses) String() string {
	return fmt.Sprintf("collector %s, gRPC %s; API %s, gRPC %s; Kafka %s; ClickHouse %s, native %s, user %q; metrics %s", a.CollectorHTTP, a.CollectorGRPC,
		a.APIHTTP, a.APIGRPC, a.Kafka, a.ClickHouseHTTP, a.ClickHouseNative, a.ClickHouseUser, a.Metrics)
}

// LogValue keeps the password out of logs.
func (a Addresses) LogValue() slog.Value { return slog.StringValue(a.String()) }
