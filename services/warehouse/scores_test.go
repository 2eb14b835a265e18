package warehouse

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// scoreSet is the set number version of a customer: a probability and an amount.
func scoreSet(customer string, version int64, risk float64, edit func(*churnv1.ScoreSet)) *churnv1.ScoreSet {
	m := &churnv1.ScoreSet{
		CustomerId: customer, Workspace: "default", Version: version, AsOfMs: base.UnixMilli() + version, ReceivedMs: base.UnixMilli(),
		Reason: churnv1.ScoreReason_SCORE_REASON_EVENT, FeaturesVersion: version * 10,
		Scores: []*churnv1.Score{
			{Target: "churn_risk_60d", Value: risk, Band: "high", ModelVersion: "m1"},
			{Target: "spend_next_90d", Value: 12.5, ModelVersion: "m2"},
		},
	}
	if edit != nil {
		edit(m)
	}
	return m
}

// Every field of a set of scores is in a column, of every target; what is absent reads as absent.
func TestScoresReachTheirColumns(t *testing.T) {
	w := newWorld(t, 1)
	full := scoreSet("a", 3, 0.75, func(m *churnv1.ScoreSet) {
		m.History, m.Holdout, m.Reason = true, true, churnv1.ScoreReason_SCORE_REASON_TIME
		m.Scores = append(m.Scores, &churnv1.Score{Target: "repurchase_30d", Missing: "no model yet: 41 customers who bought; 500 are needed"})
		m.Shadow = []*churnv1.Score{{Target: "churn_risk_60d", Value: 0.5, Band: "medium", ModelVersion: "m9"}, {Target: "churn_risk_60d", Value: 0.25, Band: "low", ModelVersion: "m8"}}
		m.Warnings = []*churnv1.Warning{
			{Name: "frequency_halved", SinceMs: base.UnixMilli() - 5, Evidence: []*churnv1.Evidence{{Feature: "orders_90d", Value: 1, Against: 4.25}, {Feature: "x", Value: 2, Against: 3}}},
			{Name: "order_overdue", SinceMs: base.UnixMilli()},
		}
	})
	bare := scoreSet("b", 1, 0, func(m *churnv1.ScoreSet) {
		m.Scores, m.ReceivedMs, m.Reason = nil, 0, 99
		m.Warnings = []*churnv1.Warning{{Name: "w", SinceMs: 1}}
	})
	gone := scoreSet("c", 7, 0, func(m *churnv1.ScoreSet) { m.Scores, m.MergedInto = nil, "a" })
	w.produce(topics.Scores, "a", full)
	w.produce(topics.Scores, "a", bare, gone)
	w.start(nil)

	w.want(6, "SELECT count() FROM {dm}.scores")
	w.want(5, `SELECT count() FROM {dm}.scores WHERE (workspace, customer_id, version, features_version, reason, history, holdout) = ('default', 'a', 3, 30, 'time', true, true)
		AND toUnixTimestamp64Milli(as_of) = `+ms(full.AsOfMs)+` AND toUnixTimestamp64Milli(received_at) = `+ms(full.ReceivedMs)+`
		AND abs(dateDiff('second', scored_at, now64())) < 3600
		AND warnings = ['frequency_halved', 'order_overdue'] AND evidence = ['orders_90d 1 against 4.25, x 2 against 3', '']
		AND arrayMap(x -> toUnixTimestamp64Milli(x), warnings_since) = [`+ms(base.UnixMilli()-5)+`, `+ms(base.UnixMilli())+`]`)
	w.want(1, "SELECT count() FROM {dm}.scores WHERE (target, value, band, model_version, missing, shadow) = ('churn_risk_60d', 0.75, 'high', 'm1', '', false)")
	w.want(1, "SELECT count() FROM {dm}.scores WHERE (target, value, band, model_version, missing, shadow) = ('spend_next_90d', 12.5, '', 'm2', '', false)")
	w.want(1, "SELECT count() FROM {dm}.scores WHERE (target, model_version, shadow) = ('repurchase_30d', '', false) AND value IS NULL AND missing LIKE 'no model yet: 41%'")
	w.want(1, "SELECT count() FROM {dm}.scores WHERE (target, value, band, model_version, shadow) = ('churn_risk_60d', 0.5, 'medium', 'm9', true)")
	w.want(1, "SELECT count() FROM {dm}.scores WHERE (target, value, band, model_version, shadow) = ('churn_risk_60d', 0.25, 'low', 'm8', true)")
	w.want(1, "SELECT count() FROM {dm}.scores WHERE (customer_id, target, reason, warnings) = ('b', '', '', ['w']) AND value IS NULL AND received_at = toDateTime64(0, 3)")
	w.wantCommitted(topics.Scores, 0)
}

// ms writes milliseconds.
func ms(x int64) string { return strconv.FormatInt(x, 10) }

// wantWhole fails where a column has not a value for each row.
func wantWhole(t *testing.T, what string, tab table) {
	t.Helper()
	for _, c := range tab.columns {
		if n := reflect.ValueOf(c.values).Len(); n != tab.rows {
			t.Errorf("%s: %s.%s has %d values for %d rows", what, tab.name, c.name, n, tab.rows)
		}
	}
}

