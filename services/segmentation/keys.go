package segmentation

import (
	"encoding/binary"
	"fmt"
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
		key = binary.AppendUvarint(key, uint64(len(p)))
		key = append(key, p...)
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
	d := decoder{rest: key[len(prefixCount):]}
	workspace, segment = d.text(), d.text()
	if d.failed || len(d.rest) > 0 {
		return "", "", fmt.Errorf("count key %q is damaged", key)
	}
	return workspace, segment, nil
}

func rulesKey(fingerprint uint64) []byte {
	return fmt.Appendf(nil, "%s%016x", prefixRules, fingerprint)
}

// decoder reads what the encoders of this package wrote. After a fault it gives zeros.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.failed, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.failed, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) text() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.failed, d.rest = true, nil
		return ""
	}
	s := string(d.rest[:n])
	d.rest = d.rest[n:]
	return s
}
