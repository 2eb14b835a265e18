package embeddedkafka

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
)

// harmed is a log of one partition, ten records in ten batches, whose file is to be harmed.
type harmed struct {
	dir     string
	part    string
	file    string
	starts  []int // of the batches, in bytes, and the end
	content []byte
}

const harmedTopic = "facts"

func newHarmed(t *testing.T, config ...kafka.ConfigEntry) *harmed {
	t.Helper()
	h := &harmed{dir: t.TempDir()}
	var batches [][]kafka.Record
	for i := range 10 {
		batches = append(batches, []kafka.Record{record(fmt.Sprint("k", i), fmt.Sprint("v", i))})
	}
	write(t, h.dir, harmedTopic, config, batches...)
	h.part = filepath.Join(h.dir, logDir, "partitions", harmedTopic+"-0")
	h.file = filepath.Join(h.part, "0.dat")
	var err error
	if h.content, err = os.ReadFile(h.file); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(h.content); at += batchHeader + int(binary.BigEndian.Uint32(h.content[at+batchLengthAt:])) {
		h.starts = append(h.starts, at)
	}
	h.starts = append(h.starts, len(h.content))
	return h
}

// put writes the file anew.
func (h *harmed) put(t *testing.T, content []byte) {
	t.Helper()
	if err := os.WriteFile(h.file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// unknown forgets what the broker knew at its clean stop, as after a power cut.
func (h *harmed) unknown(t *testing.T) {
	t.Helper()
	if err := errors.Join(removeAny(filepath.Join(h.part, snapshotFile)), removeAny(filepath.Join(h.part, "0.idx"))); err != nil {
		t.Fatal(err)
	}
}

// story reads the log as a reader of ours does: what it gets, and what it is told is lost.
func story(t *testing.T, address string) []string {
	t.Helper()
	c, err := broker.Dial(context.Background(), broker.Config{Addresses: []string{address}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tp := broker.TopicPartition{Topic: harmedTopic}
	spans, err := c.Spans(context.Background(), harmedTopic)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for at := spans[0].First; at < spans[0].Next; {
		b, err := c.Fetch(context.Background(), tp, at, broker.FetchOptions{})
		var gone *broker.Break
		switch {
		case errors.As(err, &gone):
			out = append(out, fmt.Sprintf("%d lost %d", at, gone.Missing))
			at = gone.GoOn.Offset
			continue
		case err != nil:
			t.Fatal(err)
		}
		for _, r := range b.Records {
			out = append(out, fmt.Sprintf("%d %s", r.Offset, r.Value))
		}
		at = b.Next
	}
	return out
}

// passed reads the log as a tool does that owes nobody what is lost.
func passed(t *testing.T, address string) (values []string, lost int64) {
	t.Helper()
	c, err := broker.Dial(context.Background(), broker.Config{Addresses: []string{address}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tp := broker.TopicPartition{Topic: harmedTopic}
	for at, end := int64(0), int64(10); at < end; {
		b, err := c.Fetch(context.Background(), tp, at, broker.FetchOptions{PassLost: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range b.Records {
			values = append(values, string(r.Value))
		}
		at = b.Next
	}
	spans, err := c.LostIn(context.Background(), tp)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range spans {
		lost += s.Next - s.First
	}
	return values, lost
}

// TestToolsPassOverWhatIsLost: they are not held, and the offsets that are lost can be asked for.
func TestToolsPassOverWhatIsLost(t *testing.T) {
	h := newHarmed(t)
	h.put(t, flipped(h.content, h.starts[4]+66)[:h.starts[8]])
	values, lost := passed(t, startHere(t, h.dir).Addr())
	if fmt.Sprint(values) != "[v0 v1 v2 v3 v5 v6 v7]" || lost != 3 {
		t.Errorf("read %v, %d lost", values, lost)
	}
}

func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 1
	return b
}

// TestRescue says what is left of a harmed log, and that what is lost is told and never given out again.
func TestRescue(t *testing.T) {
	compact := kafka.ConfigEntry{ConfigName: "cleanup.policy", ConfigValue: "compact"}
	for name, tc := range map[string]struct {
		config  []kafka.ConfigEntry
		harm    func(t *testing.T, h *harmed)
		want    string
		lost    int64
		offset  int64 // of the next record
		damaged bool  // a copy of the file is kept
	}{
		"nothing": {harm: func(*testing.T, *harmed) {}, want: "0 v0,1 v1,2 v2,3 v3,4 v4,5 v5,6 v6,7 v7,8 v8,9 v9", offset: 10},
		"damage in the middle, and the offset of the second record behind it": {
			harm: func(t *testing.T, h *harmed) {
				h.put(t, flipped(flipped(h.content, h.starts[4]+66), h.starts[6]+7)) // 6 says 7
			},
			want: "0 v0,1 v1,2 v2,3 v3,4 lost 1,5 v5,6 v6,7 v7,8 v8,9 v9", lost: 1, offset: 10, damaged: true,
		},
		"a torn write behind the end": {
			harm: func(t *testing.T, h *harmed) { h.put(t, append(slices.Clone(h.content), h.content[:37]...)) },
			want: "0 v0,1 v1,2 v2,3 v3,4 v4,5 v5,6 v6,7 v7,8 v8,9 v9", offset: 10, damaged: true,
		},
		"the tail is lost and the broker had stopped cleanly": {
			harm: func(t *testing.T, h *harmed) { h.put(t, h.content[:h.starts[6]]) },
			want: "0 v0,1 v1,2 v2,3 v3,4 v4,5 v5,6 lost 4", lost: 4, offset: 10,
		},
		"the tail is lost in mid-batch": {
			harm: func(t *testing.T, h *harmed) { h.put(t, h.content[:h.starts[6]+20]) },
			want: "0 v0,1 v1,2 v2,3 v3,4 v4,5 v5,6 lost 4", lost: 4, offset: 10, damaged: true,
		},
		"everything is lost": {
			harm: func(t *testing.T, h *harmed) { h.put(t, nil) }, want: "0 lost 10", lost: 10, offset: 10,
		},
		"the tail is lost and only a group knows": {
			harm: func(t *testing.T, h *harmed) {
				commitOffset(t, h.dir, 8)
				h.unknown(t)
				h.put(t, h.content[:h.starts[6]])
			},
			want: "0 v0,1 v1,2 v2,3 v3,4 v4,5 v5,6 lost 2", lost: 2, offset: 8,
		},
		"the tail is lost and nobody knows": {
			harm: func(t *testing.T, h *harmed) { h.unknown(t); h.put(t, h.content[:h.starts[6]]) },
			want: "0 v0,1 v1,2 v2,3 v3,4 v4,5 v5", offset: 6,
		},
		"a byte in the middle is wrong": {
			harm: func(t *testing.T, h *harmed) { h.put(t, flipped(h.content, h.starts[4]+70)) },
			want: "0 v0,1 v1,2 v2,3 v3,4 lost 1,5 v5,6 v6,7 v7,8 v8,9 v9", lost: 1, offset: 10, damaged: true,
		},
		"a length in the middle is wrong": {
			harm: func(t *testing.T, h *harmed) { h.put(t, flipped(h.content, h.starts[4]+batchLengthAt)) },
			want: "0 v0,1 v1,2 v2,3 v3,4 lost 1,5 v5,6 v6,7 v7,8 v8,9 v9", lost: 1, offset: 10, damaged: true,
		},
		"an offset in the middle is wrong, which no checksum covers": {
			harm: func(t *testing.T, h *harmed) { h.put(t, flipped(h.content, h.starts[4]+7)) },
			want: "0 v0,1 v1,2 v2,3 v3,4 v4,5 v5,6 v6,7 v7,8 v8,9 v9", offset: 10, damaged: true,
		},
		"two places are wrong and the tail is lost": {
			harm: func(t *testing.T, h *harmed) {
				h.put(t, flipped(flipped(h.content, h.starts[0]+70), h.starts[4]+70)[:h.starts[8]])
			},
			want: "0 lost 1,1 v1,2 v2,3 v3,4 lost 1,5 v5,6 v6,7 v7,8 lost 2", lost: 4, offset: 10, damaged: true,
		},
		"a compacted log ends before the damage": {
			config: []kafka.ConfigEntry{compact},
			harm:   func(t *testing.T, h *harmed) { h.put(t, flipped(h.content, h.starts[4]+70)) },
			want:   "0 v0,1 v1,2 v2,3 v3", offset: 4, damaged: true,
		},
		"a compacted log that lost its tail is as if that had never been": {
			config: []kafka.ConfigEntry{compact},
			harm:   func(t *testing.T, h *harmed) { h.put(t, h.content[:h.starts[6]]) },
			want:   "0 v0,1 v1,2 v2,3 v3,4 v4,5 v5", offset: 6,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarmed(t, tc.config...)
			tc.harm(t, h)
			b := startHere(t, h.dir)
			if got := strings.Join(story(t, b.Addr()), ","); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			lost := int64(0)
			for _, l := range b.Lost() {
				lost += l.Records()
			}
			if lost != tc.lost {
				t.Errorf("%d records are told as lost, want %d", lost, tc.lost)
			}
			if _, err := os.Stat(h.file + aside); (err == nil) != tc.damaged {
				t.Errorf("a copy of the damaged file: %v, want %v", err == nil, tc.damaged)
			}
			if err := produce(context.Background(), client(t, b.Addr()), harmedTopic, record("k", "new")); err != nil {
				t.Fatal(err)
			}
			b.Close()
			// The next start finds nothing more, and the same records, with the new one at the offset it got.
			b = startHere(t, h.dir)
			want := strings.TrimPrefix(tc.want+fmt.Sprintf(",%d new", tc.offset), ",")
			if got := strings.Join(story(t, b.Addr()), ","); got != want || len(b.Lost()) != 0 {
				t.Errorf("after another start: got %s, lost %v\nwant %s", got, b.Lost(), want)
			}
			b.Close()
		})
	}
}

// commitOffset has a group commit an offset and stops the broker again.
func commitOffset(t *testing.T, dir string, offset int64) {
	t.Helper()
	b := startHere(t, dir)
	defer b.Close()
	res, err := client(t, b.Addr()).OffsetCommit(context.Background(), &kafka.OffsetCommitRequest{
		GroupID: "readers", GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{harmedTopic: {{Partition: 0, Offset: offset}}},
	})
	if err == nil {
		err = res.Topics[harmedTopic][0].Error
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRescueKeepsWhatIsWhole: whatever bytes are harmed, each record that was not is still there at its offset, none has other content than it had,
// and offsets go on where they were.
func TestRescueKeepsWhatIsWhole(t *testing.T) {
	h := newHarmed(t)
	rapid.Check(t, func(rt *rapid.T) {
		content := slices.Clone(h.content)
		hit, moved := map[int]bool{}, map[int]bool{} // in what the checksum covers or the length, and in the offset
		for range rapid.IntRange(0, 6).Draw(rt, "flips") {
			at := rapid.IntRange(0, len(content)-1).Draw(rt, "at")
			content[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "bits"))
			i, _ := slices.BinarySearch(h.starts, at+1)
			if at < h.starts[i-1]+batchLengthAt {
				moved[i-1] = true
			} else {
				hit[i-1] = true
			}
		}
		cut := rapid.IntRange(0, len(content)).Draw(rt, "cut")
		h.put(t, content[:cut])
		for i := range 10 {
			hit[i] = hit[i] || h.starts[i+1] > cut
		}
		r := rescuer{topic: topic{Name: harmedTopic}, dir: h.part, logger: slog.New(slog.DiscardHandler), next: -1}
		if err := r.run(10); err != nil {
			rt.Fatal(err)
		}
		raw, err := os.ReadFile(h.file)
		if err != nil {
			rt.Fatal(err)
		}
		next, there, astray := int64(-1), map[int64]bool{}, false
		for at := 0; at < len(raw); {
			b, ok := batchAt(raw[at:])
			if !ok || next >= 0 && b.first != next {
				rt.Fatalf("the batch at byte %d of the rescued file: %+v, %v; want offset %d", at, b, ok, next)
			}
			if raw[at+22]&controlBatch == 0 {
				i := slices.IndexFunc(h.starts[:10], func(from int) bool {
					return from+b.size <= len(h.content) && bytes.Equal(raw[at+batchChecksumAt:at+b.size], h.content[from+batchChecksumAt:from+b.size])
				})
				if i < 0 || there[int64(i)] {
					rt.Fatalf("offset %d has the content of none, or of one that was there", b.first)
				}
				if i != int(b.first) && !mayStray(i, hit, moved) {
					rt.Fatalf("offset %d has the content of record %d", b.first, i)
				}
				astray, there[int64(i)] = astray || i != int(b.first), true
			}
			next, at = b.last+1, at+b.size
		}
		if next != 10 && !(astray && next > 10) {
			rt.Fatalf("the next offset is %d, want 10", next)
		}
		for i := range 10 {
			if !hit[i] && !moved[i] && !there[int64(i)] && !mayStray(i, hit, moved) {
				rt.Errorf("record %d was whole and is gone", i)
			}
		}
		if err := errors.Join(removeAny(h.file+aside), removeAny(filepath.Join(h.part, snapshotFile))); err != nil {
			rt.Fatal(err)
		}
	})
}

// mayStray says that of the run of whole batches around a record half or more have another offset than they had: most of them may then say a wrong
// one. A run at the log's beginning is told its offset by the file's name.
func mayStray(i int, hit, moved map[int]bool) bool {
	from, to, wrong := i, i, 0
	for from > 0 && !hit[from-1] {
		from--
	}
	for to < 9 && !hit[to+1] {
		to++
	}
	for k := from; k <= to; k++ {
		if moved[k] {
			wrong++
		}
	}
	return from > 0 && 2*wrong >= to-from+1
}
