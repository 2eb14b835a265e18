package feature

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/order"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
	"github.com/freshet/freshet/services/feature/orderbook"
)

// world is the feature service and its surroundings in memory: several partitions of
// every topic, identity as a writer, one task a partition. It knows crashes and
// repeats exactly as package stream and the broker have them.
type world struct {
	t     *rapid.T
	now   time.Time
	ahead time.Duration // how far the task's clock is ahead of what has certainly passed, beside the hour that it may always be
	parts int

	logs    map[broker.TopicPartition][]broker.Record
	sent    map[lane][]broker.Message // what each writer wrote to each partition, in order
	tasks   []*memoryTask
	books   []*memoryTask // of the order book
	truth   oracle.Log
	kept    *book // the catalogue of the tasks
	ids     []string
	gone    map[string]bool
	epoch   int64
	offsets []int64 // next raw offset of each raw partition
	events  int

	resolved []*eventv1.ResolvedEvent // every unique event, for the warehouse
	mappings []*identityv1.Mapping
}

// lane is one writer's way into one partition: it keeps order.
type lane struct {
	writer string
	to     broker.TopicPartition
}

// memoryTask is the committed state of one partition.
type memoryTask struct {
	kv     map[string][]byte
	timers map[string]int64
	next   map[string]int // next offset by topic
	// hand goes on from batch to batch, with the memory that it uses again, until a crash.
	hand *handler
	of   *book
}

// handler is the task's, a new one after a crash and for another catalogue.
func (m *memoryTask) handler(w *world) *handler {
	if m.hand == nil || m.of != w.kept {
		m.hand, m.of = newHandler(w.kept.copy(), testMetrics(w.t)), w.kept
	}
	return m.hand
}

func newWorld(t *rapid.T) *world {
	w := &world{
		t: t, kept: mediumBook, now: oracle.Epoch, parts: rapid.IntRange(1, 3).Draw(t, "partitions"),
		logs: map[broker.TopicPartition][]broker.Record{}, sent: map[lane][]broker.Message{}, gone: map[string]bool{},
		offsets: make([]int64, rapid.IntRange(1, 2).Draw(t, "raw partitions")),
	}
	for range w.parts {
		w.tasks = append(w.tasks, &memoryTask{kv: map[string][]byte{}, timers: map[string]int64{}, next: map[string]int{}})
		w.books = append(w.books, &memoryTask{kv: map[string][]byte{}, timers: map[string]int64{}, next: map[string]int{}})
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "customers") {
		w.ids = append(w.ids, customer.ID("default", "user_id", fmt.Sprint(i), 0))
	}
	return w
}

func (w *world) partition(key []byte) int {
	h := fnv.New32a()
	h.Write(key)
	return int(h.Sum32() % uint32(w.parts))
}

// send appends a message to its partition.
func (w *world) send(writer string, m broker.Message) {
	to := broker.TopicPartition{Topic: m.Topic, Partition: w.partition(m.Key)}
	l := lane{writer, to}
	w.sent[l] = append(w.sent[l], m)
	w.append(to, m)
}

func (w *world) append(to broker.TopicPartition, m broker.Message) {
	w.logs[to] = append(w.logs[to], broker.Record{
		Topic: to.Topic, Partition: to.Partition, Offset: int64(len(w.logs[to])), Key: m.Key, Value: m.Value,
	})
}

// repeat has a writer resend a run of what it sent before: a retry after a lost
// answer, a new owner that publishes the last commit again, or a sleeper that wakes up.
func (w *world) repeat() {
	lanes := slices.SortedFunc(maps.Keys(w.sent), func(a, b lane) int {
		return slices.Compare([]string{a.writer, a.to.String()}, []string{b.writer, b.to.String()})
	})
	if len(lanes) == 0 {
		return
	}
	l := rapid.SampledFrom(lanes).Draw(w.t, "lane")
	from := rapid.IntRange(0, len(w.sent[l])-1).Draw(w.t, "from")
	to := rapid.IntRange(from+1, len(w.sent[l])).Draw(w.t, "to")
	for _, m := range w.sent[l][from:to] {
		w.append(l.to, m)
	}
}

