package segmentation

import (
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
)

// The parts of the state's keys: see the package comment.
const (
	prefixCustomer = "c/"
	prefixMember   = "m/"
	prefixCount    = "n/"
	prefixRules    = "r/"
	keySweep       = "x"
	keyBooks       = "y"
)

func customerKey(id string) []byte { return []byte(prefixCustomer + id) }

// joined appends parts with their lengths, so that ("a", "b/c") and ("a/b", "c") differ.
func joined(prefix string, parts ...string) []byte {
	key := []byte(prefix)
	for _, p := range parts {
		key = wire.AppendText(key, p)
	}
	return key
}

// membersPrefix begins the keys of a segment's members; the customer's id follows.
func membersPrefix(workspace, segment string) []byte {
	return joined(prefixMember, workspace, segment)
}

func memberKey(workspace, segment, id string) []byte {
	return append(membersPrefix(workspace, segment), id...)
}

// countKey is where a segment's size stands; segment "" is the number of customers.
func countKey(workspace, segment string) []byte { return joined(prefixCount, workspace, segment) }

// parseCountKey is the reverse of countKey.
func parseCountKey(key []byte) (workspace, segment string, err error) {
	in := wire.Read(key[len(prefixCount):])
	workspace, segment = in.Text(), in.Text()
	if err := in.Done(); err != nil {
		return "", "", fmt.Errorf("count key: %w", err)
	}
	return workspace, segment, nil
}

func rulesKey(fingerprint uint64) []byte {
	return fmt.Appendf(nil, "%s%016x", prefixRules, fingerprint)
}
