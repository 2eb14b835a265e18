package history

import (
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/warehouse/orderrows"
)

// eventColumns are what package expr reads of an event, as dw.events has it.
const eventColumns = `f.customer_id, toUnixTimestamp64Milli(f.occurred_at), toUnixTimestamp64Milli(f.received_at), toString(f.type), toString(f.name), toString(f.source),
	f.properties, f.traits, f.context, f.history, f.is_bot, toString(f.channel), toString(f.device_type), toString(f.device_model), toString(f.os), toString(f.browser),
	toString(f.country), toString(f.region), toString(f.city), toString(f.referrer_host), f.session_id, toString(f.campaign_source), toString(f.campaign_medium),
	toString(f.campaign_name)`

var types = map[string]eventv1.EventType{
	"track": eventv1.EventType_EVENT_TYPE_TRACK, "identify": eventv1.EventType_EVENT_TYPE_IDENTIFY, "page": eventv1.EventType_EVENT_TYPE_PAGE,
	"screen": eventv1.EventType_EVENT_TYPE_SCREEN, "group": eventv1.EventType_EVENT_TYPE_GROUP, "alias": eventv1.EventType_EVENT_TYPE_ALIAS,
}

// scanEvent reads a row that begins with the present customer and goes on with eventColumns.
func scanEvent(scan orderrows.Scan) (present string, f fact, err error) {
	e, x := &eventv1.Event{}, &eventv1.Enrichment{}
	var kind, channel string
	err = scan(&present, &f.customer, &e.OccurredMs, &e.ReceivedMs, &kind, &e.Name, &e.Source, &e.PropertiesJson, &e.TraitsJson, &e.ContextJson, &e.History,
		&x.Bot, &channel, &x.DeviceType, &x.DeviceModel, &x.Os, &x.Browser, &x.Country, &x.Region, &x.City, &x.ReferrerHost, &x.SessionId,
		&x.CampaignSource, &x.CampaignMedium, &x.CampaignName)
	e.Type = types[kind]
	if channel != "" {
		x.Channel = eventv1.Channel(eventv1.Channel_value["CHANNEL_"+strings.ToUpper(channel)])
	}
	e.Enrichment, f.event = x, e
	return present, f, err
}
