package stream

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

// told is a handler that notes what it is given, with the life of the log it comes from.
type told struct {
	mu   sync.Mutex
	recs []broker.Record
}

func (h *told) Process(tx *Tx, rec broker.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	tx.Set(rec.Key, rec.Value)
	h.recs = append(h.recs, rec)
	return nil
}

func (h *told) Timer(*Tx, []byte, time.Time) error { return nil }

// values gives what came, each once, and forgets it. A fault may have a batch folded again.
func (h *told) values() (values []string, lives map[uint32]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	lives = map[uint32]bool{}
	for _, r := range h.recs {
		if n := len(values); n == 0 || values[n-1] != string(r.Value) {
			values = append(values, string(r.Value))
		}
		lives[r.Life] = true
	}
	return values, lives
}

// brokenInput is a broker on disk with one partition of the input, and a processor that has read three records of it.
type brokenInput struct {
	*testkit.DiskKafka
	t      *testing.T
	client *broker.Client
	dir    string
}

func newBrokenInput(t *testing.T) *brokenInput {
	b := &brokenInput{DiskKafka: testkit.NewDiskKafka(t), t: t, dir: t.TempDir()}
	b.client = b.dial(broker.GapHold)
	if err := b.client.EnsureTopics(t.Context(), inTopic, outTopic, logTopic, topics.DeadLetter(inTopic)); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *brokenInput) dial(gaps broker.GapPolicy) *broker.Client {
	b.t.Helper()
	c, err := broker.Dial(b.t.Context(), broker.Config{Addresses: []string{b.Addr()}, Partitions: 1, Gaps: gaps}, quiet())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(c.Close)
	return c
}

// write sends records, each in a batch of its own.
func (b *brokenInput) write(values ...string) {
	b.t.Helper()
	c := b.dial(broker.GapHold) // no connection of the broker that was before
	for _, v := range values {
		if _, err := c.Append(b.t.Context(), broker.TopicPartition{Topic: inTopic.Name}, []broker.Message{{Key: []byte("k"), Value: []byte(v)}}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// run starts a processor with a policy.
func (b *brokenInput) run(gaps broker.GapPolicy) (*Processor, *told, func() error) {
	b.t.Helper()
	h := &told{}
	c := &cluster{addr: b.Addr(), client: b.dial(gaps)}
	p, stop := c.start(b.t, testConfig(b.dir), h, nil)
	return p, h, stop
}

func (h *told) want(t *testing.T, want ...string) map[uint32]bool {
	t.Helper()
	var lives map[uint32]bool
	testkit.Eventually(t, time.Minute, func() error {
		var got []string
		if got, lives = h.values(); fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("folded %v, want %v", got, want)
		}
		return nil
	})
	return lives
}

func wantHeld(t *testing.T, p *Processor, kind string) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		if err := p.Ready(); err == nil || !strings.Contains(err.Error(), kind) || !strings.Contains(err.Error(), "--gaps skip") {
			return fmt.Errorf("want a partition held: %s; ready says %w", kind, err)
		}
		return nil
	})
}

