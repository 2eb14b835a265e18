package enrich

import (
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// searchBrands are search engines with a domain in many countries: google.de, uk.search.yahoo.com, www.google.co.uk.
var searchBrands = set("google", "bing", "yahoo", "yandex", "baidu", "duckduckgo", "ecosia", "startpage", "qwant", "naver", "seznam", "daum", "sogou", "ask", "aol", "swisscows", "mojeek", "kagi", "petalsearch")

// searchPrefixes are the names before a brand under which it searches; others (docs, accounts, groups) are plain sites.
var searchPrefixes = set("search", "m", "r", "images", "image", "html", "lite", "cn", "news", "shopping", "maps")

// searchHosts are the other search engines, and their apps.
var searchHosts = []string{"search.brave.com", "ya.ru", "so.com", "presearch.com", "coccoc.com", "search.lycos.com", "lens.google.com", "com.google.android.googlequicksearchbox", "com.google.android.apps.searchlite"}

// socialHosts are networks where people post links; a subdomain counts as its network.
var socialHosts = []string{
	"facebook.com", "fb.com", "fb.me", "messenger.com", "instagram.com", "threads.net", "threads.com", "whatsapp.com", "wa.me",
	"twitter.com", "t.co", "x.com", "linkedin.com", "lnkd.in", "youtube.com", "youtu.be", "tiktok.com", "snapchat.com",
	"pinterest.com", "pin.it", "reddit.com", "redd.it", "tumblr.com", "quora.com", "medium.com", "bsky.app", "mastodon.social",
	"vk.com", "ok.ru", "weibo.com", "weibo.cn", "zhihu.com", "douyin.com", "xiaohongshu.com", "line.me", "t.me", "telegram.org",
	"discord.com", "twitch.tv", "xing.com", "nextdoor.com", "flipboard.com", "news.ycombinator.com", "vimeo.com",
	"com.facebook.katana", "com.facebook.orca", "com.instagram.android", "com.twitter.android", "com.linkedin.android",
	"com.pinterest", "com.reddit.frontpage", "org.telegram.messenger", "com.whatsapp", "com.zhiliaoapp.musically", "com.snapchat.android",
}

// mailHosts are mail read in a browser or an app; so is every host that begins with mail, webmail or email.
var mailHosts = []string{
	"inbox.google.com", "outlook.com", "outlook.live.com", "outlook.office.com", "outlook.office365.com", "hotmail.com", "e.mail.ru",
	"deref-gmx.net", "deref-web.de", "deref-mail.com", "navigator.gmx.net", "navigator.web.de", "app.fastmail.com", "icloud.com",
	"com.google.android.gm", "com.microsoft.office.outlook", "com.yahoo.mobile.client.android.mail",
}

var pinterest = set("pinterest")

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// known are the hosts of the lists, by name.
var known = func() map[string]eventv1.Channel {
	m := map[string]eventv1.Channel{}
	for channel, hosts := range map[eventv1.Channel][]string{
		eventv1.Channel_CHANNEL_ORGANIC: searchHosts, eventv1.Channel_CHANNEL_SOCIAL: socialHosts, eventv1.Channel_CHANNEL_EMAIL: mailHosts,
	} {
		for _, h := range hosts {
			m[h] = channel
		}
	}
	return m
}()

// sourceNames are words of utm_source that name a network without its domain.
var sourceNames = map[string]eventv1.Channel{
	"facebook": eventv1.Channel_CHANNEL_SOCIAL, "fb": eventv1.Channel_CHANNEL_SOCIAL, "instagram": eventv1.Channel_CHANNEL_SOCIAL, "ig": eventv1.Channel_CHANNEL_SOCIAL,
	"twitter": eventv1.Channel_CHANNEL_SOCIAL, "x": eventv1.Channel_CHANNEL_SOCIAL, "linkedin": eventv1.Channel_CHANNEL_SOCIAL, "tiktok": eventv1.Channel_CHANNEL_SOCIAL,
	"youtube": eventv1.Channel_CHANNEL_SOCIAL, "pinterest": eventv1.Channel_CHANNEL_SOCIAL, "reddit": eventv1.Channel_CHANNEL_SOCIAL, "whatsapp": eventv1.Channel_CHANNEL_SOCIAL,
	"telegram": eventv1.Channel_CHANNEL_SOCIAL, "threads": eventv1.Channel_CHANNEL_SOCIAL, "snapchat": eventv1.Channel_CHANNEL_SOCIAL, "weibo": eventv1.Channel_CHANNEL_SOCIAL,
	"email": eventv1.Channel_CHANNEL_EMAIL, "e-mail": eventv1.Channel_CHANNEL_EMAIL, "e_mail": eventv1.Channel_CHANNEL_EMAIL, "mail": eventv1.Channel_CHANNEL_EMAIL,
	"newsletter": eventv1.Channel_CHANNEL_EMAIL, "gmail": eventv1.Channel_CHANNEL_EMAIL, "mailchimp": eventv1.Channel_CHANNEL_EMAIL,
}

// channelOfHost says what a visit from a host is: mail, social, a search, or a plain referral.
func channelOfHost(host string) eventv1.Channel {
	for name := host; ; {
		if channel, ok := known[name]; ok && (name == host || channel == eventv1.Channel_CHANNEL_SOCIAL) {
			return channel
		}
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			break
		}
		name = rest
	}
	first, _, _ := strings.Cut(host, ".")
	switch {
	case first == "mail" || first == "webmail" || first == "email":
		return eventv1.Channel_CHANNEL_EMAIL
	case strings.Contains(host, "pinterest.") && brand(host, pinterest, nil):
		return eventv1.Channel_CHANNEL_SOCIAL
	case brand(host, searchBrands, searchPrefixes):
		return eventv1.Channel_CHANNEL_ORGANIC
	}
	return eventv1.Channel_CHANNEL_REFERRAL
}

// brand says that a host is <prefixes>.<brand>.<country or com>: "uk.search.yahoo.com", "google.co.uk", not "google.example.com".
// Prefixes may also be a country's two letters; nil allows any.
func brand(host string, brands, prefixes map[string]bool) bool {
	labels := strings.Count(host, ".") + 1
	if labels < 2 || labels > 6 {
		return false
	}
	rest := host
	for range labels {
		label, tail, ok := strings.Cut(rest, ".")
		if !ok {
			return false
		}
		if brands[label] {
			return topLevel(tail)
		}
		if prefixes != nil && len(label) != 2 && !prefixes[label] {
			return false
		}
		rest = tail
	}
	return false
}

// secondLevels are the names below a country under which it sells domains.
var secondLevels = set("co", "com", "ne", "or", "net", "org")

// topLevel says that what follows a brand is a domain nobody else can register below: "de", "com", "co.uk", "com.br".
func topLevel(tail string) bool {
	head, last, two := strings.Cut(tail, ".")
	if !two {
		return len(head) >= 2 && len(head) <= 4
	}
	return len(last) == 2 && secondLevels[head]
}
