package keyfile

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sources.yaml")
	put := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var w Watch
	w.Note(file)
	want := func(what string, changed bool) {
		t.Helper()
		if got := w.Changed(); got != changed {
			t.Errorf("%s: changed %v, want %v", what, got, changed)
		}
		if w.Changed() {
			t.Errorf("%s: changed a second time", what)
		}
	}
	want("no file", false)
	put(file, "a")
	want("it came", true)
	put(file, "b")
	want("written in place, with the same size", true)
	put(file, "b")
	want("written with the same content", false)
	if err := os.Chtimes(file, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	want("touched", false)
	w.Changed()
	old, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	put(file+".new", "c")
	if err := os.Chtimes(file+".new", time.Time{}, old.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	want("renamed over, with the same size and time", true)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	want("gone", true)
	w.Only()
	put(file, "d")
	want("no longer watched", false)
}

// Kubernetes mounts a Secret as links to links, and changes it by turning the middle one.
func TestWatchSeesALinkTurned(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"v1", "v2"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, version, "sources.yaml"), []byte(version), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	turn := func(to string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, "tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	turn("v1")
	file := filepath.Join(dir, "sources.yaml")
	if err := os.Symlink(filepath.Join("..data", "sources.yaml"), file); err != nil {
		t.Fatal(err)
	}
	var w Watch
	w.Note(file)
	turn("v2")
	if !w.Changed() || w.Changed() {
		t.Error("the turned link was not seen, or twice")
	}
}

// Somebody writes a file piece by piece, slower than it is looked at: none of the pieces is the file.
func TestSettleWaitsForAFileThatIsBeingWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sources.yaml")
	synctest.Test(t, func(t *testing.T) {
		var w Watch
		w.Note(file)
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		write := func() {
			if _, err := f.WriteString("a piece\n"); err != nil {
				t.Error(err)
			}
		}
		write()
		if !w.Changed() {
			t.Fatal("the first piece was not seen")
		}
		done := false
		go func() {
			for range 9 {
				time.Sleep(150 * time.Millisecond)
				write()
			}
			done = true
		}()
		if !w.Settle(t.Context(), 200*time.Millisecond, time.Minute) || !done {
			t.Errorf("settled while the file was written; all of it: %v", done)
		}
		begun := time.Now()
		go func() {
			for range 9 {
				time.Sleep(150 * time.Millisecond)
				write()
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}()
		if !w.Settle(t.Context(), 200*time.Millisecond, time.Second) || time.Since(begun) != time.Second {
			t.Errorf("a file that never stands still was waited for for %s, want 1s", time.Since(begun))
		}
		time.Sleep(time.Minute)
		stopped, stop := context.WithCancel(t.Context())
		stop()
		if w.Settle(stopped, 200*time.Millisecond, time.Second) {
			t.Error("settled after the end")
		}
	})
}