// Whatever the order in which sets come and however often, the history has each once, and the latest are those of the newest set: without the targets
// that it does not name, without challengers, without whoever was merged away.
func TestLatestScoresAreThoseOfTheNewestSet(t *testing.T) {
	w := newWorld(t, 1)
	w.start(nil)
	first, second := scoreSet("a", 1, 0.1, nil), scoreSet("a", 2, 0.2, nil)
	third := scoreSet("a", 3, 0.3, func(m *churnv1.ScoreSet) {
		m.Scores, m.Shadow = m.Scores[:1], []*churnv1.Score{{Target: "churn_risk_60d", Value: 0.9, ModelVersion: "m9"}}
		m.AsOfMs -= 40 * 86_400_000 // another month: the newest is not by time
	})
	for _, m := range []*churnv1.ScoreSet{third, first, second, third, first} { // each its own block; the last two sent again
		w.produce(topics.Scores, "a", m)
		w.wantCommitted(topics.Scores, 0)
	}
	w.want(6, "SELECT count() FROM {dm}.scores")
	w.want(1, "SELECT count() FROM {dm}.scores_latest")
	w.want(1, "SELECT count() FROM {dm}.scores_latest WHERE (customer_id, target, value) = ('a', 'churn_risk_60d', 0.3)")
	w.produce(topics.Scores, "a", scoreSet("b", 9, 0.9, nil))
	w.want(3, "SELECT count() FROM {dm}.scores_latest")
	w.produce(topics.IdentityMappings, "b", &identityv1.Mapping{Workspace: "default", FromCustomerId: "b", ToCustomerId: "a", Epoch: 7, MergedMs: base.UnixMilli()})
	w.want(1, "SELECT count() FROM {dm}.scores_latest")
	w.want(1, "SELECT count() FROM {dm}.scores_latest WHERE value = 0.3")
	w.want(8, "SELECT count() FROM {dm}.scores_current WHERE current_customer_id = 'a'")
	w.want(2, "SELECT count() FROM {dm}.scores_current WHERE customer_id = 'b'")
}

// Every reason has a word; a new one must get one here.
func TestEveryScoreReasonHasAWord(t *testing.T) {
	for number, name := range churnv1.ScoreReason_name {
		want := strings.ToLower(strings.TrimPrefix(name, "SCORE_REASON_"))
		if number == 0 {
			want = ""
		}
		if got := scoreReasons[churnv1.ScoreReason(number)]; got != want {
			t.Errorf("%s is %q in the column, want %q", name, got, want)
		}
	}
}

// A set that is refused leaves no trace in any column.
func TestScoresThatNoTableHoldsAreRefusedWhole(t *testing.T) {
	for name, edit := range map[string]func(*churnv1.ScoreSet){
		"no customer":             func(m *churnv1.ScoreSet) { m.CustomerId = "" },
		"no workspace":            func(m *churnv1.ScoreSet) { m.Workspace = "" },
		"no version":              func(m *churnv1.ScoreSet) { m.Version = 0 },
		"no number":               func(m *churnv1.ScoreSet) { m.Scores[1].Value = math.NaN() },
		"without an end":          func(m *churnv1.ScoreSet) { m.Scores[1].Value = math.Inf(1) },
		"a challenger's nonsense": func(m *churnv1.ScoreSet) { m.Shadow = []*churnv1.Score{{Target: "x", Value: math.NaN()}} },
		"no target":               func(m *churnv1.ScoreSet) { m.Scores[1].Target = "" },
		"of the year 1800":        func(m *churnv1.ScoreSet) { m.AsOfMs = minMillis - 1 },
		"received in 2300":        func(m *churnv1.ScoreSet) { m.ReceivedMs = maxMillis + 1 },
		"warned of in 2300":       func(m *churnv1.ScoreSet) { m.Warnings = []*churnv1.Warning{{Name: "x", SinceMs: maxMillis + 1}} },
	} {
		b := block{tp: broker.TopicPartition{Topic: topics.Scores.Name}}
		for i, m := range []*churnv1.ScoreSet{scoreSet("a", 1, 0.1, nil), scoreSet("a", 2, 0.2, edit), scoreSet("a", 3, 0.3, nil)} {
			value, err := proto.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			b.records = append(b.records, broker.Record{Topic: b.tp.Topic, Offset: int64(i), Value: value, Time: base})
		}
		r, err := convert(b)
		if err != nil || len(r.bad) != 1 || r.bad[0].record.Offset != 1 || r.tables[0].rows != 4 {
			t.Errorf("%s: bad %+v, %d rows, %v", name, r.bad, r.tables[0].rows, err)
		}
		wantWhole(t, name, r.tables[0])
	}
}

// A block of scores that landed while its commit was lost lands once: under its token, and, once the log was compacted in between and the token is
// another, because equal rows meet.
func TestABlockOfScoresLandsOnceOverACompaction(t *testing.T) {
	w := newWorld(t, 1)
	w.start(nil)
	for v := range int64(20) {
		w.produce(topics.Scores, "a", scoreSet("a", v+1, float64(v)/20, nil))
	}
	w.want(40, "SELECT count() FROM {dm}.scores")
	w.wantCommitted(topics.Scores, 0)
	// The same records without those of a compaction, at other offsets: what a replay of the block reads.
	for v := int64(1); v < 20; v += 2 {
		w.produce(topics.Scores, "a", scoreSet("a", v+1, float64(v)/20, nil))
	}
	w.wantCommitted(topics.Scores, 0)
	w.want(40, "SELECT count() FROM {dm}.scores")
	w.want(2, "SELECT count() FROM {dm}.scores_latest WHERE version = 20")
}
