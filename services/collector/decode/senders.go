package decode

import (
	"hash/maphash"
	"sync"
)

// Senders remember how far the clocks of lately seen senders were off. A sender is a source's device: its anonymous id, else its device's
// id, else its user id. The memory is of one size whatever comes: a place holds one sender, and a newcomer takes it over, so that what is
// lost is an old sender's record, never the bound. Replicas remember what they have seen themselves; a sender that is not
// remembered is judged by its request alone. Nothing of a sender is kept but a hash of it, under a seed of the process. A nil
// *senders remembers nothing. Safe for concurrent use.
type Senders struct {
	seed   maphash.Seed
	shards [senderShards]senderShard
}

// Shards keep requests that run at once out of each other's way; 65,536 places are 3.5 MiB.
const senderShards, sendersPerShard = 64, 1024

type senderShard struct {
	mu     sync.Mutex
	places [sendersPerShard]senderPlace
}

// senderPlace is what is known of one sender's clock. Times in Unix milliseconds.
type senderPlace struct {
	id   uint64
	skew int64
	// seen is when a delivery told the skew, sent the sentAt of it. seen is 0 while none has.
	seen, sent int64
	// lag, lateSent and lateSkew are those of the last delivery that was late or in doubt: how far it was behind, 0 if it said that it
	// was a repeat, its sentAt, and the skew it was told.
	lag, lateSent, lateSkew int64
}

// Two lags are the same within sameLag, if their sentAt are further apart than otherSent. Repeats of one batch have one sentAt.
const sameLag, otherSent = 2_000, 10_000

// NewSenders remembers nobody yet. It takes 3.5 MiB.
func NewSenders() *Senders { return &Senders{seed: maphash.MakeSeed()} }

// device names a sender; without an id nothing is remembered of it.
type device struct {
	source string
	id     []byte
}

// senderOf names who sent an item.
func senderOf(it *Item, source string) device {
	for _, id := range [][]byte{it.anonymousID, it.deviceID, it.userID} {
		if present(id) && len(id) > 2 {
			return device{source, id}
		}
	}
	return device{}
}

func (s *Senders) hash(who device) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	_, _ = h.WriteString(who.source) // never fails
	_ = h.WriteByte(0)
	_, _ = h.Write(who.id)
	return h.Sum64()
}

// judge tells the skew of a delivery's sender, in milliseconds, from what is remembered and from the delivery, and remembers what it told.
func (s *Senders) judge(c Clock, who device, f facts, t *times) int64 {
	if s == nil || len(who.id) == 0 {
		return c.judge(f).skew
	}
	id := s.hash(who)
	shard := &s.shards[id%senderShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	p := &shard.places[id/senderShards%sendersPerShard]
	if p.id != id {
		*p = senderPlace{id: id}
	}
	p.recall(&f, t)
	v := c.judge(f)
	p.keep(c, v, f, t)
	return v.skew
}

// recall adds to the facts what is known of the sender: from deliveries before this one, or from another event of it.
func (p *senderPlace) recall(f *facts, t *times) {
	age := t.received - p.seen
	if p.seen != 0 && age <= rememberFor.Milliseconds() && (age > 0 || t.sent == p.sent) {
		f.known, f.skew = true, p.skew
	}
	apart := t.sent - p.lateSent
	f.steady = p.lateSent != 0 && max(f.lag-p.lag, p.lag-f.lag) <= sameLag && max(apart, -apart) >= otherSent
	switch t.sent {
	case p.sent:
		f.same, f.skew = true, p.skew
	case p.lateSent:
		f.same, f.skew = true, p.lateSkew
	}
}

// keep remembers what a delivery told.
func (p *senderPlace) keep(c Clock, v verdict, f facts, t *times) {
	if v.sure {
		p.skew, p.seen, p.sent = v.skew, t.received, t.sent
		return
	}
	if f.same || f.lag <= c.SkewThreshold.Milliseconds() {
		return
	}
	if p.lag, p.lateSent, p.lateSkew = f.lag, t.sent, v.skew; f.retried {
		p.lag = 0
	}
}
