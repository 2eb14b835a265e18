package embeddedkafka

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
)

// groupPlace is a partition that groups have committed offsets of.
type groupPlace struct {
	topic     string
	partition int
}

// groupEntry is an entry of groups.log, as far as it speaks of offsets.
type groupEntry struct {
	Type      string `json:"type"` // commit or delete, among others
	Group     string `json:"g"`
	Topic     string `json:"t"`
	Partition int    `json:"p"`
	Offset    int64  `json:"o"`
}

// Each entry of groups.log is framed by its length and a checksum of what follows, both uint32, little-endian, and a version.
const (
	entryLength  = 4
	entryHead    = 8
	entryVersion = 2
)

// committedOffsets is the highest offset that a group has committed of each partition. The library drops a topic's commits with the topic.
func committedOffsets(path string) (map[groupPlace]int64, error) {
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read what groups have committed: %w", err)
	}
	latest := map[string]map[groupPlace]int64{} // by group
	for len(raw) >= entryHead+entryVersion {
		n := int(binary.LittleEndian.Uint32(raw))
		if n < entryVersion || n > len(raw)-entryHead {
			break // torn; the library stops there, too
		}
		body := raw[entryHead : entryHead+n]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(raw[entryLength:]) {
			break
		}
		raw = raw[entryHead+n:]
		var e groupEntry
		if json.Unmarshal(body[entryVersion:], &e) != nil {
			continue
		}
		at := groupPlace{e.Topic, e.Partition}
		switch e.Type {
		case "commit":
			if latest[e.Group] == nil {
				latest[e.Group] = map[groupPlace]int64{}
			}
			latest[e.Group][at] = e.Offset
		case "delete":
			delete(latest[e.Group], at)
		}
	}
	highest := map[groupPlace]int64{}
	for _, of := range latest {
		for at, offset := range of {
			highest[at] = max(highest[at], offset)
		}
	}
	return highest, nil
}