// TestABrokenInput: an input that was cut, or made anew, holds the partition until somebody decides. Then what came at offsets
// that were read before is folded like everything else, in another life.
func TestABrokenInput(t *testing.T) {
	for name, c := range map[string]struct {
		harm    func(b *brokenInput)
		says    string
		then    []string
		newLife bool
	}{
		"made anew": {
			harm: func(b *brokenInput) {
				testkit.DeleteTopic(b.t, b.Addr(), inTopic.Name)
				testkit.Eventually(b.t, time.Minute, func() error { return b.client.EnsureTopics(b.t.Context(), inTopic) })
				b.write("n0", "n1")
			},
			says: "made anew", then: []string{"n0", "n1"}, newLife: true,
		},
		"made anew and grown beyond": {
			harm: func(b *brokenInput) {
				testkit.DeleteTopic(b.t, b.Addr(), inTopic.Name)
				testkit.Eventually(b.t, time.Minute, func() error { return b.client.EnsureTopics(b.t.Context(), inTopic) })
				b.write("n0", "n1", "n2", "n3")
			},
			says: "made anew", then: []string{"n0", "n1", "n2", "n3"}, newLife: true,
		},
		"cut and grown beyond": {
			harm: func(b *brokenInput) { b.cut(1); b.write("n1", "n2", "n3") },
			says: "lost its tail", then: []string{"0", "n1", "n2", "n3"}, newLife: true,
		},
		"a hole before the place": {
			harm: func(b *brokenInput) {
				b.write("3", "4", "5")
				b.Stop()
				b.flip(4)
				b.Start()
			},
			says: "lost 1 records", then: []string{"3", "5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrokenInput(t)
			b.write("0", "1", "2")
			_, h, stop := b.run(broker.GapHold)
			before := h.want(t, "0", "1", "2")
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			c.harm(b)

			p, _, stop := b.run(broker.GapHold)
			wantHeld(t, p, c.says)
			if err := stop(); err != nil {
				t.Errorf("a held partition ended the processor: %v", err)
			}
			p, h, stop = b.run(broker.GapSkip)
			if c.newLife {
				after := h.want(t, c.then...)
				for life := range after {
					if life == 0 || before[life] {
						t.Errorf("records of another log came in the life %d", life)
					}
				}
			} else if after := h.want(t, c.then[len(c.then)-1:]...); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("the life of a log that goes on is %v, was %v", after, before)
			}
			if err := p.Ready(); err != nil {
				t.Errorf("not ready: %v", err)
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			// What was decided stays decided.
			_, h, stop = b.run(broker.GapHold)
			b.write("last")
			h.want(t, "last")
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// cut loses all but some records of the input, unknown to the broker.
func (b *brokenInput) cut(keep int) {
	b.Stop()
	b.Forget(inTopic.Name, 0, keep)
	b.forgetOffsets()
	b.Start()
}

// forgetOffsets has the broker not know how far the group had come; the changelog does.
func (b *brokenInput) forgetOffsets() {
	b.t.Helper()
	if err := os.Remove(b.Dir + "/log/groups.log"); err != nil {
		b.t.Fatal(err)
	}
}

// flip damages one record of the input.
func (b *brokenInput) flip(record int) {
	b.t.Helper()
	file := b.File(inTopic.Name, 0)
	raw, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	at := 0
	for range record {
		at += 12 + int(raw[at+11]) + int(raw[at+10])<<8
	}
	raw[at+66] ^= 1
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// TestAnInputMadeAnewUnderARunningTask: nothing that is sent to the new topic is passed over, whichever way the reader notices.
func TestAnInputMadeAnewUnderARunningTask(t *testing.T) {
	b := newBrokenInput(t)
	b.write("0", "1", "2")
	p, h, stop := b.run(broker.GapHold)
	h.want(t, "0", "1", "2")
	testkit.DeleteTopic(t, b.Addr(), inTopic.Name)
	testkit.Eventually(t, time.Minute, func() error { return b.client.EnsureTopics(t.Context(), inTopic) })
	b.write("n0", "n1", "n2", "n3", "n4")
	wantHeld(t, p, "made anew")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	_, h, stop = b.run(broker.GapSkip)
	h.want(t, "n0", "n1", "n2", "n3", "n4")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestATopicMadeAnewOnAnyBroker: as above, on Apache Kafka too, where a topic takes a while to go.
func TestATopicMadeAnewOnAnyBroker(t *testing.T) {
	c := newCluster(t, 1)
	tell := func(values ...string) {
		fresh, err := dial(t.Context(), c.addr, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer fresh.Close()
		for _, v := range values {
			testkit.Eventually(t, time.Minute, func() error {
				_, err := fresh.Append(t.Context(), broker.TopicPartition{Topic: inTopic.Name}, []broker.Message{{Key: []byte("k"), Value: []byte(v)}})
				return err
			})
		}
	}
	cfg, h := testConfig(t.TempDir()), &told{}
	tell("0", "1", "2")
	p, stop := c.start(t, cfg, h, nil)
	h.want(t, "0", "1", "2")
	old, err := c.client.Log(t.Context(), inTopic.Name)
	if err != nil {
		t.Fatal(err)
	}
	testkit.DeleteTopic(t, c.addr, inTopic.Name)
	testkit.Eventually(t, time.Minute, func() error {
		if err := c.client.EnsureTopics(t.Context(), inTopic); err != nil {
			return err
		}
		id, err := c.client.Log(t.Context(), inTopic.Name)
		if err == nil && id == old {
			err = fmt.Errorf("the old topic %s is still there", id)
		}
		return err
	})
	tell("n0", "n1", "n2", "n3")
	wantHeld(t, p, "made anew")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	skipping, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{c.addr}, Partitions: 1, Gaps: broker.GapSkip}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(skipping.Close)
	c.client, h = skipping, &told{}
	_, stop = c.start(t, cfg, h, nil)
	h.want(t, "n0", "n1", "n2", "n3")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
