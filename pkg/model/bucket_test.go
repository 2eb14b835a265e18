package model

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/memblob"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// A file is in every kind of bucket what it was, is told from what it was not, and goes away.
func TestEveryBucketKeepsFiles(t *testing.T) {
	folder := t.TempDir()
	for kind, address := range map[string]string{
		"a path that is not there yet": filepath.Join(folder, "new", "models"),
		"a file URL":                   "file://" + filepath.ToSlash(filepath.Join(folder, "url")),
		"memory":                       "mem://",
	} {
		t.Run(kind, func(t *testing.T) {
			b, err := openBucket(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			data := []byte(strings.Repeat("trees", 1000))
			key := where{"a/b shop", churn}.folder("20260101T000000-abcd") + "model.bin"
			if err := errors.Join(b.put(t.Context(), key, data), b.put(t.Context(), "top", []byte("x"))); err != nil {
				t.Fatal(err)
			}
			if got, err := b.get(t.Context(), key, int64(len(data)), hashOf(data)); err != nil || !slices.Equal(got, data) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if _, err := b.get(t.Context(), key, int64(len(data)), hashOf([]byte("other"))); !errors.Is(err, ErrCorrupt) {
				t.Errorf("another hash: %v", err)
			}
			if _, err := b.get(t.Context(), key, 3, hashOf(data)); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "has 5000 bytes and not 3") {
				t.Errorf("another size: %v", err)
			}
			if _, err := b.get(t.Context(), key+"x", 3, "x"); !errors.Is(err, ErrNoFile) {
				t.Errorf("no file: %v", err)
			}
			var keys []string
			if err := b.files(t.Context(), "", func(o *blob.ListObject) { keys = append(keys, o.Key) }); err != nil || !slices.Equal(keys, []string{key, "top"}) {
				t.Errorf("%v, %v", keys, err)
			}
			if err := b.drop(t.Context(), strings.TrimSuffix(key, "model.bin"), originFile); err != nil {
				t.Error(err)
			}
			if _, err := b.get(t.Context(), key, int64(len(data)), hashOf(data)); !errors.Is(err, ErrNoFile) {
				t.Errorf("after it was deleted: %v", err)
			}
		})
	}
	if left, err := os.ReadDir(filepath.Join(folder, "url")); err != nil || len(left) != 2 { // top, and the workspace's
		t.Errorf("beside the files are %v, %v", left, err)
	}
}

func TestABucketThatCannotBeOpenedSaysWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ address, want string }{
		"nothing":        {"", "name a folder or a URL"},
		"a file":         {file, "not a directory"},
		"another scheme": {"ftp://user:secret@host/x?password=secret", "knows no ftp://"},
		"no URL":         {"s3://%zz?secret", "is no URL"},
		"a file's query": {"file:///x?create_dir=true", "nothing more"},
	} {
		_, err := openBucket(t.Context(), c.address)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A file that somebody changed, cut, or took away is found out wherever it is read: nothing of it is live, the champion stays, and the error says what to do.
func TestADamagedFileIsNeverLive(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	good := w.promoted(r, "good")
	for what, c := range map[string]struct {
		damage func(path string) error
		want   error
	}{
		"another model's": {func(path string) error { return os.WriteFile(path, []byte("alien"), 0o600) }, ErrCorrupt},
		"cut short":       {func(path string) error { return os.Truncate(path, 2) }, ErrCorrupt},
		"gone":            {os.Remove, ErrNoFile},
	} {
		v := w.put(r, "model")
		if err := c.damage(w.path(v.GetId(), "model.bin")); err != nil {
			t.Fatal(err)
		}
		_, file := r.File(t.Context(), v, "model.bin")
		_, promote := r.Promote(t.Context(), shop, churn, v.GetId(), "x")
		_, shadow := r.Shadow(t.Context(), shop, churn, v.GetId(), "x")
		for _, err := range []error{file, promote, shadow} {
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "train anew") || !strings.Contains(err.Error(), v.GetId()) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	w.serves(r, good)
	two := w.promoted(r, "two")
	if err := os.Remove(w.path(good, "model.bin")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Rollback(t.Context(), shop, churn, "x"); !errors.Is(err, ErrNoFile) {
		t.Errorf("back to what is gone: %v", err)
	}
	w.serves(r, two)
}

// The bucket is away: nothing is announced that is not there, and what is live stays.
func TestABucketThatIsAwayChangesNothing(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	one := w.promoted(r, "one")
	two := w.put(r, "two")
	away := w.folder + ".away"
	if err := errors.Join(os.Rename(w.folder, away), os.WriteFile(w.folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Put(t.Context(), &modelv1.Version{Workspace: shop, Name: churn}, map[string][]byte{"model.bin": nil}); err == nil {
		t.Error("a version is put without a bucket")
	}
	if _, err := r.Promote(t.Context(), shop, churn, two.GetId(), "x"); err == nil {
		t.Error("a version is promoted without its files")
	}
	w.ahead.Add(int64(48 * 3600e9))
	for range 3 {
		_ = r.Sweep(t.Context())
		w.ahead.Add(int64(3600e9))
	}
	if err := errors.Join(os.Remove(w.folder), os.Rename(away, w.folder)); err != nil {
		t.Fatal(err)
	}
	if r.State(shop, churn).GetChampion() != one || len(r.Versions(shop, churn)) != 2 || !w.there(one, "model.bin") {
		t.Errorf("%v", r.State(shop, churn))
	}
	if _, err := r.Promote(t.Context(), shop, churn, two.GetId(), "x"); err != nil {
		t.Error(err)
	}
}
