package webhook

import (
	"fmt"
	"runtime"
	"testing"
)

// heap is how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Sixty-four partitions of ten endpoints: nothing while no alert comes, and a bound however many do.
func TestRecentIsBounded(t *testing.T) {
	const many = 640
	before := heap()
	idle := make([]*recent, many)
	for i := range idle {
		idle[i] = newRecent(lookBack)
		idle[i].repeated("one")
	}
	if per := (heap() - before) / many; per > 2<<10 {
		t.Errorf("an endpoint that got one alert takes %d bytes a partition", per)
	}
	runtime.KeepAlive(idle)
	before = heap()
	busy := newRecent(lookBack)
	for i := range 5 * lookBack {
		busy.repeated(fmt.Sprintf("%032x", i*7919))
	}
	if got := heap() - before; got > 800<<10 {
		t.Errorf("an endpoint that got %d alerts takes %d KiB a partition", 5*lookBack, got>>10)
	}
	if !busy.repeated(fmt.Sprintf("%032x", (5*lookBack-1)*7919)) || len(busy.ids) != lookBack {
		t.Errorf("%d ids are known, want %d", len(busy.ids), lookBack)
	}
}
