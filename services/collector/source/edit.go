package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Edit changes a sources file, or makes it: edit gets the file as it is and changes it. The new text is written beside the file and
// takes its place in one step, so that a reader sees the old or the new; what edit leaves alone stays, comments included. One edit
// at a time goes on, others wait until ctx ends. Nothing is written when edit fails, or when the file is faulty before or after.
func Edit(ctx context.Context, path string, now time.Time, edit func(*Document) error) error {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		real, err = path, nil
	}
	if err != nil {
		return fmt.Errorf("find the sources file: %w", err)
	}
	release, err := lock(ctx, real)
	if err != nil {
		return err
	}
	defer release()
	old, err := Read(real)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the sources file: %w", err)
	}
	d, err := newDocument(old, path, now)
	if err != nil {
		return err
	}
	if err := edit(d); err != nil {
		return err
	}
	text, err := d.text()
	if err != nil {
		return fmt.Errorf("write the sources: %w", err)
	}
	if _, err := Parse(text, path, now); err != nil {
		return fmt.Errorf("the change would make the file faulty, nothing was written: %w", err)
	}
	return replace(real, text)
}

// replace puts text in the place of a file, with its mode and its owner; a new one is readable by its owner only.
func replace(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("write beside the sources file: %w", err)
	}
	if old, statErr := os.Stat(path); statErr == nil {
		err = errors.Join(keepOwner(f, old), f.Chmod(old.Mode().Perm()))
	}
	if err == nil {
		_, err = f.Write(text)
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the sources file: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// keepOwner gives a file to the owner of the one it replaces: after `sudo freshet source rotate` the collector must still read it. Whoever
// may not give files away replaces it with one of their own, as an editor does.
func keepOwner(f *os.File, old fs.FileInfo) error {
	s, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if err := f.Chown(int(s.Uid), int(s.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// ErrNoSource means that the file has no source of that name.
var ErrNoSource = errors.New("no such source")

// Add adds a source with one new key, whose text it returns.
func (d *Document) Add(s Source) (text string, k Key, err error) {
	if _, there := d.find(s.Name); there {
		return "", Key{}, fmt.Errorf("there is a source %s already: `rotate` gives it a new key", s.Name)
	}
	if err := errors.Join(s.Validate(), s.Limits.Validate()); err != nil {
		return "", Key{}, err
	}
	text, k = NewKey("k1", d.now)
	s.Keys = []Key{k}
	d.appendSource(s)
	return text, k, nil
}

// Rotate gives a source a new key, whose text it returns. The live one goes on working for grace. With two live ones already it
// fails, unless at once is set: then all but the new one end now. old is when the last of the others ends, zero when none was live.
func (d *Document) Rotate(name string, grace time.Duration, atOnce bool) (text string, k Key, old time.Time, err error) {
	s, ok := d.find(name)
	if !ok {
		return "", Key{}, old, fmt.Errorf("%s: %w", name, ErrNoSource)
	}
	if live := s.Live(d.now); live >= maxLive && !atOnce {
		return "", Key{}, old, fmt.Errorf("%s has %d live keys already (%s): wait until one has expired, revoke one, or end them all with --now",
			name, live, strings.Join(d.live(s), ", "))
	}
	until := d.now.Add(grace)
	if atOnce {
		until = d.now
	}
	for _, was := range s.Keys {
		if was.State(d.now) != StateLive {
			continue
		}
		end := was.Expires
		if end.IsZero() || end.After(until) {
			end = until
			d.stamp(name, was.ID, "expires", until)
		}
		if end.After(old) {
			old = end
		}
	}
	text, k = NewKey(nextID(s.Keys), d.now)
	d.appendKey(name, k)
	return text, k, old, nil
}

// live describes a source's live keys.
func (d *Document) live(s Source) []string {
	var out []string
	for _, k := range s.Keys {
		if k.State(d.now) != StateLive {
			continue
		}
		until := "for ever"
		if !k.Expires.IsZero() {
			until = "until " + k.Expires.UTC().Format(time.RFC3339)
		}
		out = append(out, k.ID+" "+until)
	}
	return out
}

// Revoke ends a key for good, and at once. It returns how many live keys the source has left.
func (d *Document) Revoke(name, id string) (left int, err error) {
	s, ok := d.find(name)
	if !ok {
		return 0, fmt.Errorf("%s: %w", name, ErrNoSource)
	}
	var ids []string
	for i, k := range s.Keys {
		ids = append(ids, k.ID)
		if k.ID != id {
			continue
		}
		if !k.Revoked.IsZero() {
			return 0, fmt.Errorf("key %s of %s was revoked at %s", id, name, k.Revoked.UTC().Format(time.RFC3339))
		}
		d.stamp(name, id, "revoked", d.now)
		s.Keys[i].Revoked = d.now
		return s.Live(d.now), nil
	}
	return 0, fmt.Errorf("%s has no key %s: it has %s", name, id, strings.Join(ids, ", "))
}

// nextID is k and a number above all there were.
func nextID(keys []Key) string {
	highest := 0
	for _, k := range keys {
		if n, err := strconv.Atoi(strings.TrimPrefix(k.ID, "k")); err == nil {
			highest = max(highest, n)
		}
	}
	return "k" + strconv.Itoa(highest+1)
}
