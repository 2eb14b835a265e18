package simulator

import "strconv"

const (
	currency  = "GBP"
	meanPause = 25_000 // milliseconds between two events of a visit
)

// open begins an event: its ids, its timestamp left blank, and the members that follow name ("event" or "name").
func (v *visit) open(kind, member, name string) []byte {
	p := v.p
	p.messages++
	b := make([]byte, 0, 640)
	b = append(b, `{"messageId":"`...)
	b = append(b, v.s.prefix...)
	b = strconv.AppendInt(b, int64(p.index), 10)
	b = append(b, '-')
	b = strconv.AppendUint(b, uint64(p.messages), 10)
	b = append(b, `","timestamp":"`...)
	b = append(b, stampBlank...)
	b = append(b, `","type":"`...)
	b = append(b, kind...)
	b = append(b, '"')
	if v.d != nil {
		b = appendString(append(b, ','), "anonymousId", v.d.anon)
	}
	if v.named() {
		b = appendString(append(b, ','), "userId", p.userID)
	}
	if member != "" {
		b = appendString(append(b, ','), member, name)
	}
	return b
}

// named says whether events carry the user id now: after the log-in on this device, and always from the shop's servers.
func (v *visit) named() bool {
	return v.p.userID != "" && (v.d == nil || v.d == v.p.borrowed && v.p.known || v.d.owner == v.p.index && v.d.remembered)
}

// track opens a track event inside its properties.
func (v *visit) track(name string) []byte {
	return append(v.open("track", "event", name), `,"properties":{`...)
}

// page sends a page view.
func (v *visit) page(name, path string) {
	b := append(v.open("page", "name", name), `,"properties":{`...)
	b = appendString(b, "path", path)
	b = append(b, `,"url":"https://shop.example.com`...)
	b = append(b, path...)
	v.end(append(b, '"'), plain, 0)
}

// end closes the open object and the event, queues it and lets some time pass.
func (v *visit) end(b []byte, what effect, cents int64) {
	v.queue(append(b, '}'), what, cents, false)
	v.at += 500 + int64(v.p.rng.ExpFloat64()*meanPause*v.s.gap*v.pace)
}

// queue finishes an event whose own members are complete and puts it in line.
func (v *visit) queue(b []byte, what effect, cents int64, email bool) {
	v.s.q.push(v.at, v.p.index, v.draft(b, what, cents, email))
}

// draft finishes an event whose own members are complete.
func (v *visit) draft(b []byte, what effect, cents int64, email bool) *draft {
	if v.d != nil {
		b = append(b, v.d.context...)
	} else {
		b = append(b, serverContext...)
	}
	ev := &draft{body: b, who: v.p.index, what: what, cents: cents}
	idFrom := len(`{"messageId":"`)
	idTo := idFrom + len(v.s.prefix) + digits(int64(v.p.index)) + 1 + digits(int64(v.p.messages))
	ev.id = string(b[idFrom:idTo])
	ev.stamp = idTo + len(`","timestamp":"`)
	if v.named() {
		ev.name(v.s.userNode[v.p.index])
	}
	if email {
		ev.name(v.s.emailNode[v.p.index])
	}
	if v.d != nil {
		ev.name(v.d.node)
	}
	return ev
}

func (ev *draft) name(node int32) {
	ev.nodes[ev.named] = node
	ev.named++
}

func digits(n int64) int {
	d := 1
	for n >= 10 {
		n /= 10
		d++
	}
	return d
}
