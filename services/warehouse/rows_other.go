package warehouse

import (
	"errors"

	"github.com/freshet/freshet/pkg/broker"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// rejectedRows are rows of ods.rejected.
type rejectedRows struct {
	workspace, source, id, by, reason, detail, payload []string
	received                                           []int64
}

func newRejectedRows(n int) *rejectedRows { return &rejectedRows{id: make([]string, 0, n)} }

func (r *rejectedRows) add(rec broker.Record) error {
	var e eventv1.RejectedEvent
	if err := decode(rec, &e); err != nil {
		return err
	}
	if err := checkTimes([]string{"received_ms"}, e.ReceivedMs); err != nil {
		return err
	}
	r.workspace = append(r.workspace, e.Workspace)
	r.source = append(r.source, e.Source)
	r.id = append(r.id, e.EventId)
	r.by = append(r.by, e.RejectedBy)
	r.reason = append(r.reason, e.Reason)
	r.detail = append(r.detail, e.Detail)
	r.payload = append(r.payload, string(e.Payload))
	r.received = append(r.received, e.ReceivedMs)
	return nil
}

func (r *rejectedRows) result() rows {
	return rows{tables: []table{{db: schema.ODS, name: "rejected", rows: len(r.id), columns: []column{
		{"workspace", r.workspace}, {"source", r.source}, {"event_id", r.id}, {"rejected_by", r.by},
		{"reason", r.reason}, {"detail", r.detail}, {"payload", r.payload}, {"received_at", r.received},
	}}}}
}

// overrideRows are rows of dw.identity_overrides.
type overrideRows struct {
	workspace, from, to []string
	epoch               []int64
	event               []string
	merged              []int64
}

func newOverrideRows(n int) *overrideRows { return &overrideRows{from: make([]string, 0, n)} }

func (o *overrideRows) add(rec broker.Record) error {
	var m identityv1.Mapping
	if err := decode(rec, &m); err != nil {
		return err
	}
	if m.FromCustomerId == "" || m.ToCustomerId == "" {
		return errors.New("from_customer_id and to_customer_id must be set")
	}
	if err := checkTimes([]string{"merged_ms"}, m.MergedMs); err != nil {
		return err
	}
	o.workspace = append(o.workspace, m.Workspace)
	o.from = append(o.from, m.FromCustomerId)
	o.to = append(o.to, m.ToCustomerId)
	o.epoch = append(o.epoch, m.Epoch)
	o.event = append(o.event, m.EventId)
	o.merged = append(o.merged, m.MergedMs)
	return nil
}

func (o *overrideRows) result() rows {
	return rows{tables: []table{{db: schema.DW, name: "identity_overrides", rows: len(o.from), columns: []column{
		{"workspace", o.workspace}, {"from_customer_id", o.from}, {"to_customer_id", o.to}, {"epoch", o.epoch},
		{"event_id", o.event}, {"merged_at", o.merged},
	}}}}
}
