package tier

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// customerBytes is what a customer takes in a run.
const customerBytes = 16

// sorter puts customers in order in bounded memory: at most limit are held, more are written as sorted runs to a file without a name, and
// merged when they are read.
type sorter struct {
	dir     string
	limit   int
	compare func(a, b Customer) int

	held []Customer
	file *os.File
	runs []int64 // where each run ends in the file
}

// add takes a customer.
func (s *sorter) add(c Customer) error {
	if len(s.held) == s.limit {
		if err := s.spill(); err != nil {
			return fmt.Errorf("sort customers in %s: %w", s.dir, err)
		}
	}
	s.held = append(s.held, c)
	return nil
}

// spill writes what is held as a run.
func (s *sorter) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "tiers-*")
		if err != nil {
			return err
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil { // the file goes with the process, however it ends
			return err
		}
	}
	slices.SortFunc(s.held, s.compare)
	w := bufio.NewWriterSize(s.file, 256<<10)
	var b [customerBytes]byte
	for _, c := range s.held {
		binary.BigEndian.PutUint64(b[:], uint64(c.Value))
		binary.BigEndian.PutUint64(b[8:], uint64(c.LastSeenMs))
		if _, err := w.Write(b[:]); err != nil {
			return err
		}
	}
	s.runs = append(s.runs, s.end()+int64(len(s.held))*customerBytes)
	s.held = s.held[:0]
	return w.Flush()
}

func (s *sorter) end() int64 {
	if len(s.runs) == 0 {
		return 0
	}
	return s.runs[len(s.runs)-1]
}

// each calls fn for every customer in order. It may be called again.
func (s *sorter) each(fn func(Customer) error) error {
	slices.SortFunc(s.held, s.compare)
	m := &merge{compare: s.compare}
	if len(s.held) > 0 {
		m.heads = append(m.heads, &run{head: s.held[0], held: s.held[1:]})
	}
	from := int64(0)
	for _, end := range s.runs {
		r := &run{rest: bufio.NewReaderSize(io.NewSectionReader(s.file, from, end-from), 64<<10)}
		if _, err := r.next(); err != nil {
			return fmt.Errorf("read sorted customers again: %w", err)
		}
		m.heads = append(m.heads, r)
		from = end
	}
	heap.Init(m)
	for len(m.heads) > 0 {
		r := m.heads[0]
		if err := fn(r.head); err != nil {
			return err
		}
		switch more, err := r.next(); {
		case err != nil:
			return fmt.Errorf("read sorted customers again: %w", err)
		case more:
			heap.Fix(m, 0)
		default:
			heap.Pop(m)
		}
	}
	return nil
}

// close gives the file back.
func (s *sorter) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// run is one sorted run, in memory or in the file, and its first customer that is not read yet.
type run struct {
	head Customer
	held []Customer
	rest *bufio.Reader
}

// next moves on; false at the end.
func (r *run) next() (bool, error) {
	if r.rest == nil {
		if len(r.held) == 0 {
			return false, nil
		}
		r.head, r.held = r.held[0], r.held[1:]
		return true, nil
	}
	var b [customerBytes]byte
	if _, err := io.ReadFull(r.rest, b[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, err
	}
	r.head = Customer{Value: int64(binary.BigEndian.Uint64(b[:])), LastSeenMs: int64(binary.BigEndian.Uint64(b[8:]))}
	return true, nil
}

// merge is a heap of runs by their heads.
type merge struct {
	heads   []*run
	compare func(a, b Customer) int
}

func (m *merge) Len() int           { return len(m.heads) }
func (m *merge) Less(i, j int) bool { return m.compare(m.heads[i].head, m.heads[j].head) < 0 }
func (m *merge) Swap(i, j int)      { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }
func (m *merge) Push(x any)         { m.heads = append(m.heads, x.(*run)) }
func (m *merge) Pop() any {
	last := m.heads[len(m.heads)-1]
	m.heads = m.heads[:len(m.heads)-1]
	return last
}
