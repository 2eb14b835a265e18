package training

import (
	"context"
	"slices"
	"strings"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/learn"
)

// heap is all that was read, in the order of time.
type heap struct {
	items, customers, orders interaction.Names
	touches                  []touch
	of                       [][]int32 // the touches of each customer, by their places; made when it is asked for
}

// touch is a Touch in numbers. order is -1 where there is none.
type touch struct {
	at, quantity          int64
	customer, item, order int32
	kind                  kind
	anonymous             bool
}

// kind is a recommendationv1.TouchKind, in a byte.
type kind uint8

const (
	bought   = kind(recommendationv1.TouchKind_TOUCH_KIND_BUY)
	returned = kind(recommendationv1.TouchKind_TOUCH_KIND_RETURN)
	uncarted = kind(recommendationv1.TouchKind_TOUCH_KIND_UNCART)
)

// browsed says that a touch is part of a visit.
func (k kind) browsed() bool { return learn.Browses(recommendationv1.TouchKind(k)) }

// likes says that a touch speaks for its item.
func (k kind) likes() bool { return k != returned && k != uncarted }

// kinds are those of dw.touches by their words.
var kinds = func() map[string]kind {
	out := map[string]kind{}
	for k, name := range recommendationv1.TouchKind_name {
		if k != 0 {
			out[strings.ToLower(strings.TrimPrefix(name, "TOUCH_KIND_"))] = kind(k)
		}
	}
	return out
}()

func (h *heap) add(t Touch) {
	k := kinds[t.Kind]
	if k == 0 {
		return
	}
	x := touch{at: t.AtMs, quantity: t.Quantity, customer: h.customers.ID(t.Customer), item: h.items.ID(t.Item), order: -1, kind: k, anonymous: t.Anonymous}
	if t.Order != "" {
		x.order = h.orders.ID(t.Order)
	}
	h.touches = append(h.touches, x)
}

// end is the place of the first touch at or behind a time.
func (h *heap) end(ms int64) int {
	n, _ := slices.BinarySearchFunc(h.touches, ms, func(t touch, ms int64) int {
		if t.at < ms {
			return -1
		}
		return 1
	})
	return n
}

// tell puts a touch as touches.v1 told it.
func (h *heap) tell(t *touch, to *recommendationv1.Touch) {
	to.CustomerId, to.Kind, to.AtMs, to.QuantityMicros, to.Anonymous, to.OrderId = h.customers.Text(t.customer), recommendationv1.TouchKind(t.kind), t.at, t.quantity, t.anonymous, ""
	if t.order >= 0 {
		to.OrderId = h.orders.Text(t.order)
	}
}

// learner has learnt what lies before a time, and nothing else, as a board does.
func (h *heap) learner(ctx context.Context, ms int64, tell func(done, of int)) (*learn.Learner, error) {
	l, err := learn.New(learn.Default())
	if err != nil {
		return nil, err
	}
	var one recommendationv1.Touch // for all: a learner keeps none
	touches := h.touches[:h.end(ms)]
	for i := range touches {
		if i%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			tell(i, len(touches))
		}
		h.tell(&touches[i], &one)
		l.Touch(&one, touches[i].item)
	}
	l.Finish()
	return l, nil
}

// on has a learner learn on, from one time to before another, as the board does that it serves on.
func (h *heap) on(l *learn.Learner, fromMs, toMs int64) {
	var one recommendationv1.Touch
	end := h.end(toMs)
	for i := h.end(fromMs); i < end; i++ {
		h.tell(&h.touches[i], &one)
		l.Touch(&one, h.touches[i].item)
	}
	l.Sweep(toMs)
}

// by are the places of a customer's touches.
func (h *heap) by(customer int32) []int32 {
	if h.of == nil {
		h.of = make([][]int32, h.customers.Len())
		for i := range h.touches {
			who := h.touches[i].customer
			h.of[who] = append(h.of[who], int32(i))
		}
	}
	return h.of[customer]
}

func (h *heap) texts() []string {
	out := make([]string, h.items.Len())
	for i := range out {
		out[i] = h.items.Text(int32(i))
	}
	return out
}
