package localstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// childDir is the environment variable that has this test binary hold a store until its standard input ends.
const childDir = "FRESHET_LOCALSTORE_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		db, err := Open(dir, &pebble.Options{})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("open")
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = db.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// filled makes a store with values on the disk, and closes it.
func filled(t *testing.T, disk vfs.FS, dir string) {
	t.Helper()
	if err := disk.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := Open(dir, &pebble.Options{FS: disk, FormatMajorVersion: pebble.FormatNewest})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		if err := db.Set(key(i), []byte(strings.Repeat(fmt.Sprint(i), 20)), pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(db.Flush(), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func key(i int) []byte { return fmt.Appendf(nil, "k%05d", i) }

// one is the only file of a kind, or the last.
func one(t *testing.T, dir, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no file %s in %s: %v", pattern, dir, err)
	}
	return files[len(files)-1]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Only what proves that the files are bad says so; and whatever a failed open means, it leaves the folder as it was.
func TestWhatAFailedOpenProves(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  error // nil: neither in use nor damaged
	}{
		"another store of this process has it": {want: ErrInUse, spoil: func(t *testing.T, dir string) {
			db, err := Open(dir, &pebble.Options{})
			must(t, err)
			t.Cleanup(func() { must(t, db.Close()) })
		}},
		"another process has it":  {want: ErrInUse, spoil: holdInChild},
		"the folder is read-only": {spoil: readOnly},
		"the manifest is garbage": {want: ErrDamaged, spoil: func(t *testing.T, dir string) {
			must(t, os.WriteFile(one(t, dir, "MANIFEST-*"), []byte("garbage"), 0o600))
		}},
		"the manifest is empty": {want: ErrDamaged, spoil: func(t *testing.T, dir string) {
			must(t, os.Truncate(one(t, dir, "MANIFEST-*"), 0))
		}},
		"the manifest is missing": {want: ErrDamaged, spoil: func(t *testing.T, dir string) {
			must(t, os.Remove(one(t, dir, "MANIFEST-*")))
		}},
		"a table is missing": {want: ErrDamaged, spoil: func(t *testing.T, dir string) {
			must(t, os.Remove(one(t, dir, "*.sst")))
		}},
		"a table lost its end": {want: ErrDamaged, spoil: func(t *testing.T, dir string) {
			must(t, os.Truncate(one(t, dir, "*.sst"), 100))
		}},
		"a later release of Pebble wrote it": {want: ErrDamaged, spoil: func(t *testing.T, dir string) {
			mark := one(t, dir, "marker.format-version.*")
			must(t, os.Rename(mark, filepath.Join(dir, "marker.format-version.999999.999")))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			filled(t, vfs.Default, dir)
			c.spoil(t, dir)
			before := list(t, dir)
			db, err := Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatNewest})
			if err == nil {
				t.Fatal("opened", db.Close())
			}
			for _, meaning := range []error{ErrInUse, ErrDamaged} {
				if got := errors.Is(err, meaning); got != errors.Is(c.want, meaning) {
					t.Errorf("%q: %t, for %v", meaning, got, err)
				}
			}
			if !strings.Contains(err.Error(), dir) {
				t.Errorf("the folder is not named: %v", err)
			}
			if after := list(t, dir); after != before {
				t.Errorf("files before: %s; after: %s", before, after)
			}
			if err := Remove(nil, dir); (err == nil) != errors.Is(c.want, ErrDamaged) {
				t.Errorf("removed: %v", err)
			}
			if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) != errors.Is(c.want, ErrDamaged) {
				t.Errorf("after the removal: %v", err)
			}
		})
	}
}

// list names the files that hold a store's data.
func list(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "[0-9M]*"))
	must(t, err)
	return strings.Join(files, " ")
}

func holdInChild(t *testing.T, dir string) {
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		must(t, cmd.Wait())
		db, err := Open(dir, &pebble.Options{}) // nobody harmed it
		must(t, err)
		if v, closer, err := db.Get(key(7)); err != nil || string(v) != strings.Repeat("7", 20) {
			t.Errorf("the store has %q, %v", v, err)
		} else {
			must(t, closer.Close())
		}
		must(t, db.Close())
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
}

// Whatever call of the disk fails, and with what: a store that is whole is never called damaged, and is read well afterwards.
func TestNoFaultOfTheDiskIsDamage(t *testing.T) {
	for _, fault := range []syscall.Errno{syscall.EACCES, syscall.EIO, syscall.EMFILE, syscall.ENOSPC, syscall.EROFS, syscall.EDQUOT} {
		t.Run(fault.Error(), func(t *testing.T) {
			mem := vfs.NewMem()
			filled(t, mem, "state")
			for at := range 200 {
				left := at
				disk := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
					if op.Kind.ReadOrWrite() != errorfs.OpIsRead && op.Kind != errorfs.OpLock {
						return nil
					}
					if left--; left == -1 {
						return &os.PathError{Op: "open", Path: op.Path, Err: fault}
					}
					return nil
				}))
				db, err := Open("state", &pebble.Options{FS: disk, DisableAutomaticCompactions: true, DisableTableStats: true})
				if errors.Is(err, ErrDamaged) || errors.Is(err, ErrInUse) {
					t.Fatalf("call %d fails with %v: %v", at, fault, err)
				}
				if err == nil {
					_, closer, err := db.Get(key(1))
					if err == nil {
						_ = closer.Close()
					} else if errors.Is(Fault(err), ErrDamaged) {
						t.Fatalf("call %d fails with %v in a read: %v", at, fault, err)
					}
					_ = db.Close()
				}
			}
			db, err := Open("state", &pebble.Options{FS: mem})
			must(t, err)
			must(t, db.Close())
		})
	}
}

// A block of a table that is not what it was ends neither the process nor the reader: the read says what it is, and so does the store.
func TestDamageIsToldAndEndsNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	filled(t, vfs.Default, dir)
	table := one(t, dir, "*.sst")
	b, err := os.ReadFile(table)
	must(t, err)
	for i := range 100 {
		b[i] ^= 0xff
	}
	must(t, os.WriteFile(table, b, 0o600))
	db, err := Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatNewest, DisableAutomaticCompactions: true})
	must(t, err)
	defer func() { must(t, db.Close()) }()
	_, _, err = db.Get(key(0))
	if !errors.Is(Fault(err), ErrDamaged) || !errors.Is(db.Damage(), ErrDamaged) {
		t.Fatalf("the read gives %v, the store %v", err, db.Damage())
	}
}
