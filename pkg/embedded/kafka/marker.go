package embeddedkafka

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/freshet/freshet/pkg/broker"
)

// Where a record batch says what else; see segment.go.
const (
	batchMagicAt = 16 // int8: the format, 2
	batchLastAt  = 23 // int32: the last record's offset, less the first's
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// intact says that a batch has the checksum of its bytes.
func intact(raw []byte) bool {
	return binary.BigEndian.Uint32(raw[batchChecksumAt:]) == crc32.Checksum(raw[batchChecksumAt+4:], castagnoli)
}

// controlBatch are the attributes of a batch that is not for readers.
const controlBatch = 0x20

// marker is the batch that stands in the place of lost records: one control record, at the last of their offsets.
func marker(l Lost) []byte {
	key := binary.BigEndian.AppendUint16(nil, 0) // version
	key = binary.BigEndian.AppendUint16(key, uint16(broker.LostRecords))
	now := time.Now().UnixMilli()
	b := kmsg.RecordBatch{
		FirstOffset: l.From, PartitionLeaderEpoch: 0, Magic: 2, Attributes: controlBatch,
		FirstTimestamp: now, MaxTimestamp: now, ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1,
	}
	delta := int32(l.Records() - 1)
	r := kmsg.Record{OffsetDelta: delta, Key: key}
	r.Length = int32(len(r.AppendTo(nil)) - 1) // the length field itself, which is one byte while it is 0
	return encode(b, []kmsg.Record{r})
}

// snapshotFile is what the library knows of a partition at a clean stop.
const snapshotFile = "snapshot.json"

type snapshot struct {
	End      int64 `json:"high_watermark"`
	LogStart int64 `json:"log_start_offset"`
}

// readSnapshot is zero when there is none, or none that can be read: then nothing is known.
func readSnapshot(part string) (snapshot, error) {
	b, err := os.ReadFile(filepath.Join(part, snapshotFile))
	if errors.Is(err, os.ErrNotExist) {
		return snapshot{}, nil
	}
	if err != nil {
		return snapshot{}, fmt.Errorf("read what is known of a partition: %w", err)
	}
	var s snapshot
	if json.Unmarshal(b, &s) != nil {
		return snapshot{}, nil
	}
	return s, nil
}
