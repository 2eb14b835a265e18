package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/wire"
)

// Span is what was learnt from: every touch with FromMs <= at <= ToMs that was told by then, at as learn.At has it. Serving adds what is later.
type Span struct {
	FromMs   int64 `json:"from_ms"`
	ToMs     int64 `json:"to_ms"`
	Touches  int64 `json:"touches"`
	Visitors int64 `json:"visitors"`
}

// manifest is the file for people, and for a reader in a hurry.
type manifest struct {
	Span
	Items   int             `json:"items"`
	Baskets int             `json:"baskets,omitempty"`
	Rules   int             `json:"rules,omitempty"`
	Files   map[string]file `json:"files"`
	// Hash is the xxHash64 of this text with no hash in it.
	Hash string `json:"hash"`
}

// file is what must be there of a file.
type file struct {
	Bytes int    `json:"bytes"`
	Hash  string `json:"hash"`
}

func hashOf(data []byte) string { return fmt.Sprintf("%016x", xxhash.Sum64(data)) }

// text is the manifest's.
func (m manifest) text() ([]byte, error) {
	m.Hash = ""
	bare, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	m.Hash = hashOf(bare)
	return json.MarshalIndent(m, "", "  ")
}

// readManifest reads one, and refuses any that is not to the byte what text gives.
func readManifest(data []byte) (m manifest, err error) {
	if err = json.Unmarshal(data, &m); err != nil {
		return m, err
	}
	if text, err := m.text(); err != nil || !bytes.Equal(text, data) {
		return m, errors.Join(wire.ErrDamaged, err)
	}
	return m, nil
}
