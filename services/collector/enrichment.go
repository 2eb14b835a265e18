package collector

import (
	"net/http"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/enrich"
)

// nobody is at the other end of history: its connection is a machine's, years later.
var nobody enrich.Client

// clientOf reads who is at the other end of a request.
func (s *Service) clientOf(r *http.Request, c call) enrich.Client {
	if c.history {
		return nobody
	}
	return s.enrich.Client(r)
}

// fillEvent adds to w.event, judged and found good, what its surroundings tell.
func (s *Service) fillEvent(w *work, it *decode.Item, d *delivery) {
	client := &d.client
	if w.Event.History {
		client = &nobody
	}
	it.Hints.Channel = it.Channel
	s.enrich.Fill(&w.Event, &w.enriching, &it.Hints, client, d.src.Enrich)
}
