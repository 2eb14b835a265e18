package segmentation

import (
	"encoding/binary"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/wire"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// board shows the present cut points of every workspace. One goroutine puts, many look.
type board struct{ now atomic.Pointer[posted] }

// posted is one state of the board. It does not change.
type posted struct {
	cuts map[string]*segmentationv1.CutPoints
	mark uint64
}

// of is the cut points of a workspace, nil before there are any.
func (b *board) of(workspace string) *segmentationv1.CutPoints {
	if p := b.now.Load(); p != nil {
		return p.cuts[workspace]
	}
	return nil
}

// mark is a number that changes with every change of the board; 0 while it is empty.
func (b *board) mark() uint64 {
	if p := b.now.Load(); p != nil {
		return p.mark
	}
	return 0
}

// put shows cut points in place of those of their workspace.
func (b *board) put(c *segmentationv1.CutPoints) {
	next := &posted{cuts: map[string]*segmentationv1.CutPoints{}}
	if p := b.now.Load(); p != nil {
		maps.Copy(next.cuts, p.cuts)
	}
	next.cuts[c.GetWorkspace()] = c
	var text []byte
	for _, w := range slices.Sorted(maps.Keys(next.cuts)) {
		text = binary.AppendVarint(wire.AppendText(text, w), next.cuts[w].GetVersion())
	}
	next.mark = xxhash.Sum64(text)
	b.now.Store(next)
}
