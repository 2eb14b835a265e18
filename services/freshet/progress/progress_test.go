package progress

import (
	"strings"
	"testing"
	"time"
)

func TestElsewhereThanOnATerminalThereIsALineNowAndThen(t *testing.T) {
	var out strings.Builder
	bar := New(&out, "invoices", 1000).(*plain)
	at := bar.told
	bar.began = at
	bar.now = func() time.Time { return at }
	for range 100 {
		bar.Add(10)
		at = at.Add(100 * time.Millisecond)
	}
	bar.Done()
	bar.Done()
	want := "invoices: 510 of 1000 (51%), 102/s, 5 s\ninvoices: 1000 of 1000 (100%), 100/s, 10 s\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestALineIsNotToldTwice(t *testing.T) {
	var out strings.Builder
	bar := New(&out, "x", 5).(*plain)
	bar.now = func() time.Time { return bar.began.Add(every) }
	bar.Add(5)
	bar.Done()
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

func TestABarOfNothingAndOneBeyondItsTotalAreShown(t *testing.T) {
	var out strings.Builder
	bar := New(&out, "x", 0)
	bar.Add(3)
	bar.Done()
	if !strings.HasPrefix(out.String(), "x: 3 of 0 (300%)") {
		t.Error(out.String())
	}
}

func TestABarOfBytesShowsItsNote(t *testing.T) {
	var out strings.Builder
	bar := NewBytes(&out, "x.csv", 2<<20, func() string { return "7 rows" }).(*plain)
	bar.told = bar.began
	bar.now = func() time.Time { return bar.began.Add(every) }
	bar.Add(1 << 20)
	bar.Done()
	if want := strings.Repeat("x.csv: 1.0 of 2.0 MiB (50%), 7 rows, 5 s\n", 2); out.String() != want { // the note may differ at the end
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestADrawnBarThatIsNotFullEnds(t *testing.T) {
	var out strings.Builder
	bar := newDrawn(&out, "x", 10)
	bar.Add(3)
	done := make(chan struct{})
	go func() { bar.Done(); bar.Done(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("Done never returned")
	}
}
