package simulator

import (
	"math"
	"strconv"
)

// mayLogIn logs a registered person in on this device, with the given chance, unless they are already.
func (v *visit) mayLogIn(chance float64) {
	p := v.p
	if p.kind != Registered || v.d == p.borrowed || v.d.remembered || p.rng.Float64() >= chance {
		return
	}
	first := !p.known
	p.known, v.d.remembered = true, true
	b := append(v.open("identify", "", ""), `,"traits":{`...)
	b = appendString(b, "email", v.spelled(p.email))
	b = append(appendString(append(b, ','), "plan", "free"), '}')
	v.queue(b, loggedIn, 0, true)
	v.at += 2000
	if first && p.rng.Float64() < 0.1 {
		v.alias()
	}
	if first && p.referrer >= 0 {
		b := appendString(v.track("Invite Accepted"), "invite_id", inviteID(p.index))
		v.end(appendString(append(b, ','), "referrer_id", v.s.people[p.referrer].userID), plain, 0)
	}
}

// alias says once more that the device and the account are one person, as older libraries do.
func (v *visit) alias() {
	b := appendString(append(v.open("alias", "", ""), ','), "previousId", v.d.anon)
	v.queue(b, plain, 0, false)
	v.at += 1000
}

// spelled writes an e-mail the way people do: now and then with a capital, which is the same address.
func (v *visit) spelled(email string) string {
	if v.p.rng.Float64() < 0.1 {
		return "C" + email[1:]
	}
	return email
}

// checkout looks at the cart and perhaps buys it.
func (v *visit) checkout() {
	p := v.p
	if len(p.cart) == 0 || p.rng.Float64() > 0.8 {
		return
	}
	v.end(appendLines(append(appendInt(v.track("Cart Viewed"), "cart_id", int64(p.index)), ','), p.cart), plain, 0)
	if p.kind == Visitor || p.rng.Float64() > math.Min(0.8, 0.5*p.wealth) {
		return
	}
	v.mayLogIn(1)
	if p.kind == Guest && !v.d.remembered {
		v.d.remembered = true
		b := append(v.open("identify", "", ""), `,"traits":{`...)
		v.queue(append(appendString(b, "email", v.spelled(p.email)), '}'), loggedIn, 0, true)
		v.at += 2000
	}
	p.orders++
	v.orderEvent("Checkout Started", plain, p.orders, p.cart, 1)
	if p.rng.Float64() < 0.8 {
		v.orderEvent("Order Completed", ordered, p.orders, p.cart, 1)
		v.afterOrder(p.orders, append([]line(nil), p.cart...))
		v.stock(p.cart)
		p.cart = p.cart[:0]
	}
}

// orderEvent writes an order with its lines and the exact total in cents.
func (v *visit) orderEvent(name string, what effect, order uint32, lines []line, sign int64) {
	b := append(v.track(name), `"order_id":"`...)
	b = v.appendOrderID(b, order)
	b = appendString(append(b, '"', ','), "currency", currency)
	total := int64(0)
	for _, l := range lines {
		total += l.product.cents * l.quantity
	}
	b = appendMoney(append(b, ','), "total", total*sign)
	v.end(appendLines(append(b, ','), lines), what, total)
}

func (v *visit) appendOrderID(b []byte, order uint32) []byte {
	b = append(b, v.s.orderPrefix...)
	b = strconv.AppendInt(b, int64(v.p.index), 10)
	b = append(b, '-')
	return strconv.AppendUint(b, uint64(order), 10)
}
