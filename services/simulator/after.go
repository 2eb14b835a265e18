package simulator

import "strconv"

// afterOrder plans what an order may bring with it days later: a refund, a complaint, a ticket, a survey. Those who are about to leave
// complain more and answer worse.
func (v *visit) afterOrder(order uint32, lines []line) {
	p, r := v.p, v.p.rng
	unhappy := p.leaving(v.life)
	chance := func(usual, whenLeaving float64) bool {
		if unhappy {
			return r.Float64() < whenLeaving
		}
		return r.Float64() < usual
	}
	later := func(days float64) *visit {
		w := &visit{s: v.s, p: p, at: v.at + int64(days*dayMillis*(0.5+r.Float64())), life: v.life, pace: 1}
		if p.kind != Registered {
			w.d = v.d // the servers know a guest by the device only
		}
		return w
	}
	if chance(0.04, 0.12) {
		some := lines[:1+r.IntN(len(lines))]
		later(6).orderEvent("Order Refunded", refunded, order, some, 1)
	}
	if chance(0.02, 0.25) {
		p.tickets++
		later(4).complaint(order)
	}
	if chance(0.03, 0.08) {
		p.tickets++
		w := later(2)
		b := w.ticketID(w.track("Ticket Opened"))
		b = appendString(append(b, ','), "subject", "delivery")
		w.end(appendString(append(b, ','), "channel", "email"), plain, 0)
	}
	if chance(0.15, 0.15) {
		score := 10 - int64(r.ExpFloat64()*1.5)
		if unhappy {
			score -= 4
		}
		w := later(9)
		b := appendString(w.track("Survey Answered"), "survey_id", "after-order")
		w.end(appendInt(append(b, ','), "score", max(0, score)), plain, 0)
	}
}

func (v *visit) complaint(order uint32) {
	b := v.ticketID(v.track("Complaint Filed"))
	b = append(b, `,"order_id":"`...)
	b = append(v.appendOrderID(b, order), '"', ',')
	v.end(appendString(b, "reason", "damaged"), complained, 0)
}

func (v *visit) ticketID(b []byte) []byte {
	b = append(b, `"ticket_id":"`...)
	b = append(b, v.s.orderPrefix...)
	b = append(b, 't')
	b = strconv.AppendInt(b, int64(v.p.index), 10)
	b = append(b, '-')
	return append(strconv.AppendUint(b, uint64(v.p.tickets), 10), '"')
}

// inviteFrom has one person invite another, just before the other comes for the first time.
func (s *Shop) inviteFrom(from, to int32, at int64) {
	v := &visit{s: s, p: s.people[from], at: at, life: s.life(at), pace: 1}
	b := appendString(v.track("Invite Sent"), "invite_id", inviteID(to))
	v.end(appendString(append(b, ','), "channel", "email"), plain, 0)
}

func inviteID(to int32) string { return "inv-" + strconv.Itoa(int(to)) }
