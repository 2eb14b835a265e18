package expr

import (
	"strings"
	"time"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// column is a field of an event that is no JSON.
type column string

// field says how a column is read of an event and of dw.events.
type field struct {
	of    func(e *eventv1.Event) string
	truth func(e *eventv1.Event) bool
	sql   string
}

var fields = map[column]field{
	"type":            {of: typeOf, sql: "toString(f.type)"},
	"name":            {of: (*eventv1.Event).GetName, sql: "toString(f.name)"},
	"event":           {of: NameOf, sql: "if(f.type = 'track', toString(f.name), toString(f.type))"},
	"source":          {of: (*eventv1.Event).GetSource, sql: "toString(f.source)"},
	"identifier":      {of: identifierOf, sql: "toString(f.identifier_type)"},
	"channel":         {of: channelOf, sql: "toString(f.channel)"},
	"device_type":     {of: enriched((*eventv1.Enrichment).GetDeviceType), sql: "toString(f.device_type)"},
	"device_model":    {of: enriched((*eventv1.Enrichment).GetDeviceModel), sql: "toString(f.device_model)"},
	"os":              {of: enriched((*eventv1.Enrichment).GetOs), sql: "toString(f.os)"},
	"browser":         {of: enriched((*eventv1.Enrichment).GetBrowser), sql: "toString(f.browser)"},
	"country":         {of: enriched((*eventv1.Enrichment).GetCountry), sql: "toString(f.country)"},
	"region":          {of: enriched((*eventv1.Enrichment).GetRegion), sql: "toString(f.region)"},
	"city":            {of: enriched((*eventv1.Enrichment).GetCity), sql: "toString(f.city)"},
	"referrer_host":   {of: enriched((*eventv1.Enrichment).GetReferrerHost), sql: "toString(f.referrer_host)"},
	"session_id":      {of: enriched((*eventv1.Enrichment).GetSessionId), sql: "f.session_id"},
	"campaign_source": {of: enriched((*eventv1.Enrichment).GetCampaignSource), sql: "toString(f.campaign_source)"},
	"campaign_medium": {of: enriched((*eventv1.Enrichment).GetCampaignMedium), sql: "toString(f.campaign_medium)"},
	"campaign_name":   {of: enriched((*eventv1.Enrichment).GetCampaignName), sql: "toString(f.campaign_name)"},
	"hour":            {of: hourOf, sql: "leftPad(toString(toHour(f.occurred_at, 'UTC')), 2, '0')"},
	"weekday":         {of: weekdayOf, sql: "toString(toDayOfWeek(f.occurred_at, 0, 'UTC'))"},
	"history":         {truth: (*eventv1.Event).GetHistory, sql: "f.history"},
	"bot":             {truth: func(e *eventv1.Event) bool { return e.GetEnrichment().GetBot() }, sql: "f.is_bot"},
}

func enriched(get func(*eventv1.Enrichment) string) func(*eventv1.Event) string {
	return func(e *eventv1.Event) string { return get(e.GetEnrichment()) }
}

var typeWords = [...]string{
	eventv1.EventType_EVENT_TYPE_TRACK: "track", eventv1.EventType_EVENT_TYPE_IDENTIFY: "identify", eventv1.EventType_EVENT_TYPE_PAGE: "page",
	eventv1.EventType_EVENT_TYPE_SCREEN: "screen", eventv1.EventType_EVENT_TYPE_GROUP: "group", eventv1.EventType_EVENT_TYPE_ALIAS: "alias",
}

func typeOf(e *eventv1.Event) string {
	if t := int(e.GetType()); t >= 0 && t < len(typeWords) {
		return typeWords[t]
	}
	return ""
}

// NameOf is the name an event goes by: a track call by its own name, every other call by its type, "page" for one. Empty for an event without
// type.
func NameOf(e *eventv1.Event) string {
	if e.GetType() == eventv1.EventType_EVENT_TYPE_TRACK {
		return e.GetName()
	}
	return typeOf(e)
}

// identifierOf is the type of the event's identifier with the highest priority.
func identifierOf(e *eventv1.Event) string {
	if len(e.GetIdentifiers()) == 0 {
		return ""
	}
	return e.GetIdentifiers()[0].GetType()
}

func channelOf(e *eventv1.Event) string {
	c := e.GetEnrichment().GetChannel()
	if c == eventv1.Channel_CHANNEL_UNSPECIFIED {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(c.String(), "CHANNEL_"))
}

const digits = "0123456789"

func hourOf(e *eventv1.Event) string {
	h := time.UnixMilli(e.GetOccurredMs()).UTC().Hour()
	return string([]byte{digits[h/10], digits[h%10]})
}

// weekdayOf counts from Monday, 1, to Sunday, 7.
func weekdayOf(e *eventv1.Event) string {
	d := (int(time.UnixMilli(e.GetOccurredMs()).UTC().Weekday())+6)%7 + 1
	return digits[d : d+1]
}
