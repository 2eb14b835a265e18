package warehouse

import (
	"slices"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// aroundRows are the columns of dw.events for an event's surroundings: enrichment, consent and plan.
type aroundRows struct {
	country, region, city                                               []string
	browser, browserVersion, os, osVersion, deviceType, deviceModel     []string
	channel, campaignSource, campaignMedium, campaignName, campaignTerm []string
	campaignContent, clickIDType, referrerHost, sessionID               []string
	bot, sessionStart, optedOut                                         []bool
	granted, denied, rules                                              [][]string
	violations                                                          []uint16
}

// newAroundRows makes room for n rows.
func newAroundRows(n int) aroundRows {
	var a aroundRows
	room(n, &a.country, &a.region, &a.city, &a.browser, &a.browserVersion, &a.os, &a.osVersion, &a.deviceType, &a.deviceModel,
		&a.channel, &a.campaignSource, &a.campaignMedium, &a.campaignName, &a.campaignTerm, &a.campaignContent,
		&a.clickIDType, &a.referrerHost, &a.sessionID)
	room(n, &a.bot, &a.sessionStart, &a.optedOut)
	room(n, &a.granted, &a.denied, &a.rules)
	a.violations = make([]uint16, 0, n)
	return a
}

// channels are the words of the column; "" for what is not known and for channels that this version does not know.
var channels = map[eventv1.Channel]string{
	eventv1.Channel_CHANNEL_ADVERTISING: "advertising",
	eventv1.Channel_CHANNEL_SOCIAL:      "social",
	eventv1.Channel_CHANNEL_ORGANIC:     "organic",
	eventv1.Channel_CHANNEL_REFERRAL:    "referral",
	eventv1.Channel_CHANNEL_DIRECT:      "direct",
	eventv1.Channel_CHANNEL_EMAIL:       "email",
	eventv1.Channel_CHANNEL_OFFLINE:     "offline",
	eventv1.Channel_CHANNEL_INTERNAL:    "internal",
}

func (a *aroundRows) add(e *eventv1.Event) {
	x := e.GetEnrichment()
	a.country = append(a.country, x.GetCountry())
	a.region = append(a.region, x.GetRegion())
	a.city = append(a.city, x.GetCity())
	a.browser = append(a.browser, x.GetBrowser())
	a.browserVersion = append(a.browserVersion, x.GetBrowserVersion())
	a.os = append(a.os, x.GetOs())
	a.osVersion = append(a.osVersion, x.GetOsVersion())
	a.deviceType = append(a.deviceType, x.GetDeviceType())
	a.deviceModel = append(a.deviceModel, x.GetDeviceModel())
	a.bot = append(a.bot, x.GetBot())
	a.channel = append(a.channel, channels[x.GetChannel()])
	a.campaignSource = append(a.campaignSource, x.GetCampaignSource())
	a.campaignMedium = append(a.campaignMedium, x.GetCampaignMedium())
	a.campaignName = append(a.campaignName, x.GetCampaignName())
	a.campaignTerm = append(a.campaignTerm, x.GetCampaignTerm())
	a.campaignContent = append(a.campaignContent, x.GetCampaignContent())
	a.clickIDType = append(a.clickIDType, x.GetClickIdType())
	a.referrerHost = append(a.referrerHost, x.GetReferrerHost())
	a.sessionID = append(a.sessionID, x.GetSessionId())
	a.sessionStart = append(a.sessionStart, x.GetSessionStart())
	a.granted = append(a.granted, e.GetConsent().GetGranted())
	a.denied = append(a.denied, e.GetConsent().GetDenied())
	a.optedOut = append(a.optedOut, e.GetConsent().GetOptedOut())
	violations := e.GetPlan().GetViolations()
	a.violations = append(a.violations, uint16(min(len(violations), 1<<16-1)))
	a.rules = append(a.rules, rulesOf(violations))
}

// rulesOf are the rules broken, each once, in the order met.
func rulesOf(violations []*eventv1.Violation) []string {
	var rules []string
	for _, v := range violations {
		if rule := v.GetRule(); !slices.Contains(rules, rule) {
			rules = append(rules, rule)
		}
	}
	return rules
}

func (a *aroundRows) columns() []column {
	return []column{
		{"country", a.country}, {"region", a.region}, {"city", a.city},
		{"browser", a.browser}, {"browser_version", a.browserVersion}, {"os", a.os}, {"os_version", a.osVersion},
		{"device_type", a.deviceType}, {"device_model", a.deviceModel}, {"is_bot", a.bot},
		{"channel", a.channel}, {"campaign_source", a.campaignSource}, {"campaign_medium", a.campaignMedium},
		{"campaign_name", a.campaignName}, {"campaign_term", a.campaignTerm}, {"campaign_content", a.campaignContent},
		{"click_id_type", a.clickIDType}, {"referrer_host", a.referrerHost},
		{"session_id", a.sessionID}, {"session_start", a.sessionStart},
		{"consent_granted", a.granted}, {"consent_denied", a.denied}, {"opted_out", a.optedOut},
		{"plan_violations", a.violations}, {"plan_rules", a.rules},
	}
}
