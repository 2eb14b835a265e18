package intake

import (
	"net/http"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
)

// Parse finds the events in w.Body, not yet judged: a single one, or those of a batch.
func (i *Intake) Parse(w *Work, single bool, limits directory.Limits) *Refusal {
	if single {
		return BadBody(w.ParseSingle(limits.Form()))
	}
	if f := w.ParseBatch(limits.Form()); f != nil {
		return BadBody(f)
	}
	// Each event gets its own copy of the envelope's context: bounded, and counted.
	copies := int64(len(w.Envelope.Context)+len(w.Envelope.Integrations)) * int64(len(w.Items))
	if copies > 4*int64(limits.BodyBytes) {
		return TooLarge(limits.BodyBytes)
	}
	if !i.ReserveMore(w, copies) {
		return Busy()
	}
	return nil
}

// KeyOf finds the source of the write key in the body, a JSON string, else why there is none. A body that nobody could read is told so first.
func (i *Intake) KeyOf(w *Work, authorization string) (*directory.Source, *Refusal) {
	key, f := decode.Text("writeKey", w.Envelope.WriteKey)
	switch {
	case len(w.Items) == 1 && w.Items[0].Fault != nil && w.Envelope.WriteKey == nil:
		return nil, Refuse(http.StatusBadRequest, w.Items[0].Fault.Reason, w.Items[0].Fault.Detail)
	case f != nil:
		return nil, Unauthorized(directory.Unknown)
	case key == "":
		return nil, Unauthorized(directory.Unnamed(authorization))
	}
	src, why := i.directory.ByKey([]byte(key))
	if src == nil {
		return nil, Unauthorized(why)
	}
	return src, nil
}
