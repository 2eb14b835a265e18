package intake

import (
	"sync"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/enrich"
)

// Work is what one request needs while it is decoded. It is pooled, see Begin: nothing in it
// may be handed to the broker, which can hold on to a record after a request has timed out.
type Work struct {
	decode.Work
	enriching  enrich.Work
	msgs       []broker.Message
	rejections []Rejection
	told       []Told
	live       int   // accepted events that are no history
	reserved   int64 // bytes taken from Memory

	// Whole says that the body was read to its end: the door sets it.
	Whole bool
	// Page is the web origin that may read the answer; empty when there is none, or any may. Admit sets it.
	Page string
	// Paged says that the answer depends on the web origin.
	Paged bool
}

// Records are what Judge has made of the items.
func (w *Work) Records() []broker.Message { return w.msgs }

// Rejections are the items that Judge has refused.
func (w *Work) Rejections() []Rejection { return w.rejections }

// Hold adds bytes that the door took from Memory itself; End gives them back.
func (w *Work) Hold(bytes int64) { w.reserved += bytes }

var works = sync.Pool{New: func() any { return new(Work) }}

// Begin takes a work from the pool. End has to follow.
func (i *Intake) Begin() *Work { return works.Get().(*Work) }

// End gives the work back to the pool, unless it would keep a large request in memory, and its bytes to Memory.
func (i *Intake) End(w *Work) {
	i.Memory.Give(w.reserved)
	if cap(w.Body) > 256<<10 || cap(w.Items) > 512 {
		return
	}
	w.Reset()
	clear(w.msgs)
	w.msgs, w.rejections, w.told = w.msgs[:0], nil, nil
	w.reserved, w.Page, w.Paged, w.Whole = 0, "", false, false
	works.Put(w)
}
