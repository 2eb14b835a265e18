package stream

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// A page is what a scan of a reader reads at a time, before it calls anybody: the first is small, since most readers want little.
const (
	firstPage = 16
	wholePage = 512
	pageBytes = 256 << 10
)

// snapshots are those of a store that readers hold, so that closing need not wait for what readers do between two pages.
type snapshots struct {
	mu   sync.Mutex
	open map[*pebble.Snapshot]bool
}

func (s *snapshots) add(one *pebble.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[*pebble.Snapshot]bool{}
	}
	s.open[one] = true
}

// close closes a snapshot unless that was done.
func (s *snapshots) close(one *pebble.Snapshot) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open[one] {
		return nil
	}
	delete(s.open, one)
	return one.Close()
}

// closeAll closes what is open: no reader may be in the middle of a page.
func (s *snapshots) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.open {
		_ = one.Close()
	}
	clear(s.open)
}

// pages is scan for readers: it shows the state as it was when it began, and holds no lock while fn runs, so that a reader that takes
// its time does not keep the partition from being handed over. After that it fails with ErrNotOwner.
func (s *store) pages(prefix, from []byte, fn func(k, v []byte) (bool, error)) error {
	snap, err := s.snapshot()
	if err != nil {
		return err
	}
	defer func() { _ = s.snaps.close(snap) }()
	lower, upper := scanBounds(prefix, from)
	for limit := firstPage; ; limit = wholePage {
		page, more, err := s.page(snap, lower, upper, limit)
		if err != nil {
			return err
		}
		for _, e := range page {
			if goOn, err := fn(e.key[1:], e.value); !goOn || err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		lower = append(page[len(page)-1].key, 0)
	}
}

func (s *store) snapshot() (*pebble.Snapshot, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return nil, ErrNotOwner
	}
	snap := s.db.NewSnapshot()
	s.snaps.add(snap)
	return snap, nil
}

// pageEntry is a copy of a key, with its space, and its value.
type pageEntry struct{ key, value []byte }

// page reads one page; more says that there is more behind it.
func (s *store) page(snap *pebble.Snapshot, lower, upper []byte, limit int) (page []pageEntry, more bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return nil, false, ErrNotOwner
	}
	it, err := snap.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, false, s.fault("scan", err)
	}
	defer func() {
		if cerr := it.Close(); cerr != nil && err == nil {
			err = s.fault("scan", cerr)
		}
	}()
	bytes := 0
	for ok := it.First(); ok; ok = it.Next() {
		if len(page) == limit || bytes >= pageBytes {
			return page, true, nil
		}
		v, err := it.ValueAndErr()
		if err != nil {
			return nil, false, s.fault("scan", err)
		}
		e := pageEntry{append([]byte(nil), it.Key()...), append([]byte{}, v...)}
		page, bytes = append(page, e), bytes+len(e.key)+len(e.value)
	}
	return page, false, nil
}
