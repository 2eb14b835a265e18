package access

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Within a second of a change it holds; a file that cannot be used changes nothing.
func TestTheFileIsWatched(t *testing.T) {
	path, text := made(t, Token{Name: "crm", Scopes: []string{"profiles"}})
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		all, err := Load(Options{File: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- all.Run(ctx) }()
		allowed := func() bool { return all.Check("Bearer "+text["crm"], profiles, "") == nil }
		for _, step := range []struct {
			what, text string
			allowed    bool
			log        string
		}{
			{"as it was", string(raw), true, ""},
			{"a faulty file", "tokens: [{nam: x}]", true, "those before them stay"},
			{"an emptied file", "", true, "is empty: to have no tokens, write"},
			{"revoked", strings.Replace(string(raw), "created:", "revoked: 2026-03-01T12:00:00Z, created:", 1), false, "in use"},
			{"back", string(raw), true, ""},
			{"no tokens", "tokens: []", false, ""},
		} {
			if err := os.WriteFile(path, []byte(step.text), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(999 * time.Millisecond)
			synctest.Wait()
			if allowed() != step.allowed || !strings.Contains(log.String(), step.log) {
				t.Errorf("%s: allowed %v, want %v; log:\n%s", step.what, !step.allowed, step.allowed, log.String())
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAFileThatIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	if _, err := Load(Options{File: path}); err == nil || !strings.Contains(err.Error(), "make one with `freshet token add") {
		t.Errorf("a file that has to be there: %v", err)
	}
	all, err := Load(Options{File: path, MayBeMissing: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := all.Check("Bearer fst_x", profiles, ""); err == nil {
		t.Error("no tokens allow everything")
	}
}
