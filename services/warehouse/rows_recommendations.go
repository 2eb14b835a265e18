package warehouse

import (
	"errors"
	"math"
	"strings"

	"github.com/freshet/freshet/pkg/broker"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// listRows are rows of dm.recommendations: one for each place of a list, and one for a list without any, so that it is counted.
type listRows struct {
	workspace, request, customer, scene, variant, model, item, source, context, category []string
	position                                                                             []uint16
	answered                                                                             []int64
	unseen, explored                                                                     []bool
}

func newListRows(n int) *listRows { return &listRows{item: make([]string, 0, n)} }

func (l *listRows) add(rec broker.Record) error {
	var a recommendationv1.Answer
	if err := decode(rec, &a); err != nil {
		return err
	}
	if a.Workspace == "" || a.CustomerId == "" || a.RequestId == "" {
		return errors.New("workspace, customer_id and request_id must be set")
	}
	if len(a.Items) > math.MaxUint16 {
		return errors.New("a list has at most 65535 items")
	}
	if err := checkTimes([]string{"at_ms"}, a.AtMs); err != nil {
		return err
	}
	for i, x := range a.Items {
		l.place(&a, i+1, x)
	}
	if len(a.Items) == 0 {
		l.place(&a, 0, nil)
	}
	return nil
}

func (l *listRows) place(a *recommendationv1.Answer, position int, x *recommendationv1.AnswerItem) {
	l.workspace, l.request, l.customer = append(l.workspace, a.Workspace), append(l.request, a.RequestId), append(l.customer, a.CustomerId)
	l.scene, l.variant, l.model = append(l.scene, a.Scene), append(l.variant, a.Variant), append(l.model, a.ModelVersion)
	l.item, l.source, l.explored = append(l.item, x.GetItemId()), append(l.source, x.GetSource()), append(l.explored, x.GetExplored())
	l.context, l.category = append(l.context, a.Context), append(l.category, x.GetCategory())
	l.position, l.answered, l.unseen = append(l.position, uint16(position)), append(l.answered, a.AtMs), append(l.unseen, a.Unseen)
}

func (l *listRows) result() rows {
	return rows{tables: []table{{db: schema.DM, name: "recommendations", rows: len(l.item), columns: []column{
		{"workspace", l.workspace}, {"request_id", l.request}, {"position", l.position}, {"customer_id", l.customer},
		{"scene", l.scene}, {"variant", l.variant}, {"model_version", l.model}, {"answered_at", l.answered}, {"unseen", l.unseen},
		{"item_id", l.item}, {"source", l.source}, {"explored", l.explored}, {"context", l.context}, {"category", l.category},
	}}}}
}

// outcomeRows are rows of dm.recommendation_outcomes.
type outcomeRows struct {
	workspace, id, kind, customer, request, scene, variant, model, item, source, order, context, category []string
	sign                                                                                                  []int8
	position                                                                                              []uint16
	explored                                                                                              []bool
	answered, occurred                                                                                    []int64
	value                                                                                                 []*int64
}

func newOutcomeRows(n int) *outcomeRows { return &outcomeRows{id: make([]string, 0, n)} }

// feedbackKind is the word of the column.
func feedbackKind(k recommendationv1.FeedbackKind) string {
	return strings.ToLower(strings.TrimPrefix(k.String(), "FEEDBACK_KIND_"))
}

func (o *outcomeRows) add(rec broker.Record) error {
	var m recommendationv1.Outcome
	if err := decode(rec, &m); err != nil {
		return err
	}
	if m.Workspace == "" || m.CustomerId == "" || m.OutcomeId == "" || m.RequestId == "" {
		return errors.New("workspace, customer_id, outcome_id and request_id must be set")
	}
	if m.Position < 1 || m.Position > math.MaxUint16 {
		return errors.New("position is not within 1 and 65535")
	}
	if err := checkTimes([]string{"answered_ms", "at_ms"}, m.AnsweredMs, m.AtMs); err != nil {
		return err
	}
	sign := int8(1)
	if m.Undone {
		sign = -1
	}
	o.workspace, o.id, o.kind = append(o.workspace, m.Workspace), append(o.id, m.OutcomeId), append(o.kind, feedbackKind(m.Kind))
	o.customer, o.request, o.scene = append(o.customer, m.CustomerId), append(o.request, m.RequestId), append(o.scene, m.Scene)
	o.variant, o.model, o.item = append(o.variant, m.Variant), append(o.model, m.ModelVersion), append(o.item, m.ItemId)
	o.source, o.order, o.sign = append(o.source, m.Source), append(o.order, m.OrderId), append(o.sign, sign)
	o.position, o.explored, o.value = append(o.position, uint16(m.Position)), append(o.explored, m.Explored), append(o.value, m.ValueMicros)
	o.context, o.category = append(o.context, m.Context), append(o.category, m.Category)
	o.answered, o.occurred = append(o.answered, m.AnsweredMs), append(o.occurred, m.AtMs)
	return nil
}

func (o *outcomeRows) result() rows {
	return rows{tables: []table{{db: schema.DM, name: "recommendation_outcomes", rows: len(o.id), columns: []column{
		{"workspace", o.workspace}, {"outcome_id", o.id}, {"kind", o.kind}, {"sign", o.sign}, {"customer_id", o.customer},
		{"request_id", o.request}, {"position", o.position}, {"scene", o.scene}, {"variant", o.variant}, {"model_version", o.model},
		{"item_id", o.item}, {"source", o.source}, {"explored", o.explored}, {"context", o.context}, {"category", o.category}, {"answered_at", o.answered}, {"occurred_at", o.occurred},
		{"value_micros", o.value}, {"order_id", o.order},
	}}}}
}
