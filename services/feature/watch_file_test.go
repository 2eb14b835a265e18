package feature

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/testkit"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

const mine = "features: [{name: mine, description: x, level: basic, aggregate: count, where: 'event == \"A\"', windows: [lifetime]}]\n"

// While the service runs a file with faults changes nothing, and is told; so is one that gives a live name another meaning, and a good one.
func TestAFileWithFaultsChangesNothingAndIsTold(t *testing.T) {
	s := newStack(t)
	s.features = filepath.Join(t.TempDir(), "features.yaml")
	write := func(text string) {
		if err := os.WriteFile(s.features, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(mine)
	client, stop := s.start()
	told := func(want string) {
		t.Helper()
		testkit.Eventually(t, soon, func() error {
			got, err := client.ListFeatures(t.Context(), &featurev1.ListFeaturesRequest{})
			if err != nil {
				return err
			}
			if note := got.GetFileNote(); want == "" && note != "" || !strings.Contains(note, want) {
				return errors.New("told is " + note)
			}
			if n := len(got.GetFeatures()); n != len(shipped.catalog.Features)+1 {
				t.Fatalf("%d features: the catalogue in use changed", n)
			}
			return nil
		})
	}
	told("")
	write(strings.Replace(mine, "count", "cuont", 1))
	told(`"cuont" is none`)
	write(strings.Replace(mine, `"A"`, `"B"`, 1))
	told("mine_v2")
	write(mine + "remove: [searches, searcher]\n")
	told("start feature and segmentation again")
	write(mine)
	told("")
	stop()
}

// A start with a catalogue that gives a live name another meaning fails, and says what to do; by another name it is good.
func TestALiveDefinitionIsNotChangedAtAStart(t *testing.T) {
	s := newStack(t)
	s.features = filepath.Join(t.TempDir(), "features.yaml")
	start := func(text string) error {
		t.Helper()
		if err := os.WriteFile(s.features, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		service := s.service()
		done := make(chan error, 1)
		go func() { done <- service.Run(ctx) }()
		testkit.Eventually(t, soon, func() error {
			if len(done) > 0 {
				return nil
			}
			return service.Ready()
		})
		cancel()
		return <-done
	}
	if err := start(mine); err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(mine, `"A"`, `"B"`, 1)
	if err := start(other); err == nil || !strings.Contains(err.Error(), "mine_v2") {
		t.Errorf("the changed definition: %v", err)
	}
	if err := start(strings.Replace(other, "mine", "mine_v2", 1)); err != nil {
		t.Errorf("by another name: %v", err)
	}
}
