package warehouse

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/broker"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// scoreRows are rows of dm.scores: one for each target of a set, and one for a set without targets, so that its warnings are seen. A set of somebody who
// was merged away says nothing, and has no row.
type scoreRows struct {
	workspace, customer, target, model, band, missing, reason []string
	version, features                                         []int64
	shadow, history, holdout                                  []bool
	value                                                     []*float64
	asOf, scored, received                                    []int64
	warnings, evidence                                        [][]string
	since                                                     [][]int64
}

func newScoreRows(n int) *scoreRows { return &scoreRows{target: make([]string, 0, n)} }

// scoreReasons are the words of the column; "" for what this version does not know.
var scoreReasons = map[churnv1.ScoreReason]string{
	churnv1.ScoreReason_SCORE_REASON_EVENT: "event",
	churnv1.ScoreReason_SCORE_REASON_TIME:  "time",
	churnv1.ScoreReason_SCORE_REASON_MERGE: "merge",
	churnv1.ScoreReason_SCORE_REASON_MODEL: "model",
}

func (s *scoreRows) add(rec broker.Record) error {
	var m churnv1.ScoreSet
	if err := decode(rec, &m); err != nil {
		return err
	}
	if err := checkScores(&m); err != nil {
		return err
	}
	at := rec.Time.UnixMilli()
	if err := checkTimes([]string{"the record's time"}, at); err != nil {
		return err
	}
	if m.MergedInto != "" {
		return nil
	}
	w := warningsOf(&m)
	for _, x := range m.Scores {
		s.score(&m, x, false, at, w)
	}
	for _, x := range m.Shadow {
		s.score(&m, x, true, at, w)
	}
	if len(m.Scores) == 0 {
		s.score(&m, &churnv1.Score{Missing: "no target"}, false, at, w)
	}
	return nil
}

// checkScores refuses a set that its writer should never have sent.
func checkScores(m *churnv1.ScoreSet) error {
	if m.Workspace == "" || m.CustomerId == "" || m.Version <= 0 {
		return errors.New("workspace, customer_id and version must be set")
	}
	if err := checkTimes([]string{"as_of_ms", "received_ms"}, m.AsOfMs, m.ReceivedMs); err != nil {
		return err
	}
	for _, list := range [][]*churnv1.Score{m.Scores, m.Shadow} {
		for i, x := range list {
			if x.GetTarget() == "" || math.IsNaN(x.GetValue()) || math.IsInf(x.GetValue(), 0) {
				return fmt.Errorf("score %d: %g of target %q is no score", i+1, x.GetValue(), x.GetTarget())
			}
		}
	}
	for _, w := range m.Warnings {
		if err := checkTimes([]string{"since_ms"}, w.GetSinceMs()); err != nil {
			return err
		}
	}
	return nil
}

// warningsRow are the columns of a set's warnings.
type warningsRow struct {
	names, evidence []string
	since           []int64
}

func warningsOf(m *churnv1.ScoreSet) (w warningsRow) {
	for _, x := range m.Warnings {
		var saw []string
		for _, e := range x.GetEvidence() {
			saw = append(saw, e.GetFeature()+" "+plainNumber(e.GetValue())+" against "+plainNumber(e.GetAgainst()))
		}
		w.names, w.since, w.evidence = append(w.names, x.GetName()), append(w.since, x.GetSinceMs()), append(w.evidence, strings.Join(saw, ", "))
	}
	return w
}

func plainNumber(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func (s *scoreRows) score(m *churnv1.ScoreSet, x *churnv1.Score, shadow bool, at int64, w warningsRow) {
	s.workspace, s.customer, s.target = append(s.workspace, m.Workspace), append(s.customer, m.CustomerId), append(s.target, x.Target)
	s.version, s.features = append(s.version, m.Version), append(s.features, m.FeaturesVersion)
	s.model, s.band, s.missing = append(s.model, x.ModelVersion), append(s.band, x.Band), append(s.missing, x.Missing)
	value := &x.Value
	if x.Missing != "" {
		value = nil
	}
	s.value, s.shadow = append(s.value, value), append(s.shadow, shadow)
	s.asOf, s.scored, s.received = append(s.asOf, m.AsOfMs), append(s.scored, at), append(s.received, m.ReceivedMs)
	s.reason = append(s.reason, scoreReasons[m.Reason])
	s.history, s.holdout = append(s.history, m.History), append(s.holdout, m.Holdout)
	s.warnings, s.since, s.evidence = append(s.warnings, w.names), append(s.since, w.since), append(s.evidence, w.evidence)
}

func (s *scoreRows) result() rows {
	return rows{tables: []table{{db: schema.DM, name: "scores", rows: len(s.target), columns: []column{
		{"workspace", s.workspace}, {"customer_id", s.customer}, {"target", s.target}, {"version", s.version}, {"model_version", s.model},
		{"shadow", s.shadow}, {"value", s.value}, {"band", s.band}, {"missing", s.missing},
		{"as_of", s.asOf}, {"scored_at", s.scored}, {"received_at", s.received}, {"reason", s.reason}, {"history", s.history},
		{"holdout", s.holdout}, {"features_version", s.features},
		{"warnings", s.warnings}, {"warnings_since", s.since}, {"evidence", s.evidence},
	}}}}
}
