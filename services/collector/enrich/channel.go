package enrich

import (
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// mediums are the words of utm_medium that say the channel. docs/enrichment.md has them with their source.
var mediums = func() map[string]eventv1.Channel {
	m := map[string]eventv1.Channel{}
	for channel, words := range map[eventv1.Channel]string{
		eventv1.Channel_CHANNEL_OFFLINE: "offline store in-store instore shop pos qr qrcode qr-code print flyer catalog catalogue poster tv radio ooh phone callcenter call-center",
		eventv1.Channel_CHANNEL_ADVERTISING: "cpc ppc cpm cpv cpa cpl cpp cpi retargeting remarketing display banner expandable interstitial ad ads advertising sem sea " +
			"affiliate affiliates sponsored sponsorship native programmatic influencer",
		eventv1.Channel_CHANNEL_EMAIL:    "email e-mail e_mail mail newsletter",
		eventv1.Channel_CHANNEL_SOCIAL:   "social social-network social-media social_network social_media sm smm community",
		eventv1.Channel_CHANNEL_ORGANIC:  "organic search seo",
		eventv1.Channel_CHANNEL_REFERRAL: "referral link app partner sms push notification messenger audio video",
		eventv1.Channel_CHANNEL_DIRECT:   "direct typed",
	} {
		for _, w := range strings.Fields(words) {
			m[w] = channel
		}
	}
	m["social network"], m["social media"] = eventv1.Channel_CHANNEL_SOCIAL, eventv1.Channel_CHANNEL_SOCIAL
	m["e mail"] = eventv1.Channel_CHANNEL_EMAIL
	return m
}()

// channelOfMedium is what a medium says; unspecified when it is an unknown word.
func channelOfMedium(medium string) eventv1.Channel {
	if medium == "" {
		return eventv1.Channel_CHANNEL_UNSPECIFIED
	}
	medium = strings.ToLower(medium)
	if strings.HasPrefix(medium, "paid") || strings.Contains(medium, "cp") { // as Google Analytics has it: .*cp.*|paid.*
		return eventv1.Channel_CHANNEL_ADVERTISING
	}
	return mediums[medium]
}

// channelOfSource is what a campaign's source says: a network by its name or its host; unspecified when it is neither.
func channelOfSource(source string) eventv1.Channel {
	if source == "" {
		return eventv1.Channel_CHANNEL_UNSPECIFIED
	}
	source = strings.ToLower(source)
	if channel, ok := sourceNames[source]; ok {
		return channel
	}
	if searchBrands[source] {
		return eventv1.Channel_CHANNEL_ORGANIC
	}
	if strings.IndexByte(source, '.') > 0 {
		if channel := channelOfHost(strings.TrimPrefix(source, "www.")); channel != eventv1.Channel_CHANNEL_REFERRAL {
			return channel
		}
	}
	return eventv1.Channel_CHANNEL_UNSPECIFIED
}

// visit is what the channel is told by.
type visit struct {
	campaign *campaign
	// referrer and page are hosts; "" when unknown.
	referrer, page string
	// visitor says that a person's browser or app made the call.
	visitor bool
	source  *Source
}

// channel applies the rules of docs/enrichment.md in their order.
func (v visit) channel() eventv1.Channel {
	c := v.campaign
	medium := channelOfMedium(c.medium)
	switch {
	case v.source.offline, medium == eventv1.Channel_CHANNEL_OFFLINE:
		return eventv1.Channel_CHANNEL_OFFLINE
	case medium == eventv1.Channel_CHANNEL_ADVERTISING, c.click != nil && c.click.channel == eventv1.Channel_CHANNEL_ADVERTISING:
		return eventv1.Channel_CHANNEL_ADVERTISING
	}
	source := channelOfSource(c.source)
	switch {
	case source == eventv1.Channel_CHANNEL_EMAIL:
		return source
	case medium != eventv1.Channel_CHANNEL_UNSPECIFIED && medium != eventv1.Channel_CHANNEL_REFERRAL:
		return medium
	case source != eventv1.Channel_CHANNEL_UNSPECIFIED:
		return source
	case c.click != nil:
		return c.click.channel
	case c.tagged():
		return eventv1.Channel_CHANNEL_REFERRAL
	}
	return v.untagged()
}

// untagged is the channel of a visit that only a referrer, or nothing, tells of.
func (v visit) untagged() eventv1.Channel {
	switch {
	case v.referrer != "" && (sameSite(v.referrer, v.page) || v.source.owns(v.referrer)):
		return eventv1.Channel_CHANNEL_INTERNAL
	case v.referrer != "":
		return channelOfHost(v.referrer)
	case v.visitor:
		return eventv1.Channel_CHANNEL_DIRECT
	}
	return eventv1.Channel_CHANNEL_UNSPECIFIED
}

// sameSite says that two hosts are one, or that one is below the other. Whether two neighbours below one domain are one site cannot be told
// without the list of public suffixes: name such hosts in the source's origins.
func sameSite(a, b string) bool {
	if a == b {
		return true
	}
	return below(a, b) || below(b, a)
}

// below says that host is a subdomain of domain.
func below(host, domain string) bool {
	return strings.IndexByte(domain, '.') > 0 && len(host) > len(domain)+1 && host[len(host)-len(domain)-1] == '.' && strings.HasSuffix(host, domain)
}