// event has identity resolve a new event: to its customer, or, as far as identity may
// lag behind, to any id that is now part of that customer.
func (w *world) event() {
	id := rapid.SampledFrom(w.ids).Draw(w.t, "addressed to")
	raw := rapid.IntRange(0, len(w.offsets)-1).Draw(w.t, "raw partition")
	e := oracle.Event(w.t, w.events, oracle.Edges(w.t, "at", w.now.UnixMilli()))
	e.ReceivedMs = w.now.UnixMilli()
	w.events++
	w.truth.Add(id, e)
	resolved := &eventv1.ResolvedEvent{Event: e, CustomerId: id, RawPartition: int32(raw), RawOffset: w.offsets[raw]}
	w.resolved = append(w.resolved, resolved)
	value, err := proto.Marshal(resolved)
	if err != nil {
		w.t.Fatal(err)
	}
	w.offsets[raw] += rapid.Int64Range(1, 3).Draw(w.t, "offset step")
	w.send(fmt.Sprintf("identity %d", raw), broker.Message{Topic: topics.EventsResolved.Name, Key: []byte(id), Value: value})
	if n := e.GetOrder().GetOrderId(); n != "" {
		w.send(fmt.Sprintf("identity %d", raw), broker.Message{Topic: topics.OrderEvents.Name, Key: order.Key("default", n), Value: value})
	}
}

