package embeddedkafka

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Where a record batch says what, in bytes from its beginning; Kafka's format, magic 2.
const (
	batchLengthAt   = 8  // int32: bytes after this field
	batchHeader     = 12 // offset and length
	batchChecksumAt = 17 // uint32: CRC-32C of what follows it
	batchNewestAt   = 35 // int64: greatest timestamp, Unix milliseconds
	batchRecordsAt  = 61 // the records, where the fixed part ends
)

// segment is one file of a partition: record batches as they came over the wire.
type segment struct {
	base int64 // offset of its first record
	path string
	size int64
}

// index is the library's companion file, which it makes anew when it is missing.
func (s segment) index() string { return strings.TrimSuffix(s.path, ".dat") + ".idx" }

// listSegments returns a partition's segments in the order of their offsets.
func listSegments(part string) ([]segment, error) {
	entries, err := os.ReadDir(part)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var list []segment
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".dat")
		if !ok {
			continue
		}
		base, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			continue // not one of the library's
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("look at segment %s: %w", e.Name(), err)
		}
		list = append(list, segment{base: base, path: filepath.Join(part, e.Name()), size: info.Size()})
	}
	slices.SortFunc(list, func(a, b segment) int { return int(a.base - b.base) })
	return list, nil
}

func size(segments []segment) (sum int64) {
	for _, s := range segments {
		sum += s.size
	}
	return sum
}

// batches calls each with the bytes of one batch after the other, which are valid during the call only.
// It ends without an error where the file ends in mid-batch: a crash cut it short, and the library cuts it there, too.
func (s segment) batches(each func(raw []byte) error) error {
	f, err := os.Open(s.path)
	if err != nil {
		return fmt.Errorf("open a segment: %w", err)
	}
	defer func() { _ = f.Close() }()
	r := bufio.NewReaderSize(f, 1<<20)
	var raw []byte
	for {
		raw = slices.Grow(raw[:0], batchHeader)[:batchHeader]
		if _, err := io.ReadFull(r, raw); err != nil {
			return ignoreEnd(s.path, err)
		}
		length := int64(binary.BigEndian.Uint32(raw[batchLengthAt:]))
		if length < batchRecordsAt-batchHeader || length > s.size {
			return nil // torn
		}
		raw = slices.Grow(raw, int(length))[:batchHeader+length]
		if _, err := io.ReadFull(r, raw[batchHeader:]); err != nil {
			return ignoreEnd(s.path, err)
		}
		if err := each(raw); err != nil {
			return err
		}
	}
}

func ignoreEnd(path string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("read segment %s: %w", filepath.Base(path), err)
}

// newest is the greatest timestamp of the segment's records.
func (s segment) newest() (time.Time, error) {
	newest := int64(0)
	err := s.batches(func(raw []byte) error {
		newest = max(newest, newestOf(raw))
		return nil
	})
	return time.UnixMilli(newest), err
}

func newestOf(raw []byte) int64 { return int64(binary.BigEndian.Uint64(raw[batchNewestAt:])) }
