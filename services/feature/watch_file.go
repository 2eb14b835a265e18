package feature

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/retry"
)

// fileEvery is how often the features file is looked at.
const fileEvery = 2 * time.Second

// fileState is what is to be said of the features file: nothing while it is what the service was started with.
type fileState struct {
	// fault is what is wrong with it; empty when it is good.
	fault string
	// changed says that it is good, and another catalogue than that in use.
	changed bool
}

// watchFile looks at the features file until ctx ends. The catalogue in use stays, whatever becomes of the file: a good one is taken at the next
// start, a faulty one is told at once, by log, metric and ListFeatures, and not by readiness: the service serves what it did, and one
// file with a fault would take every replica out of service.
func (s *Service) watchFile(ctx context.Context) error {
	var last []byte
	for s.cfg.Features != "" && ctx.Err() == nil {
		text, err := os.ReadFile(s.cfg.Features)
		if err != nil || !bytes.Equal(text, last) || last == nil {
			last = text
			s.judgeFile(ctx)
		}
		_ = retry.Sleep(ctx, fileEvery)
	}
	return nil
}

// judgeFile notes what is to be said of the file, and logs it when it is something else than before.
func (s *Service) judgeFile(ctx context.Context) {
	var now fileState
	if next, err := newBook(s.cfg.Features); err != nil {
		now.fault = err.Error()
	} else if err := s.book.immutable(next.catalog); err != nil {
		now.fault = err.Error()
	} else {
		now.changed = !bytes.Equal(next.catalog.Source(), s.book.catalog.Source())
	}
	if was := s.file.Swap(&now); was != nil && *was == now {
		return
	}
	switch {
	case now.fault != "":
		s.deps.Logger.ErrorContext(ctx, "the features file has faults: the catalogue in use stays", "file", s.cfg.Features, "faults", now.fault)
	case now.changed:
		s.deps.Logger.InfoContext(ctx, "the features file has changed and is good: start feature and segmentation again to use it", "file", s.cfg.Features)
	}
}

// immutable refuses a catalogue that gives a name of the one in hand another meaning.
func (b *book) immutable(next *catalog.Catalog) error {
	if err := catalog.Changed(b.catalog, next); err != nil {
		return fmt.Errorf("definitions that are live have another meaning:\n%w", err)
	}
	return nil
}

// fileNote says in words what is to be said of the features file; empty when nothing is.
func (s *Service) fileNote() string {
	switch f := s.file.Load(); {
	case f == nil:
		return ""
	case f.fault != "":
		return "the features file has faults, and the catalogue of before is in use: " + strings.ReplaceAll(f.fault, "\n", "; ")
	case f.changed:
		return "the features file has changed: start feature and segmentation again to use it"
	}
	return ""
}
