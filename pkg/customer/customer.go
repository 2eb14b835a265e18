// Package customer names people: customer ids, identifiers and the references
// that requests use. It is not for deciding who is who: that is the identity
// service.
package customer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/freshet/freshet/pkg/wire"
)

// DefaultWorkspace is the tenant of requests that name none.
const DefaultWorkspace = "default"

// Workspace returns the tenant that a request means: the default one for "".
func Workspace(name string) string {
	if name == "" {
		return DefaultWorkspace
	}
	return name
}

// ID returns the customer id that an identifier gives birth to: the first 128
// bits of SHA-256 over the parts, each with its length before it, so that
// ("a", "b-c") and ("a-b", "c") differ; as 32 lower-case hexadecimal digits. The
// same parts give the same id for ever. epoch tells apart the customers an
// identifier has had: an erased person's id never comes back.
// Example: ID("default", "user_id", "42", 0) is "3c5efcf782fb1584cb5d5027dd8da267".
func ID(workspace, typ, value string, epoch int64) string {
	buf := make([]byte, 0, 128)
	for _, part := range [...]string{workspace, typ, value} {
		buf = wire.AppendText(buf, part)
	}
	buf = binary.AppendVarint(buf, epoch)
	sum := sha256.Sum256(buf)
	return hex.EncodeToString(sum[:16])
}

// IsID says whether s is written as a customer id: 32 lower-case hexadecimal digits.
func IsID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// EventKey returns the key of events.raw.v1 and events.rejected.v1: the workspace and the event's id with NUL between them. It follows
// nothing else of the event, so that a second copy meets its first one in the same partition whatever names the sender gave since. A
// NUL within the workspace is escaped, so that no two pairs share a key.
func EventKey(workspace, id string) []byte {
	key := make([]byte, 0, len(workspace)+len(id)+1)
	key = append(key, escapeNUL.Replace(workspace)...)
	key = append(key, 0)
	return append(key, id...)
}

var escapeNUL = strings.NewReplacer("\x00", "\x01\x01", "\x01", "\x01\x02")
