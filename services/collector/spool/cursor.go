package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

// cursorName is the file that says how far the reader was: "FSC1", then number, salt and
// offset, 8 bytes each, then a CRC32C of all that.
const (
	cursorName  = "cursor"
	cursorBytes = 32
)

// cursor is a place in a segment.
type cursor struct {
	number, salt uint64
	offset       int64
}

func (c cursor) encode() []byte {
	b := make([]byte, 0, cursorBytes)
	b = append(b, "FSC1"...)
	b = binary.LittleEndian.AppendUint64(b, c.number)
	b = binary.LittleEndian.AppendUint64(b, c.salt)
	b = binary.LittleEndian.AppendUint64(b, uint64(c.offset))
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeCursor is false for anything but an intact cursor.
func decodeCursor(b []byte) (cursor, bool) {
	if len(b) != cursorBytes || string(b[:4]) != "FSC1" || binary.LittleEndian.Uint32(b[28:]) != crc32.Checksum(b[:28], castagnoli) {
		return cursor{}, false
	}
	c := cursor{
		number: binary.LittleEndian.Uint64(b[4:]), salt: binary.LittleEndian.Uint64(b[12:]),
		offset: int64(binary.LittleEndian.Uint64(b[20:])),
	}
	return c, c.offset >= 0
}

// loadCursor reads the cursor; false when there is none that points into one of the segments.
func loadCursor(dir string, found []*segment) (cursor, bool) {
	b, err := os.ReadFile(filepath.Join(dir, cursorName))
	if err != nil {
		return cursor{}, false
	}
	c, ok := decodeCursor(b)
	if !ok {
		return cursor{}, false
	}
	for _, s := range found {
		if s.number == c.number && s.salt == c.salt {
			return c, true
		}
	}
	return cursor{}, false
}

// saveCursor writes the reader's place, by rename, so that a crash leaves the old one or the new one.
func (l *Log) saveCursor() error {
	l.mu.Lock()
	if len(l.segments) == 0 {
		l.mu.Unlock()
		return nil // an old one points nowhere
	}
	c := cursor{number: l.segments[0].number, salt: l.segments[0].salt, offset: l.offset}
	l.mu.Unlock()
	path := filepath.Join(l.cfg.Dir, cursorName)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the spool's cursor: %w", err)
	}
	_, err = f.Write(c.encode())
	if err == nil {
		err = l.sync(f)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("write the spool's cursor: %w", err)
	}
	return nil
}
