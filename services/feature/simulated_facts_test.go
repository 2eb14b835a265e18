package feature

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/topics"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// write stores the round as the warehouse does: every event, some of them twice, the mappings, and every change that the order book told, repeats and all.
func (s *simulation) write(f *facts) {
	ms := time.UnixMilli
	s.insert(f, "events", "workspace, event_id, customer_id, source, type, name, occurred_at, received_at, properties, traits, context, country, history, identifier_type",
		len(s.resolved)+len(s.resolved)/100, func(i int) []any {
			m := s.resolved[i%len(s.resolved)]
			e := m.GetEvent()
			word := strings.ToLower(strings.TrimPrefix(e.GetType().String(), "EVENT_TYPE_"))
			return []any{e.GetWorkspace(), e.GetEventId(), m.GetCustomerId(), e.GetSource(), word, e.GetName(), ms(e.GetOccurredMs()), ms(e.GetReceivedMs()),
				string(e.GetPropertiesJson()), string(e.GetTraitsJson()), string(e.GetContextJson()), e.GetEnrichment().GetCountry(), e.GetHistory(),
				e.GetIdentifiers()[0].GetType()}
		})
	s.insert(f, "identity_overrides", "workspace, from_customer_id, to_customer_id, epoch", len(s.mappings), func(i int) []any {
		m := s.mappings[i]
		return []any{m.GetWorkspace(), m.GetFromCustomerId(), m.GetToCustomerId(), m.GetEpoch()}
	})
	rows := s.postings()
	s.insert(f, "order_postings", "workspace, customer_id, order_id, occurred_at, sign, orders, quantity_micros, spend_micros, refunds, refund_micros, first_received_at, book_partition, book_sequence, line",
		len(rows), func(i int) []any { return rows[i] })
}

// postings are the rows of all changes.
func (s *simulation) postings() (rows [][]any) {
	for at, log := range s.logs {
		if at.Topic != topics.OrderPostings.Name {
			continue
		}
		for _, rec := range log {
			var c orderv1.Change
			if err := proto.Unmarshal(rec.Value, &c); err != nil {
				s.fails.Fatal(err)
			}
			line := int32(0)
			add := func(p *orderv1.Posting, who string, sign int8) {
				line++
				rows = append(rows, []any{c.Workspace, who, c.OrderId, time.UnixMilli(p.AtMs), sign, p.Orders, p.QuantityMicros, p.SpendMicros, p.Refunds, p.RefundMicros,
					time.UnixMilli(c.FirstReceivedMs), c.Partition, c.Sequence, line})
			}
			for _, p := range c.Taken {
				add(p, c.CustomerId, -1)
			}
			for _, p := range c.Added {
				add(p, c.CustomerId, 1)
			}
			for _, p := range c.Moved {
				add(p, p.CustomerId, 1)
			}
		}
	}
	return rows
}

// insert writes n rows into a table of the dw.
func (s *simulation) insert(f *facts, table, columns string, n int, row func(int) []any) {
	b, err := f.conn.PrepareBatch(s.fails.Context(), "INSERT INTO "+f.names.Rows(schema.DW, table)+" ("+columns+")")
	if err != nil {
		s.fails.Fatal(err)
	}
	for i := range n {
		if err := b.Append(row(i)...); err != nil {
			s.fails.Fatal(err)
		}
	}
	if err := b.Send(); err != nil {
		s.fails.Fatal(err)
	}
}
