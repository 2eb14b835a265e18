package embeddedkafka

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// later is past every limit of the topics of these tests.
func later() time.Time { return time.Now().Add(100 * 24 * time.Hour) }

func compacted(config ...string) []kafka.ConfigEntry {
	entries := []kafka.ConfigEntry{{ConfigName: "cleanup.policy", ConfigValue: "compact"}}
	for i := 0; i < len(config); i += 2 {
		entries = append(entries, kafka.ConfigEntry{ConfigName: config[i], ConfigValue: config[i+1]})
	}
	return entries
}

// write produces batches of several records each to partition 0 and stops the broker.
func write(t *testing.T, dir, topic string, config []kafka.ConfigEntry, batches ...[]kafka.Record) {
	t.Helper()
	b := startHere(t, dir)
	createTopic(t, b.Addr(), topic, 1, config...)
	for _, records := range batches {
		if err := produce(context.Background(), client(t, b.Addr()), topic, records...); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
}

func TestCompaction(t *testing.T) {
	batches := func() [][]kafka.Record {
		return [][]kafka.Record{
			{record("a", "1"), record("b", "1"), record("gone", "1")}, // the first record stays
			{record("c", "1"), record("a", "2")},
			{record("gone", "")},
			{record("a", ""), record("b", "2")},        // its tombstone stays with it
			{record("last", "1"), record("last", "2")}, // the last batch is never touched
		}
	}
	for name, tc := range map[string]struct {
		config []string
		now    time.Time
		from   int64
		want   string
	}{
		"all of it":               {now: later(), want: "0 a=1 3 c=1 6 a= 7 b=2 8 last=1 9 last=2"},
		"a young tombstone":       {now: time.Now().Add(time.Hour), want: "0 a=1 3 c=1 5 gone= 6 a= 7 b=2 8 last=1 9 last=2"},
		"too young to be touched": {config: []string{"min.compaction.lag.ms", "3600000"}, now: time.Now(), want: "0 a=1 1 b=1 2 gone=1 3 c=1 4 a=2 5 gone= 6 a= 7 b=2 8 last=1 9 last=2"},
		"too small to be worth":   {now: later(), from: 1 << 20, want: "0 a=1 1 b=1 2 gone=1 3 c=1 4 a=2 5 gone= 6 a= 7 b=2 8 last=1 9 last=2"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "state", compacted(tc.config...), batches()...)
			if err := tidy(filepath.Join(dir, logDir), tc.now, tc.from); err != nil {
				t.Fatal(err)
			}
			b := startHere(t, dir)
			if got := strings.Join(readAll(t, b.Addr(), "state", 0), " "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if err := produce(context.Background(), client(t, b.Addr()), "state", record("d", "1")); err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, b.Addr(), "state", 10); fmt.Sprint(got) != "[10 d=1]" {
				t.Errorf("the next record is %v, want offset 10", got)
			}
		})
	}
}

// TestCompactionKeepsTheState: folding the log before and after gives the same map, whatever
// was written, through several compactions and restarts.
func TestCompactionKeepsTheState(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	want := map[string]string{}
	b := startHere(t, dir)
	createTopic(t, b.Addr(), "state", 1, compacted("delete.retention.ms", "0")...)
	for round := range 5 {
		c := client(t, b.Addr())
		for n := range 50 {
			var records []kafka.Record
			for i := range 1 + rng.IntN(20) {
				key, value := fmt.Sprint("k", rng.IntN(100)), fmt.Sprint("v", round, "-", n, "-", i)
				if rng.IntN(5) == 0 {
					value = ""
				}
				if want[key] = value; value == "" {
					delete(want, key)
				}
				records = append(records, record(key, value))
			}
			if err := produce(context.Background(), c, "state", records...); err != nil {
				t.Fatal(err)
			}
		}
		end := next(t, b.Addr(), "state")
		before := len(readAll(t, b.Addr(), "state", 0))
		b.Close()
		if err := tidy(filepath.Join(dir, logDir), later(), 0); err != nil {
			t.Fatal(err)
		}
		b = startHere(t, dir)
		log := readAll(t, b.Addr(), "state", 0)
		if len(log) >= before {
			t.Errorf("round %d: %d records after the compaction, %d before", round, len(log), before)
		}
		if got := fold(log); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("round %d: the state is %v, want %v", round, got, want)
		}
		if got := next(t, b.Addr(), "state"); got != end {
			t.Fatalf("round %d: the next offset is %d, want %d", round, got, end)
		}
	}
}

