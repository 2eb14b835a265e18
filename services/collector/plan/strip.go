package plan

import (
	"slices"
	"strconv"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// span is a run of bytes to leave out.
type span struct{ from, to int }

// stripper walks an object and notes what its shape does not know.
type stripper struct {
	s     jsonscan.Scanner
	raw   []byte
	cuts  []span
	path  []string
	total int
	// pointers are those of the first maxStripped members.
	pointers []string
}

// maxStripped is how many pointers are noted of one event.
const maxStripped = 100

// strip returns an object without the members that sh does not know, every other byte as it was, and the JSON pointers of what is gone
// (at most maxStripped) with their number. raw is returned as it is when nothing was taken out. root is the pointer of the object itself.
func strip(raw []byte, sh *shape, root string) (kept []byte, pointers []string, total int) {
	w := stripper{raw: raw, path: []string{root}}
	w.s.Reset(raw, 0, jsonscan.Limits{})
	if err := w.value(sh); err != nil || len(w.cuts) == 0 {
		return raw, nil, 0 // what is no JSON was refused before
	}
	kept = make([]byte, 0, len(raw))
	at := 0
	for _, c := range w.cuts {
		kept = append(kept, raw[at:c.from]...)
		at = c.to
	}
	return append(kept, raw[at:]...), w.pointers, w.total
}

func (w *stripper) value(sh *shape) error {
	switch c := w.s.Peek(); {
	case c == '{' && sh != free:
		return w.object(sh)
	case c == '[' && sh != free:
		return w.array(sh)
	}
	_, err := w.s.Skip()
	return err
}

// object cuts runs of unknown members. A run with a known member behind it goes with the comma behind it; the last run goes with the
// comma before it.
func (w *stripper) object(sh *shape) error {
	w.s.Peek()
	end := w.s.Offset() + 1 // of the last known member, or of the brace
	known, run := 0, -1     // run is where the unknown members under way begin
	last := end             // the end of the last member, known or not
	err := w.s.Object(func(name []byte) error {
		begin := w.quote(last)
		sub, ok := sh.below(name)
		if !ok {
			if run < 0 {
				run = begin
			}
			w.note(name)
			_, err := w.s.Skip()
			last = w.s.Offset()
			return err
		}
		if run >= 0 {
			w.cuts = append(w.cuts, span{run, begin})
			run = -1
		}
		known++
		w.path = append(w.path, "") // set when something is found below: names are seldom needed
		at := len(w.path) - 1
		w.path[at] = view(name)
		err := w.value(sub)
		w.path = w.path[:at]
		last = w.s.Offset()
		end = last
		return err
	})
	if err == nil && run >= 0 {
		if known > 0 {
			run = end
		}
		w.cuts = append(w.cuts, span{run, last})
	}
	return err
}

// quote finds the opening quote of the member that begins behind a position.
func (w *stripper) quote(from int) int {
	for from < len(w.raw) && w.raw[from] != '"' {
		from++
	}
	return from
}

func (w *stripper) array(sh *shape) error {
	i := 0
	at := len(w.path)
	w.path = append(w.path, "")
	err := w.s.Array(func() error {
		sub := sh.element(i)
		if sub != free {
			w.path[at] = strconv.Itoa(i)
		}
		i++
		return w.value(sub)
	})
	w.path = w.path[:at]
	return err
}

func (w *stripper) note(name []byte) {
	w.total++
	if len(w.pointers) == maxStripped {
		return
	}
	w.pointers = append(w.pointers, pointer(w.path[0], append(slices.Clone(w.path[1:]), view(name))))
}
