package clickhouse

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	native "github.com/ClickHouse/clickhouse-go/v2"
)

// busyCodes are what the server says when it cannot answer now and may a moment later, by its numbers.
var busyCodes = map[int32]bool{
	159: true, // TIMEOUT_EXCEEDED
	202: true, // TOO_MANY_SIMULTANEOUS_QUERIES
	209: true, // SOCKET_TIMEOUT
	210: true, // NETWORK_ERROR
	225: true, // NO_ZOOKEEPER
	236: true, // ABORTED, by a server that stops
	241: true, // MEMORY_LIMIT_EXCEEDED, of the whole server more often than of one query
	242: true, // TABLE_IS_READ_ONLY
	279: true, // ALL_CONNECTION_TRIES_FAILED
	319: true, // UNKNOWN_STATUS_OF_INSERT
	394: true, // QUERY_WAS_CANCELLED, as by a server that stops
	999: true, // KEEPER_EXCEPTION
}

// Away says that an error of the driver means a ClickHouse that cannot be reached or is too busy, so that the same read may succeed a moment
// later. A fault of the query is none, nor is a caller who left.
func Away(err error) bool {
	var said *native.Exception
	var network net.Error
	var errno syscall.Errno
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &said):
		return busyCodes[said.Code]
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, native.ErrAcquireConnTimeout), errors.Is(err, native.ErrAcquireConnNoAddress):
		return true
	default:
		return errors.As(err, &network) || errors.As(err, &errno)
	}
}
