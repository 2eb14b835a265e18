package collector

import (
	"net/http"

	"github.com/freshet/freshet/services/collector/enrich"
)

// clientOf reads who is at the other end of a request; nobody of history, whose connection is a machine's, years later.
func (s *Service) clientOf(r *http.Request, c call) enrich.Client {
	if c.history {
		return enrich.Client{}
	}
	return s.enrich.Client(r)
}
