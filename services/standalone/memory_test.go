package standalone

import "testing"

// The state of all services, whatever they are and however many partitions they have, is in one memory of the size that was given.
func TestOneMemoryForAllServices(t *testing.T) {
	const partitions, bytes = 3, 96 << 20
	r := start(t, func(c *Config) { c.Partitions, c.StateBytes = partitions, bytes })
	use := r.memory.Use()
	// Identity's events, feature's customers and orders, segmentation's memberships, churn's scores, recommendation's items, visitors and lists; and identity's log, which is one partition.
	if want := 8*partitions + 1; use.Stores != want {
		t.Errorf("%d stores share the memory, want %d: some service has a memory of its own, or its partitions are not counted here", use.Stores, want)
	}
	if use.Claimed > bytes || use.Claimed < bytes-1024 {
		t.Errorf("the services have %d bytes together, of %d", use.Claimed, bytes)
	}
	if use.MaxBlocks != bytes-bytes/3 || use.Blocks > use.MaxBlocks {
		t.Errorf("the cache has %d of %d bytes, want at most two thirds of %d", use.Blocks, use.MaxBlocks, bytes)
	}
	r.stop()
	if n := r.memory.Use().Stores; n != 0 {
		t.Errorf("%d stores are open after the stop", n)
	}
}

// Without a figure it is what the services ask for.
func TestTheMemoryIsWhatTheServicesAskFor(t *testing.T) {
	const want = 464 << 20 // as the documentation says
	m := Default().newMemory()
	if got := m.Claim(want); got != want {
		t.Errorf("somebody who asks for %d has %d", want, got)
	}
}
