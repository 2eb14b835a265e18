package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// originFile is written into a version's folder before all others, and holds the id of the topic that the version will be announced on: who sweeps deletes
// what its own topic does not name, and never what another one may.
const originFile = "_origin"

// ErrCorrupt says that a file is not what its version says: it was damaged, or something else was put in its place.
var ErrCorrupt = errors.New("the file is not what the version says")

// Put keeps a new version: first its files, then, when they are all there, the announcement, so that a version that is known is whole. Id, time made, and what
// is said of the files are set here; the rest is the caller's. It returns the version as it is announced; nothing else is live by it.
func (r *Registry) Put(ctx context.Context, v *modelv1.Version, files map[string][]byte) (*modelv1.Version, error) {
	w := where{v.GetWorkspace(), v.GetName()}
	if err := errors.Join(w.check(), checkFiles(files)); err != nil {
		return nil, fmt.Errorf("put a version of %s: %w", w, err)
	}
	if err := r.caughtUp(ctx); err != nil {
		return nil, fmt.Errorf("put a version of %s: %w", w, err)
	}
	v = proto.CloneOf(v)
	hashes := map[string]string{}
	v.Files = nil
	for _, name := range slices.Sorted(maps.Keys(files)) {
		hashes[name] = hashOf(files[name])
		v.Files = append(v.Files, &modelv1.File{Name: name, Size: int64(len(files[name])), Sha256: hashes[name]})
	}
	r.christen(w, v, hashOfAll(hashes))
	if err := r.store(ctx, w, v, files); err != nil {
		return nil, fmt.Errorf("put version %s of %s: %w", v.GetId(), w, err)
	}
	there := func(b book) bool { return b.versions[v.GetId()] != nil }
	err := insist(ctx, func() error {
		return r.write(ctx, w, there, map[string]*modelv1.Record{v.GetId(): {Of: &modelv1.Record_Version{Version: v}}})
	})
	if err != nil {
		return nil, fmt.Errorf("announce version %s of %s: %w", v.GetId(), w, err)
	}
	return proto.CloneOf(v), nil
}

func checkFiles(files map[string][]byte) error {
	if len(files) == 0 {
		return errors.New("it has no files")
	}
	for name, data := range files {
		switch {
		case !fileForm.MatchString(name):
			return fmt.Errorf("a file cannot be called %q: a small letter or digit, then at most 63 small letters, digits, _, . and -", name)
		case len(data) > maxFile:
			return fmt.Errorf("file %s has %d bytes, more than %d", name, len(data), maxFile)
		}
	}
	return nil
}

// christen sets when a version was made, and by that its id: a second later where another one has that already.
func (r *Registry) christen(w where, v *modelv1.Version, hash string) {
	at, known := r.deps.Now(), r.shelf.of(w).versions
	for v.Id = newID(at, hash); known[v.Id] != nil; v.Id = newID(at, hash) {
		at = at.Add(time.Second)
	}
	v.MadeMs = at.UnixMilli()
}

// store writes the files of a version.
func (r *Registry) store(ctx context.Context, w where, v *modelv1.Version, files map[string][]byte) error {
	log, err := r.deps.Broker.Log(ctx, topics.Models.Name)
	if err != nil {
		return err
	}
	if err := r.bucket.put(ctx, w.folder(v.GetId())+originFile, []byte(log.String())); err != nil {
		return err
	}
	for _, f := range v.GetFiles() {
		if err := r.bucket.put(ctx, w.folder(v.GetId())+f.GetName(), files[f.GetName()]); err != nil {
			return err
		}
	}
	return nil
}

// File reads a file of a version. It is what Put was given, or an error: ErrNoFile, ErrCorrupt, or why the bucket cannot be read.
func (r *Registry) File(ctx context.Context, v *modelv1.Version, name string) ([]byte, error) {
	w := where{v.GetWorkspace(), v.GetName()}
	i := slices.IndexFunc(v.GetFiles(), func(f *modelv1.File) bool { return f.GetName() == name })
	if i < 0 {
		return nil, fmt.Errorf("version %s of %s has no file %q: it was made by another release; promote another version, or train anew", v.GetId(), w, name)
	}
	f := v.GetFiles()[i]
	data, err := r.bucket.get(ctx, w.folder(v.GetId())+name, f.GetSize(), f.GetSha256())
	if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNoFile) {
		err = fmt.Errorf("%w: put it back from a copy, roll back, promote another version, or train anew", err)
	}
	if err != nil {
		return nil, fmt.Errorf("version %s of %s: %w", v.GetId(), w, err)
	}
	return data, nil
}

// whole is a version that is known and whose files are all what it says.
func (r *Registry) whole(ctx context.Context, w where, id string) (*modelv1.Version, error) {
	v := r.shelf.of(w).versions[id]
	if v == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	for _, f := range v.GetFiles() {
		if _, err := r.File(ctx, v, f.GetName()); err != nil {
			return nil, err
		}
	}
	return v, nil
}
