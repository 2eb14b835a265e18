package history

import (
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/warehouse/orderrows"
)

// EventColumns are what package expr reads of an event, as dw.events, called f, has it: what Event scans. A statement may have others before them.
const EventColumns = `f.customer_id, toUnixTimestamp64Milli(f.occurred_at), toUnixTimestamp64Milli(f.received_at), toString(f.type), toString(f.name), toString(f.source),
	f.properties, f.traits, f.context, f.history, f.is_bot, toString(f.channel), toString(f.device_type), toString(f.device_model), toString(f.os), toString(f.browser),
	toString(f.country), toString(f.region), toString(f.city), toString(f.referrer_host), f.session_id, toString(f.campaign_source), toString(f.campaign_medium),
	toString(f.campaign_name), toString(f.identifier_type)`

var types = map[string]eventv1.EventType{
	"track": eventv1.EventType_EVENT_TYPE_TRACK, "identify": eventv1.EventType_EVENT_TYPE_IDENTIFY, "page": eventv1.EventType_EVENT_TYPE_PAGE,
	"screen": eventv1.EventType_EVENT_TYPE_SCREEN, "group": eventv1.EventType_EVENT_TYPE_GROUP, "alias": eventv1.EventType_EVENT_TYPE_ALIAS,
}

// scanEvent reads a row that begins with the present customer and goes on with EventColumns.
func scanEvent(scan orderrows.Scan) (present string, f fact, err error) {
	f.customer, f.event, err = Event(scan, &present)
	return present, f, err
}

// Event reads a row of events, and whose it was when identity saw it; before takes the columns that stand before EventColumns.
func Event(scan orderrows.Scan, before ...any) (customer string, e *eventv1.Event, err error) {
	name := &eventv1.Identifier{}
	e = &eventv1.Event{Identifiers: []*eventv1.Identifier{name}}
	x := &eventv1.Enrichment{}
	var kind, channel string
	err = scan(append(before, &customer, &e.OccurredMs, &e.ReceivedMs, &kind, &e.Name, &e.Source, &e.PropertiesJson, &e.TraitsJson, &e.ContextJson, &e.History,
		&x.Bot, &channel, &x.DeviceType, &x.DeviceModel, &x.Os, &x.Browser, &x.Country, &x.Region, &x.City, &x.ReferrerHost, &x.SessionId,
		&x.CampaignSource, &x.CampaignMedium, &x.CampaignName, &name.Type)...)
	e.Type = types[kind]
	if channel != "" {
		x.Channel = eventv1.Channel(eventv1.Channel_value["CHANNEL_"+strings.ToUpper(channel)])
	}
	e.Enrichment = x
	return customer, e, err
}