// tell has one task of the order book fold some events. It may crash before its commit.
func (w *world) tell(partition, limit int, mayCrash bool) {
	task := w.books[partition]
	tx := &memoryTx{w: w, task: task, kv: map[string][]byte{}, timers: map[string]int64{}}
	m, err := orderbook.NewMetrics(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	h := orderbook.New(partition, m)
	log := w.logs[broker.TopicPartition{Topic: topics.OrderEvents.Name, Partition: partition}]
	next := task.next[topics.OrderEvents.Name]
	for ; limit > 0 && next < len(log); limit-- {
		if err := h.Fold(tx, log[next]); err != nil {
			w.t.Fatal(err)
		}
		next++
	}
	if mayCrash && rapid.IntRange(0, 9).Draw(w.t, "the book crashes") == 0 {
		return
	}
	task.next[topics.OrderEvents.Name] = next
	tx.commit()
	for _, m := range tx.out {
		w.send(fmt.Sprintf("book %d", partition), m)
	}
}

// merge has identity merge two living customers, with flattened mappings for every
// id that went into the first one before.
func (w *world) merge() {
	var living []string
	for _, id := range w.ids {
		if !w.gone[id] {
			living = append(living, id)
		}
	}
	if len(living) < 2 {
		return
	}
	pair := rapid.Permutation(living).Draw(w.t, "merge")[:2]
	from, to := pair[0], pair[1]
	w.epoch++
	for _, id := range w.ids {
		if w.truth.Canonical(id) == from {
			w.mapping(id, to)
		}
	}
	w.gone[from] = true
	w.truth.Merge(from, to)
}

func (w *world) mapping(from, to string) {
	m := &identityv1.Mapping{Workspace: "default", FromCustomerId: from, ToCustomerId: to, Epoch: w.epoch}
	w.mappings = append(w.mappings, m)
	value, err := proto.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	w.send("identity merges", broker.Message{Topic: topics.IdentityMappings.Name, Key: []byte(from), Value: value})
}

// step has one task fold one batch: due timers, then records of the four inputs
// in any order between topics. It may crash before its commit.
func (w *world) step(partition, limit int, mayCrash bool) {
	task := w.tasks[partition]
	tx := &memoryTx{w: w, task: task, kv: map[string][]byte{}, timers: map[string]int64{}}
	h := task.handler(w)
	for _, key := range slices.Sorted(maps.Keys(task.timers)) {
		if task.timers[key] > w.now.UnixMilli() || limit == 0 {
			continue
		}
		tx.timers[key] = 0
		if err := h.timer(tx, []byte(key)); err != nil {
			w.t.Fatal(err)
		}
	}
	next := maps.Clone(task.next)
	for range limit {
		rec, ok := w.draw(partition, next)
		if !ok {
			break
		}
		if err := h.process(tx, rec); err != nil {
			w.t.Fatalf("%s at %d: %v", rec.Topic, rec.Offset, err)
		}
	}
	if err := h.batch.flush(tx); err != nil {
		w.t.Fatal(err)
	}
	if mayCrash && rapid.IntRange(0, 9).Draw(w.t, "crash") == 0 {
		task.hand = nil
		return
	}
	task.next = next
	tx.commit()
	for _, m := range tx.out {
		w.send(fmt.Sprintf("task %d", partition), m)
	}
	w.checkTold(tx)
}

// draw takes the next record of some input.
func (w *world) draw(partition int, next map[string]int) (broker.Record, bool) {
	var ready []string
	for _, in := range inputs {
		if next[in.Name] < len(w.logs[broker.TopicPartition{Topic: in.Name, Partition: partition}]) {
			ready = append(ready, in.Name)
		}
	}
	if len(ready) == 0 {
		return broker.Record{}, false
	}
	topic := rapid.SampledFrom(ready).Draw(w.t, "input")
	rec := w.logs[broker.TopicPartition{Topic: topic, Partition: partition}][next[topic]]
	next[topic]++
	return rec, true
}

// settle runs every task until nothing is left to do.
func (w *world) settle() {
	for p := range w.parts {
		w.tell(p, math.MaxInt, false)
	}
	w.drain()
}

// drain is settle while the order book stands still.
func (w *world) drain() {
	for idle := 0; idle < w.parts; {
		idle = 0
		for p := range w.parts {
			if _, ok := w.draw(p, maps.Clone(w.tasks[p].next)); !ok && !w.due(p) {
				idle++
				continue
			}
			w.step(p, 1000, false)
		}
	}
}

func (w *world) due(partition int) bool {
	for _, at := range w.tasks[partition].timers {
		if at <= w.now.UnixMilli() {
			return true
		}
	}
	return false
}

// records decodes the state of every partition.
func (w *world) records() map[string]*record {
	out := map[string]*record{}
	for _, task := range w.tasks {
		for key, value := range task.kv {
			if key == filledKey {
				continue
			}
			rec, err := decodeRecord(w.kept.engine, value, nil)
			if err != nil {
				w.t.Fatal(err)
			}
			out[customerID([]byte(key)).String()] = rec
		}
	}
	return out
}

// memoryTx is one batch's transaction.
type memoryTx struct {
	w      *world
	task   *memoryTask
	kv     map[string][]byte
	timers map[string]int64 // 0 clears
	out    []broker.Message
}

func (tx *memoryTx) Now() time.Time                 { return tx.w.now }
func (tx *memoryTx) Passed() time.Time              { return tx.w.now.Add(-time.Hour - tx.w.ahead) }
func (tx *memoryTx) Set(key, value []byte)          { tx.kv[string(key)] = value }
func (tx *memoryTx) SetTimer(k []byte, t time.Time) { tx.timers[string(k)] = t.UnixMilli() }
func (tx *memoryTx) ClearTimer(k []byte)            { tx.timers[string(k)] = 0 }
func (tx *memoryTx) Emit(m broker.Message)          { tx.out = append(tx.out, m) }
func (tx *memoryTx) Traceparent() []byte            { return nil }

func (tx *memoryTx) Get(key []byte) ([]byte, bool, error) {
	if v, ok := tx.kv[string(key)]; ok {
		return v, true, nil
	}
	v, ok := tx.task.kv[string(key)]
	return v, ok, nil
}

func (tx *memoryTx) commit() {
	maps.Copy(tx.task.kv, tx.kv)
	for k, at := range tx.timers {
		if at == 0 {
			delete(tx.task.timers, k)
		} else {
			tx.task.timers[k] = at
		}
	}
}

func testMetrics(t interface{ Fatal(...any) }) *metrics {
	m, err := newMetrics(nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
