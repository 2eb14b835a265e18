package draft

import (
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// state is a value of a column of states or kinds, and the event that its rows are.
type state struct {
	value, event string
}

// many is how many values a column of states or kinds may have.
const many = 40

// stateWords are columns of an order's state, stateParts parts of their names; kindWords are columns of what a row is: a sale, or money given back. All as
// the vocabulary has names.
var (
	stateWords = []string{"status", "orderstatus", "state", "orderstate", "financialstatus", "paymentstatus", "itemstatus", "salestatus", "订单状态", "交易状态", "訂單狀態", "주문상태", "注文ステータス", "注文状態", "ステータス", "статус", "статусзаказа", "bestellstatus", "auftragsstatus", "statut", "etat",
		"estado", "estadopedido", "statuspedido", "stato", "durum", "siparisdurumu", "statuszamowienia", "حالةالطلب", "وضعیت"}
	stateParts = []string{"status", "statut", "stato", "estado", "статус", "状态", "ステータス"}
	kindWords  = []string{"type", "transactiontype", "eventtype", "documenttype", "doctype", "ordertype", "recordtype", "rowtype", "kind", "belegart", "vorgang", "交易类型", "取引種別", "типоперации"}
)

// undoneWords begin the states of orders that never were sales, or are none any more, openWords of those that may become some; backWords are in kinds of rows that give money back.
var (
	undoneWords = []string{"cancel", "void", "refunded", "returned", "declined", "failed", "abandoned", "expired", "stornier", "storno", "annul", "anul", "cancelad", "rembours", "reembols", "rimborsat", "iptal", "iade", "отмен", "возвра", "取消", "已取消", "交易关闭", "已关闭", "已退款", "退款成功", "キャンセル", "취소", "환불", "반품", "ملغ", "لغو"}
	openWords   = []string{"pending", "unpaid", "awaiting", "draft", "open", "hold", "on hold", "quote", "offen", "en attente", "pendiente", "in attesa", "oczekuj", "bekle", "ожида", "待付款", "未付款", "未支付", "待支付", "入金待ち", "입금대기"}
	backWords   = []string{"refund", "credit note", "credit memo", "return", "gutschrift", "erstattung", "avoir", "remboursement", "abono", "reembolso", "rimborso", "zwrot", "iade", "возврат", "退款", "返金", "환불"}
)

// flagWords are columns that say yes of an order that was no sale.
var flagWords = []string{"void", "voided", "isvoid", "cancelled", "canceled", "iscancelled", "iscanceled", "refunded", "isrefunded", "storniert", "annule", "anulado", "cancelado", "是否取消"}

// state finds the rows that a column of flags, kinds or states says are no sales.
func (p *plan) state(s *sample, columns []*column, taken map[int]bool) {
	if p.deeds >= 0 || p.flagged(s, columns, taken) {
		return
	}
	named := func(c *column, words []string) bool { return slices.Contains(words, strings.Join(c.words, "")) }
	for i, c := range columns {
		if !taken[i] && c.is == text && named(c, kindWords) && p.undo(s, columns, i, "Order Refunded", backWords, strings.Contains) {
			p.back = true
			return
		}
	}
	part := func(c *column) bool {
		return slices.ContainsFunc(stateParts, func(n string) bool { return strings.Contains(c.word, n) })
	}
	for i, c := range columns {
		if !taken[i] && c.is == text && (named(c, stateWords) || part(c)) && p.undo(s, columns, i, "Order Cancelled", undoneWords, strings.HasPrefix) {
			return
		}
	}
}

// flagged finds a column that says yes of what was no sale.
func (p *plan) flagged(s *sample, columns []*column, taken map[int]bool) bool {
	for i, c := range columns {
		if c.is != boolean && c.is != integer || taken[i] || !slices.Contains(flagWords, c.word) {
			continue
		}
		for _, v := range s.values(i, 2) {
			if w := strings.ToLower(v); w == "yes" || w == "true" || w == "1" {
				p.states, p.undone = i, append(p.undone, state{v, "Order Cancelled"})
			}
		}
		if p.states >= 0 {
			p.note(Guessed, "rows whose %q is yes were no sales: Order Cancelled. Set event", c.name)
			return true
		}
	}
	return false
}

// undo takes the values of a column in which one of words is for those of an event that is no sale; false when there are none, and none that may
// become a sale.
func (p *plan) undo(s *sample, columns []*column, i int, event string, words []string, in func(value, word string) bool) bool {
	is := func(v string, words []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return in(strings.ToLower(v), w) })
	}
	var found, open, rest []string
	for _, v := range s.values(i, many) {
		switch {
		case is(v, words):
			found = append(found, v)
			p.undone = append(p.undone, state{v, event})
		case event == "Order Cancelled" && is(v, openWords):
			open = append(open, v)
		default:
			rest = append(rest, v)
		}
	}
	name := columns[i].name
	if len(open) > 0 {
		p.note(Ask, "rows whose %q is %s are taken for sales, and may be none yet. Set when, to leave them out until they are: 'row[%q] != %q'", name, strings.Join(each(open), ", "), name, open[0])
	}
	if len(found) > 0 {
		p.states = i
		p.note(Guessed, "rows whose %q is %s are of %s; all others (%s) are sales. Set event", name, strings.Join(each(found), ", "), event, strings.Join(each(append(open, rest...)), ", "))
	}
	return len(found)+len(open) > 0
}