func fold(log []string) map[string]string {
	state := map[string]string{}
	for _, r := range log {
		_, record, _ := strings.Cut(r, " ")
		key, value, _ := strings.Cut(record, "=")
		if state[key] = value; value == "" {
			delete(state, key)
		}
	}
	return state
}

// TestInterruptedCompaction: a crash leaves the partition as it was or as it should be.
func TestInterruptedCompaction(t *testing.T) {
	for name, crash := range map[string]func(part string) error{
		"while the new one is written": func(part string) error {
			return os.CopyFS(part+replacing, os.DirFS(part)) // half of it would do
		},
		"between the two renames": func(part string) error { return os.Rename(part, part+replaced) },
		"before the old one is removed": func(part string) error {
			return os.CopyFS(part+replaced, os.DirFS(part))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "state", compacted(), []kafka.Record{record("a", "1")}, []kafka.Record{record("b", "1")})
			if err := crash(filepath.Join(dir, logDir, "partitions", "state-0")); err != nil {
				t.Fatal(err)
			}
			b := startHere(t, dir)
			if got := fmt.Sprint(readAll(t, b.Addr(), "state", 0)); got != "[0 a=1 1 b=1]" {
				t.Errorf("got %s", got)
			}
			left, err := os.ReadDir(filepath.Join(dir, logDir, "partitions"))
			if err != nil || len(left) != 1 {
				t.Errorf("%v are left, %v; want one partition", left, err)
			}
		})
	}
}

func TestRetention(t *testing.T) {
	segments := []kafka.ConfigEntry{{ConfigName: "segment.bytes", ConfigValue: "1"}} // one a batch
	for name, tc := range map[string]struct {
		retention string
		now       time.Time
		want      string
	}{
		"all old: the last segment holds the offset": {retention: "1000", now: later(), want: "[2 k=3]"},
		"all young": {retention: "86400000", now: time.Now(), want: "[0 k=1 1 k=2 2 k=3]"},
		"for ever":  {retention: "-1", now: later(), want: "[0 k=1 1 k=2 2 k=3]"},
		"not said":  {now: later(), want: "[0 k=1 1 k=2 2 k=3]"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			config := slices.Clone(segments)
			if tc.retention != "" {
				config = append(config, kafka.ConfigEntry{ConfigName: "retention.ms", ConfigValue: tc.retention})
			}
			write(t, dir, "facts", config, []kafka.Record{record("k", "1")}, []kafka.Record{record("k", "2")}, []kafka.Record{record("k", "3")})
			if err := tidy(filepath.Join(dir, logDir), tc.now, 0); err != nil {
				t.Fatal(err)
			}
			b := startHere(t, dir)
			first, _, _ := strings.Cut(strings.TrimPrefix(tc.want, "["), " ")
			from := int64(first[0] - '0')
			if got := fmt.Sprint(readAll(t, b.Addr(), "facts", from)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if got := next(t, b.Addr(), "facts"); got != 3 {
				t.Errorf("the next offset is %d, want 3", got)
			}
		})
	}
}

// TestTornTail: what a crash left of a batch does not disturb tidying.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "state", compacted(), []kafka.Record{record("a", "1")}, []kafka.Record{record("a", "2")}, []kafka.Record{record("a", "3")})
	path := filepath.Join(dir, logDir, "partitions", "state-0", "0.dat")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)-7], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tidy(filepath.Join(dir, logDir), later(), 0); err != nil {
		t.Fatal(err)
	}
	b := startHere(t, dir)
	if got := fmt.Sprint(readAll(t, b.Addr(), "state", 1)); got != "[1 a=2]" {
		t.Errorf("got %s, want the last whole batch", got)
	}
}
