package training

import (
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/churn/dataset"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// juryShare is how many of all customers no model learns from. It must not change: an older model has learnt from who was not of it then.
const juryShare = 0.15

// ofJury says whether a customer is of the jury.
func ofJury(workspace, customer string) bool {
	h := xxhash.Sum64(wire.AppendText(wire.AppendText([]byte("freshet jury"), workspace), customer))
	return float64(h>>11)/(1<<53) < juryShare
}

// split takes the jury out of a table: rows to learn from, and the jury's at the newest date.
type split struct {
	learn *pipeline.Table
	jury  *pipeline.Table
	date  time.Time
	// stakes are what the jury's customers spent within the horizon; nil where that is not known.
	stakes []float64
	// customers are how many there are to learn from.
	customers int
}

func splitOff(workspace string, s *dataset.Set) split {
	t := s.Table
	out := split{date: t.Times[len(t.Times)-1]}
	var learn, jury []int
	who := map[string]bool{}
	for i, id := range s.Customers {
		switch {
		case !ofJury(workspace, id):
			learn = append(learn, i)
			who[id] = true
		case t.Times[i].Equal(out.date):
			jury = append(jury, i)
			if s.Stakes != nil {
				out.stakes = append(out.stakes, s.Stakes[i])
			}
		}
	}
	out.learn, out.jury, out.customers = t.Take(learn), t.Take(jury), len(who)
	return out
}