// values are those of a column, sorted; nil when there are more than limit.
func (s *sample) values(column, limit int) []string {
	seen := map[string]bool{}
	for _, row := range slices.Concat(s.rows, s.spread) {
		if v := row[column]; v.Kind != rows.Absent && v.Text != "" {
			if seen[v.Text] = true; len(seen) > limit {
				return nil
			}
		}
	}
	var out []string
	for v := range seen {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// events writes what a row is where rows are of several kinds, or of one.
func (w *writer) events() {
	var any []string
	add := func(event, when string) {
		any = append(any, fmt.Sprintf("  - {value: %s, when: %s}", event, single(when)))
	}
	for _, d := range w.known {
		add(d.event, fmt.Sprintf("row[%q] == %q", w.columns[w.deeds].name, d.value))
	}
	if len(w.undone) > 0 {
		var values []string
		for _, u := range w.undone {
			values = append(values, fmt.Sprintf("%q", u.value))
		}
		add(w.undone[0].event, fmt.Sprintf("row[%q] in [%s]", w.columns[w.states].name, strings.Join(values, ", ")))
	}
	if w.signed >= 0 && w.deeds < 0 {
		c := w.columns[w.signed]
		when := fmt.Sprintf("number(row[%q]) < 0.0", c.name)
		if c.empty > 0 {
			when = fmt.Sprintf("row[%q] != \"\" && ", c.name) + when
		}
		add("Order Refunded", when)
	}
	const see = "  # docs/events.md has the names that Freshet understands"
	switch {
	case w.says != "" && len(any) == 0:
		w.line("type: track\nevent: %s%s", w.says, see)
		return
	case w.deeds >= 0 && len(any) == 0:
		w.line("type: track\nevent: {column: %s}%s", quoted(w.columns[w.deeds].name), see)
		return
	case len(any) == 0:
		w.line("type: track\nevent: Order Completed%s", see)
		return
	}
	last := "{value: Order Completed}"
	switch {
	case w.deeds >= 0:
		last = fmt.Sprintf("{column: %s}", quoted(w.columns[w.deeds].name))
	case w.grouped && w.states >= 0 && w.columns[w.states].empty > 0: // the order's other rows have none: they are of the event above them
		last = fmt.Sprintf("{value: Order Completed, when: %s}", single(fmt.Sprintf("row[%q] != \"\"", w.columns[w.states].name)))
	}
	w.line("type: track\nevent:%s\n%s\n  - %s", see, strings.Join(any, "\n"), last)
}
