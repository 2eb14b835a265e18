// Package progress shows how far a long command is: a moving bar on a terminal, a plain line now and then elsewhere. It is not for logs.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// Bar counts towards a total. Many goroutines may call Add.
type Bar interface {
	Add(n int)
	// Done ends the bar, finished or not, and leaves its last line. Calling it again does nothing.
	Done()
}

// terminal says whether w is one that a bar fits on: some programs that pretend to be a terminal have no width.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return err == nil && width >= 40
}

// New starts a bar on w.
func New(w io.Writer, name string, total int64) Bar {
	if terminal(w) {
		return newDrawn(w, name, total)
	}
	return &plain{w: w, name: name, total: total, shown: -1, began: time.Now(), told: time.Now(), now: time.Now}
}

// NewBytes starts a bar of bytes on w; note is shown behind it and is asked anew each time, by another goroutine.
func NewBytes(w io.Writer, name string, total int64, note func() string) Bar {
	if terminal(w) {
		all := mpb.New(mpb.WithOutput(w), mpb.WithRefreshRate(120*time.Millisecond))
		bar := all.AddBar(total,
			mpb.PrependDecorators(decor.Name(name+" "), decor.CountersKibiByte("% .1f of % .1f ")),
			mpb.AppendDecorators(decor.Percentage(), decor.Any(func(decor.Statistics) string { return " " + note() }), decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8})))
		return &drawn{all: all, bar: bar}
	}
	return &plain{w: w, name: name, total: total, shown: -1, began: time.Now(), told: time.Now(), now: time.Now, note: note}
}

type drawn struct {
	all  *mpb.Progress
	bar  *mpb.Bar
	once sync.Once
}

func newDrawn(w io.Writer, name string, total int64) *drawn {
	all := mpb.New(mpb.WithOutput(w), mpb.WithRefreshRate(120*time.Millisecond))
	bar := all.AddBar(total,
		mpb.PrependDecorators(decor.Name(name+" "), decor.CountersNoUnit("%d of %d ")),
		mpb.AppendDecorators(decor.Percentage(), decor.AverageSpeed(0, " %.0f/s"), decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8})))
	return &drawn{all: all, bar: bar}
}

func (d *drawn) Add(n int) { d.bar.IncrBy(n) }

func (d *drawn) Done() {
	d.once.Do(func() {
		d.bar.Abort(false) // no effect on a bar that is complete
		d.all.Wait()
	})
}

// every is how often the plain bar speaks.
const every = 5 * time.Second

type plain struct {
	mu          sync.Mutex
	w           io.Writer
	name        string
	total, done int64
	shown       int64 // what the last line said; -1 when there was none
	began, told time.Time
	now         func() time.Time
	note        func() string // of a bar of bytes
	once        sync.Once
}

func (p *plain) Add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += int64(n)
	if now := p.now(); now.Sub(p.told) >= every {
		p.told = now
		p.tell(now)
	}
}

func (p *plain) Done() {
	p.once.Do(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.done != p.shown || p.note != nil {
			p.tell(p.now())
		}
	})
}

func (p *plain) tell(now time.Time) {
	p.shown = p.done
	seconds := max(now.Sub(p.began).Seconds(), 0.001)
	if p.note != nil {
		fmt.Fprintf(p.w, "%s: %.1f of %.1f MiB (%.0f%%), %s, %.0f s\n", p.name, float64(p.done)/(1<<20), float64(p.total)/(1<<20),
			100*float64(p.done)/float64(max(p.total, 1)), p.note(), seconds)
		return
	}
	fmt.Fprintf(p.w, "%s: %d of %d (%.0f%%), %.0f/s, %.0f s\n", p.name, p.done, p.total, 100*float64(p.done)/float64(max(p.total, 1)),
		float64(p.done)/seconds, seconds)
}
