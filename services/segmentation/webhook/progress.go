package webhook

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// maxMetadata bounds the commit's metadata; Kafka takes 4,096 bytes. Finished spans that
// do not fit are sent again after a restart.
const maxMetadata = 3500

// span is the offsets from First to Next-1.
type span struct{ first, next int64 }

// progress knows which offsets of a partition are finished: all below low, and some spans
// above it. Safe for concurrent use.
type progress struct {
	mu    sync.Mutex
	low   int64
	spans []span // above low, in order, not touching each other
}

// newProgress goes on from a commit. Metadata that cannot be read counts as empty: more is
// sent again, nothing is lost.
func newProgress(low int64, metadata string) *progress {
	p := &progress{low: low}
	for _, part := range strings.Split(metadata, ",") {
		a, b, ok := strings.Cut(part, "-")
		first, err1 := strconv.ParseInt(a, 10, 64)
		last, err2 := strconv.ParseInt(b, 10, 64)
		if ok && err1 == nil && err2 == nil && first >= low && first <= last {
			p.finish(first, last+1)
		}
	}
	return p
}

// finish notes that the offsets from first to next-1 are done with.
func (p *progress) finish(first, next int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first = max(first, p.low)
	if first >= next {
		return
	}
	// i is the first span that ends at or after first; j the first that begins after next.
	i, _ := slices.BinarySearchFunc(p.spans, first, func(s span, at int64) int { return cmp.Compare(s.next, at) })
	j := i
	for j < len(p.spans) && p.spans[j].first <= next {
		first, next = min(first, p.spans[j].first), max(next, p.spans[j].next)
		j++
	}
	p.spans = slices.Replace(p.spans, i, j, span{first, next})
	if p.spans[0].first == p.low {
		p.low, p.spans = p.spans[0].next, p.spans[1:]
	}
}

// finished says whether an offset is done with.
func (p *progress) finished(offset int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return offset < p.low || slices.ContainsFunc(p.spans, func(s span) bool { return s.first <= offset && offset < s.next })
}

// passOver goes on where records are gone: the partition begins with first now, and reading goes on at next. What was finished
// above a gap stays finished, since it was delivered; offsets that begin anew say nothing of what they said before.
func (p *progress) passOver(first, next int64) {
	p.mu.Lock()
	low := p.low
	if next < low {
		p.low, p.spans = next, nil
	}
	p.mu.Unlock()
	if low <= first {
		p.finish(low, first)
	}
}

// commit is the lowest unfinished offset and, as metadata, the spans above it that are
// finished: "12-18,20-20".
func (p *progress) commit() (offset int64, metadata string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, s := range p.spans {
		text := fmt.Sprintf("%d-%d", s.first, s.next-1)
		if b.Len()+1+len(text) > maxMetadata {
			break
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(text)
	}
	return p.low, b.String()
}
