package enrich

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// Deps are what the collector gives.
type Deps struct {
	Logger  *slog.Logger
	Metrics prometheus.Registerer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Enricher fills events. Safe for concurrent use.
type Enricher struct {
	cfg     Config
	proxies []netip.Prefix
	agents  *agents
	geo     *geo
	metrics *metrics
}

// New makes an enricher. A geo file that cannot be read is an error.
func New(cfg Config, deps Deps) (*Enricher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, err
	}
	e := &Enricher{cfg: cfg, metrics: m}
	if cfg.Enabled {
		builtIn() // now, and not in the first request
	}
	if e.proxies, err = prefixes(cfg.TrustedProxies); err != nil {
		return nil, err
	}
	if e.agents, err = newAgentCache(cfg.UserAgentCache, deps.Now, m.agents); err != nil {
		return nil, fmt.Errorf("make the cache of user agents: %w", err)
	}
	if e.geo, err = openGeo(cfg.GeoFile, deps.Logger, m); err != nil {
		return nil, err
	}
	return e, nil
}

// reloadEvery is how often the geo file is looked at.
const reloadEvery = 10 * time.Second

// Run reads the geo file again when it changes, until ctx ends.
func (e *Enricher) Run(ctx context.Context) { e.geo.watch(ctx, reloadEvery) }

// Source is what enrichment has to know of one source, prepared when the sources are read.
type Source struct {
	ip      IPPolicy
	offline bool
	// pages says that the source has origins: it is a web site, and never a server that could speak for others' addresses.
	pages bool
	hosts []string
	bots  prometheus.Counter
}

// ChannelOffline is the one value of a source's channel setting: its events come from a till, a store or a call centre.
const ChannelOffline = "offline"

// Source prepares the settings of a source. ip is a policy, channel is "" or ChannelOffline, origins are the source's web origins.
func (e *Enricher) Source(name string, ip IPPolicy, channel string, origins []string) (*Source, error) {
	if !ip.Valid() {
		return nil, fmt.Errorf("source %s: ip: %q is none of none, masked, full", name, ip)
	}
	if channel != "" && channel != ChannelOffline {
		return nil, fmt.Errorf("source %s: channel: %q is not %q", name, channel, ChannelOffline)
	}
	s := &Source{ip: ip, offline: channel == ChannelOffline, pages: len(origins) > 0, bots: e.metrics.bots.WithLabelValues(name)}
	for _, o := range origins {
		if host := hostOf(strings.ReplaceAll(o, "*.", "")); host != "" {
			s.hosts = append(s.hosts, host)
		}
	}
	return s, nil
}

// owns says that a host is one of the source's own, or below one.
func (s *Source) owns(host string) bool {
	for _, own := range s.hosts {
		if host == own || below(host, own) {
			return true
		}
	}
	return false
}

// Work is what filling one event after another needs; reuse it. What Fill puts into an event is good until the next call.
type Work struct {
	enrichment eventv1.Enrichment
	consent    eventv1.Consent
	campaign   campaign
	context    []byte
	scan       jsonscan.Scanner
}

// scanner gives the scanner, at the start of a small object.
func (w *Work) scanner(raw []byte) *jsonscan.Scanner {
	w.scan.Reset(raw, 0, jsonscan.Limits{})
	return &w.scan
}

// Fill sets the event's enrichment and consent, and makes its context's address what the source's policy wants. h is what the walk over the
// event's context noted. Whatever it meets, it does not fail.
func (e *Enricher) Fill(ev *eventv1.Event, w *Work, h *Hints, client *Client, src *Source) {
	ev.Enrichment, ev.Consent = nil, nil
	if w.readConsent(h, client.optedOut) {
		ev.Consent = &w.consent
	}
	visitor := h.visitor(client, src)
	if e.cfg.Enabled {
		e.fill(&w.enrichment, w, h, client, src, visitor)
		if w.enrichment.Bot {
			src.bots.Inc()
		}
		if !empty(&w.enrichment) {
			ev.Enrichment = &w.enrichment
		}
	}
	var fill netip.Addr
	if visitor && public(client.addr) {
		fill = client.addr
	}
	ev.ContextJson, w.context = src.ip.rewriteIP(w.context, ev.ContextJson, h.get(h.ip), int(h.ip.from)-h.start, fill)
}

func (e *Enricher) fill(x *eventv1.Enrichment, w *Work, h *Hints, client *Client, src *Source, visitor bool) {
	reset(x)
	userAgent := str(h.get(h.userAgent), 4*maxUserAgent)
	if userAgent == "" && visitor && client.visitor {
		userAgent = client.userAgent
	}
	if a := e.agents.read(userAgent); a != nil {
		a.fill(x, visitor)
	}
	w.fillHints(x, h)
	e.fillPlace(x, h, client, visitor)
	w.fillVisit(x, h, src, visitor)
	if x.SessionId = number(h.get(h.sessionID)); x.SessionId == "" {
		x.SessionId = number(h.get(h.session))
	}
	x.SessionStart = string(h.get(h.sessionStart)) == "true"
}

// fillPlace looks up where the person is. A visitor's own connection is the truth about it; what a server's library says of its visitor is
// believed, because its own connection is the server's.
func (e *Enricher) fillPlace(x *eventv1.Enrichment, h *Hints, client *Client, visitor bool) {
	if e.cfg.GeoFile == "" {
		return
	}
	addr := client.addr
	if !visitor || !client.connected {
		addr = parseAddr(str(h.get(h.ip), 64))
	}
	if p := e.geo.find(addr); p != nil {
		x.Country, x.Region, x.City = p.country, p.region, p.city
	}
}

// fillVisit reads the campaign, the referrer and the channel.
func (w *Work) fillVisit(x *eventv1.Enrichment, h *Hints, src *Source, visitor bool) {
	c := &w.campaign
	*c = campaign{}
	page := str(h.get(h.pageURL), maxURL)
	c.readQuery(queryOf(page))
	if c.click == nil && !c.tagged() {
		c.readQuery(strings.TrimPrefix(str(h.get(h.pageSearch), maxURL), "?"))
	}
	if raw := h.object(h.campaign); raw != nil {
		w.readCampaign(raw)
	}
	x.CampaignSource, x.CampaignMedium, x.CampaignName, x.CampaignTerm, x.CampaignContent = c.source, c.medium, c.name, c.term, c.content
	if c.click != nil {
		x.ClickIdType = c.click.name
	}
	if x.ReferrerHost = hostOf(str(h.get(h.pageReferrer), maxURL)); x.ReferrerHost == "" {
		x.ReferrerHost = hostOf(str(h.get(h.referrerURL), maxURL))
	}
	x.Channel = visit{campaign: c, referrer: x.ReferrerHost, page: hostOf(page), visitor: visitor, source: src}.channel()
}
