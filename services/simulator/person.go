package simulator

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Kind is how a person shows up in the shop.
type Kind string

const (
	// Registered people have an account and log in.
	Registered Kind = "registered"
	// Guest people leave an e-mail at the check-out and have no account.
	Guest Kind = "guest"
	// Visitor is for people who never say who they are: each of their devices is a customer of its own.
	Visitor Kind = "visitor"
	// Bot is for programs that look at pages, hundreds at a time.
	Bot Kind = "bot"
	// Feed is the shop's own program that tells the catalogue; only with Tastes.Feed.
	Feed Kind = "feed"
)

// never is a lifetime fraction past every history.
const never = 2.0

type person struct {
	rng   *rand.Rand
	index int32
	kind  Kind
	// join and churn are fractions of the history; churn is never for those who stay.
	join, churn float64
	rate        float64 // visits in an even millisecond, when fully active
	likes       []Like
	inner       inner
	wealth      float64 // chance to buy, relative
	devices     []*device
	borrowed    *device // another person's device, used now and then
	referrer    int32   // who invited this person, -1 for nobody
	userID      string
	email       string

	cart     []line
	messages uint32
	orders   uint32
	tickets  uint32
	started  bool // has been seen at all
	known    bool // has logged in at least once
	tally    Tally
}

// device is one browser or app: the anonymous id, and whether the log-in is remembered there.
type device struct {
	node    int32 // in the identity graph
	anon    string
	context []byte
	owner   int32
	// from is the fraction of the history from which its owner has it.
	from       float64
	remembered bool
	used       bool
}

type line struct {
	product  *product
	quantity int64
}

// Like is how much a person is drawn to a category.
type Like struct {
	Category string  `json:"category"`
	Weight   float64 `json:"weight"` // 0 to 1; all of a person's sum to 1
	index    int
}

const dayMillis = 24 * hourMillis

// newPerson draws person i. Each person has random numbers of its own, so that one person's deeds do not depend on the others'.
func (s *Shop) newPerson(i int32) *person {
	p := &person{rng: rand.New(rand.NewPCG(s.cfg.Seed, 0x5eed<<32|uint64(i))), index: i, churn: never, referrer: -1}
	r := p.rng
	p.rate = s.cfg.SessionsPerDay / dayMillis * math.Exp(r.NormFloat64()*0.8-0.32) // mean 1
	p.wealth = math.Exp(r.NormFloat64() * 0.5)
	switch u := r.Float64(); {
	case u < s.cfg.RegisteredShare:
		p.kind, p.userID = Registered, fmt.Sprintf("u%d-%d", s.cfg.Seed, i)
	case u < s.cfg.RegisteredShare+s.cfg.GuestShare:
		p.kind = Guest
	default:
		p.kind = Visitor
	}
	if p.kind != Visitor {
		p.email = fmt.Sprintf("c%d.s%d@example.com", i, s.cfg.Seed)
	}
	if r.Float64() < s.cfg.JoinShare {
		p.join = 0.9 * r.Float64()
	}
	if r.Float64() < s.cfg.ChurnShare {
		p.churn = p.join + (1-p.join)*(0.3+0.7*r.Float64())
	}
	p.likes = drawLikes(r)
	s.giveTastes(p)
	s.giveDevices(p)
	return p
}

func drawLikes(r *rand.Rand) []Like {
	n := 1 + r.IntN(3)
	perm := r.Perm(len(categories))
	likes, sum := make([]Like, n), 0.0
	for k := range likes {
		likes[k] = Like{Category: categories[perm[k]].name, Weight: 0.3 + r.Float64(), index: perm[k]}
		sum += likes[k].Weight
	}
	for k := range likes {
		likes[k].Weight /= sum
	}
	return likes
}

// giveDevices hands out one to four devices; the later ones turn up in the course of the history.
func (s *Shop) giveDevices(p *person) {
	r := p.rng
	n := 1
	for n < 4 && r.Float64() < 0.45 {
		n++
	}
	for k := range n {
		d := s.newDevice(p, userContexts[r.IntN(len(userContexts))])
		if k > 0 {
			d.from = p.join + (1-p.join)*0.9*r.Float64()
		}
		p.devices = append(p.devices, d)
	}
}

func (s *Shop) newDevice(p *person, context []byte) *device {
	anon := string(appendUUID(make([]byte, 0, 36), p.rng.Uint64(), p.rng.Uint64()))
	return &device{node: s.ids.add(noUser), anon: anon, context: context, owner: p.index}
}

func (s *Shop) newBot(i int32) *person {
	p := &person{rng: rand.New(rand.NewPCG(s.cfg.Seed, 0xb07<<32|uint64(i))), index: i, kind: Bot, churn: never, referrer: -1}
	p.inner.drift = never
	p.rate = 0.1 / dayMillis
	p.devices = []*device{s.newDevice(p, botContexts[p.rng.IntN(len(botContexts))])}
	return p
}

// activity is the share of the full visiting rate at a point of the life, 0 to 1: it falls evenly over the last third before the churn.
func (p *person) activity(life float64) float64 {
	if life < p.join || life >= p.churn {
		return 0
	}
	const decay = 0.3
	return math.Min(1, (p.churn-life)/decay)
}

// leaving says that the person's visits are thinning out.
func (p *person) leaving(life float64) bool { return p.churn < 1 && p.activity(life) < 1 }

func context(agent, locale, library, version string) []byte {
	return fmt.Appendf(nil, `,"context":{"library":{"name":%q,"version":%q},"locale":%q,"userAgent":%q,"timezone":"Europe/London"}}`,
		library, version, locale, agent)
}

var (
	userContexts = [][]byte{
		context("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36", "en-GB", "analytics.js", "next-1.84.3"),
		context("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "en-GB", "analytics.js", "next-1.84.3"),
		context("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1", "en-GB", "analytics.js", "next-1.84.3"),
		context("Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36", "de-DE", "analytics.js", "next-1.84.3"),
		context("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "fr-FR", "analytics.js", "next-1.84.3"),
		context("FreshetShop/5.2.1 (Android 16)", "en-GB", "analytics-android", "4.11.3"),
	}
	botContexts = [][]byte{
		context("Mozilla/5.0 (compatible; ExampleBot/2.1; +http://bot.example.com/about.html)", "en-US", "analytics.js", "next-1.84.3"),
		context("python-requests/2.32.3", "en-US", "analytics.js", "next-1.84.3"),
		context("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PriceSpider/1.0; +http://spider.example.com) Chrome/141.0.0.0 Safari/537.36", "en-US", "analytics.js", "next-1.84.3"),
	}
	serverContext = context("", "en-GB", "analytics-go", "3.3.0")
)
