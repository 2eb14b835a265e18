package embeddedkafka

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// limits say what a compaction may touch.
type limits struct {
	// cleanUntil: from the first batch with a record this young on, everything stays as it is.
	cleanUntil time.Time
	// tombstones older than this go, too.
	tombstones time.Time
	// anchor is the first record, which stays.
	anchor anchor
	// last is the offset of each key's last record.
	last map[string]int64
}

type anchor struct {
	key    string
	offset int64
}

// compact rewrites a partition so that of each key only the last record stays, as
// Kafka does it: offsets keep their meaning, and the last batch is never touched.
//
// The very first record stays, too, for the library takes the first offset it finds for
// the beginning of the log, and a reader that stands before that would be out of range.
func compact(part string, segments []segment, l limits) error {
	end, err := untouchedFrom(segments, l.cleanUntil)
	if err != nil {
		return err
	}
	if l.anchor, l.last, err = lastOffsets(segments, end); err != nil {
		return err
	}
	next := part + replacing
	if err := os.Mkdir(next, 0o755); err != nil {
		return fmt.Errorf("make a place for the compacted partition: %w", err)
	}
	w := &segmentWriter{dir: next}
	for _, s := range segments {
		err = errors.Join(err, s.batches(func(raw []byte) error {
			if firstOffset(raw) >= end {
				return w.write(raw)
			}
			return w.keep(raw, l)
		}))
	}
	if err = errors.Join(err, w.close()); err != nil {
		return errors.Join(err, os.RemoveAll(next))
	}
	return replace(part, next)
}

// replace puts next in the place of part; see recoverReplaced for a crash in between.
func replace(part, next string) error {
	if err := os.Rename(part, part+replaced); err != nil {
		return fmt.Errorf("move the partition away: %w", err)
	}
	if err := os.Rename(next, part); err != nil {
		return errors.Join(fmt.Errorf("put the compacted partition in place: %w", err), os.Rename(part+replaced, part))
	}
	if err := os.RemoveAll(part + replaced); err != nil {
		return fmt.Errorf("remove the partition as it was: %w", err)
	}
	return nil
}

// untouchedFrom is the offset of the first batch that has a record as young as
// cleanUntil, or of the last batch when none has.
func untouchedFrom(segments []segment, cleanUntil time.Time) (end int64, err error) {
	young := false
	for _, s := range segments {
		err := s.batches(func(raw []byte) error {
			if !young {
				end = firstOffset(raw)
				young = newestOf(raw) >= cleanUntil.UnixMilli()
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return end, nil
}

// lastOffsets returns the first record, and the offset of each key's last record before end.
func lastOffsets(segments []segment, end int64) (first anchor, last map[string]int64, err error) {
	last = map[string]int64{}
	for _, s := range segments {
		err := s.batches(func(raw []byte) error {
			if firstOffset(raw) >= end {
				return nil
			}
			b, records, err := decode(raw)
			for _, r := range records {
				offset := b.FirstOffset + int64(r.OffsetDelta)
				if len(last) == 0 {
					first = anchor{key: string(r.Key), offset: offset}
				}
				last[string(r.Key)] = offset
			}
			return err
		})
		if err != nil {
			return anchor{}, nil, err
		}
	}
	return first, last, nil
}

func firstOffset(raw []byte) int64 { return int64(binary.BigEndian.Uint64(raw)) }

// decode reads a batch and its records.
func decode(raw []byte) (b kmsg.RecordBatch, records []kmsg.Record, err error) {
	if err := b.ReadFrom(raw); err != nil {
		return b, nil, fmt.Errorf("read the batch at offset %d: %w", firstOffset(raw), err)
	}
	records, err = kfake.BatchRecords(b)
	if err != nil {
		return b, nil, fmt.Errorf("read the records at offset %d: %w", b.FirstOffset, err)
	}
	return b, records, nil
}

// survivors are the records of a batch that a compaction keeps.
func survivors(b kmsg.RecordBatch, records []kmsg.Record, l limits) []kmsg.Record {
	return slices.DeleteFunc(records, func(r kmsg.Record) bool {
		key, offset := string(r.Key), b.FirstOffset+int64(r.OffsetDelta)
		switch {
		case offset == l.anchor.offset:
			return false
		case l.last[key] != offset:
			return true
		case key == l.anchor.key: // also as a tombstone, or the first record would count again
			return false
		}
		return r.Value == nil && b.FirstTimestamp+r.TimestampDelta64 < l.tombstones.UnixMilli()
	})
}

// encode writes a batch with these of its records, uncompressed; the fields that name
// its producer and its place stay.
func encode(b kmsg.RecordBatch, records []kmsg.Record) []byte {
	b.Records = nil
	for _, r := range records {
		b.Records = r.AppendTo(b.Records)
	}
	b.NumRecords = int32(len(records))
	b.LastOffsetDelta = records[len(records)-1].OffsetDelta
	b.Attributes &^= 0x07 // no compression
	raw := b.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[batchLengthAt:], uint32(len(raw)-batchHeader))
	binary.BigEndian.PutUint32(raw[batchChecksumAt:], crc32.Checksum(raw[batchChecksumAt+4:], crc32.MakeTable(crc32.Castagnoli)))
	return raw
}

// segmentWriter writes batches into segments of a partition that is being made.
type segmentWriter struct {
	dir  string
	file *os.File
	to   *bufio.Writer
	size int64
}

// keep writes what a compaction leaves of a batch.
func (w *segmentWriter) keep(raw []byte, l limits) error {
	b, records, err := decode(raw)
	if err != nil {
		return err
	}
	switch kept := survivors(b, records, l); len(kept) {
	case 0:
		return nil
	case int(b.NumRecords):
		return w.write(raw)
	default:
		return w.write(encode(b, kept))
	}
}

func (w *segmentWriter) write(raw []byte) error {
	if w.file == nil || w.size >= segmentBytes {
		if err := w.close(); err != nil {
			return err
		}
		f, err := os.Create(filepath.Join(w.dir, fmt.Sprintf("%d.dat", firstOffset(raw))))
		if err != nil {
			return fmt.Errorf("make a segment: %w", err)
		}
		w.file, w.to, w.size = f, bufio.NewWriterSize(f, 1<<20), 0
	}
	n, err := w.to.Write(raw)
	w.size += int64(n)
	if err != nil {
		return fmt.Errorf("write a segment: %w", err)
	}
	return nil
}

// close ends the segment in hand, on the disk.
func (w *segmentWriter) close() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.to.Flush(), w.file.Sync(), w.file.Close())
	w.file = nil
	if err != nil {
		return fmt.Errorf("end a segment: %w", err)
	}
	return nil
}
