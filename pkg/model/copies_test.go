package model

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// bucketOf is a bucket of one file, which may be away.
type bucketOf struct {
	text string
	away bool
}

func (b *bucketOf) File(context.Context, *modelv1.Version, string) ([]byte, error) {
	if b.away {
		return nil, errors.New("the bucket is away")
	}
	return []byte(b.text), nil
}

// A copy serves while the bucket is away; one that was damaged is read anew, or is an error, and is never given.
func TestACopyThatIsDamagedIsNotBelieved(t *testing.T) {
	v := &modelv1.Version{Id: "20261128T181500-3f2a", Files: []*modelv1.File{{Name: "model.bin", Sha256: hashOf([]byte("trees"))}}}
	b, c := &bucketOf{text: "trees"}, Copies{Dir: filepath.Join(t.TempDir(), "copies")}
	get := func() (string, string, error) {
		data, kept, err := c.Get(t.Context(), b, v, "model.bin")
		return string(data), kept, err
	}
	text, kept, err := get()
	if text != "trees" || err != nil {
		t.Fatalf("%q, %v", text, err)
	}
	b.away = true
	if text, _, err = get(); text != "trees" || err != nil {
		t.Errorf("the bucket is away: %q, %v", text, err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, kept), []byte("leaves"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, _, err = get(); err == nil {
		t.Errorf("a damaged copy is given: %q", text)
	}
	b.away = false
	if text, _, err = get(); text != "trees" || err != nil {
		t.Errorf("the bucket is back: %q, %v", text, err)
	}
	b.away = true
	if text, _, err = get(); text != "trees" || err != nil {
		t.Errorf("the copy was not mended: %q, %v", text, err)
	}
	c.Keep(map[string]bool{kept: true})
	if text, _, err = get(); text != "trees" || err != nil {
		t.Errorf("a copy that is kept is gone: %q, %v", text, err)
	}
	c.Keep(nil)
	if _, _, err = get(); err == nil {
		t.Error("a copy that is not kept is there")
	}
	if _, _, err := c.Get(t.Context(), b, v, "card.html"); err == nil {
		t.Error("a file that the version does not have is there")
	}
}
