package enrich

import (
	"os"
	"strings"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// The table in docs/enrichment.md is the promise and the test.
func TestChannelsAreAsTheDocumentationSays(t *testing.T) {
	page, err := os.ReadFile("../../../docs/enrichment.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "| rule | page address |")
	e := enricher(t, Default())
	sources := map[string]*Source{"web": source(t, e, "", ""), "server": source(t, e, "", ""), "till": source(t, e, "", ChannelOffline),
		"shops": source(t, e, "", "", "https://shop.example", "https://*.shop.example.de")}
	rules, rows, rule := 0, 0, ""
	for line := range strings.Lines(rest) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 7 {
			if rows > 0 {
				break
			}
			continue
		}
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		if cells[1] == "---" || cells[5] == "channel" {
			continue
		}
		if cells[1] != "" {
			rule, rules = cells[1], rules+1
		}
		rows++
		channel := "server"
		if cells[4] == "web" || cells[4] == "shops" {
			channel = "web"
		}
		src := sources[cells[4]]
		if src == nil {
			t.Fatalf("%s: sender %q is none of the test's", rule, cells[4])
		}
		ev := fill(t, e, src, Client{}, channel, `{"page":{"url":"`+cells[2]+`","referrer":"`+cells[3]+`"}}`)
		want := eventv1.Channel(eventv1.Channel_value["CHANNEL_"+strings.ToUpper(cells[5])])
		if got := ev.GetEnrichment().GetChannel(); got != want {
			t.Errorf("%s: page %q from %q by %s is %s, want %s", rule, cells[2], cells[3], cells[4], got, want)
		}
	}
	if rules != 16 || rows < 40 {
		t.Errorf("read %d rules and %d examples of the table, want 16 and more than 40", rules, rows)
	}
}

func TestHosts(t *testing.T) {
	for address, want := range map[string]string{
		"https://www.Google.com/search?q=x":   "google.com",
		"http://user:pw@shop.example:8080/p":  "shop.example",
		"android-app://com.google.android.gm": "com.google.android.gm",
		"https://[2001:db8::1]:443/":          "[2001:db8::1]",
		"https://shop.example.":               "shop.example",
		"https://example.com\\@evil.example/": "example.com",
		"$direct":                             "", "": "", "about:blank": "", "/relative": "", "https://": "", "https://a b/": "", "https://<script>/": "",
		"https://" + strings.Repeat("a", 300): "",
	} {
		if got := hostOf(address); got != want {
			t.Errorf("%q has the host %q, want %q", address, got, want)
		}
	}
}

func TestBrandsNeedATopLevelDomain(t *testing.T) {
	for host, want := range map[string]eventv1.Channel{
		"google.com.br": eventv1.Channel_CHANNEL_ORGANIC, "images.google.de": eventv1.Channel_CHANNEL_ORGANIC, "r.search.yahoo.com": eventv1.Channel_CHANNEL_ORGANIC,
		"yandex.ru": eventv1.Channel_CHANNEL_ORGANIC, "cn.bing.com": eventv1.Channel_CHANNEL_ORGANIC, "search.brave.com": eventv1.Channel_CHANNEL_ORGANIC,
		"google.de.evil.com": eventv1.Channel_CHANNEL_REFERRAL, "google": eventv1.Channel_CHANNEL_REFERRAL, "accounts.google.com": eventv1.Channel_CHANNEL_REFERRAL,
		"x.com": eventv1.Channel_CHANNEL_SOCIAL, "netflix.com": eventv1.Channel_CHANNEL_REFERRAL, "fox.com": eventv1.Channel_CHANNEL_REFERRAL,
		"uk.pinterest.com": eventv1.Channel_CHANNEL_SOCIAL, "mail.yahoo.com": eventv1.Channel_CHANNEL_EMAIL, "mailchimp.com": eventv1.Channel_CHANNEL_REFERRAL,
		"": eventv1.Channel_CHANNEL_REFERRAL, "...": eventv1.Channel_CHANNEL_REFERRAL,
	} {
		if got := channelOfHost(host); got != want {
			t.Errorf("%q is %s, want %s", host, got, want)
		}
	}
}

func TestCampaigns(t *testing.T) {
	e := enricher(t, Default())
	src := source(t, e, "", "")
	for name, c := range map[string]struct{ context, want string }{
		"the address counts before the client's words, field by field": {
			`{"page":{"url":"https://s.example/?utm_source=a&utm_medium=cpc"},"campaign":{"source":"b","name":"n","term":"t","content":"c"}}`, "a/cpc/n/t/c/"},
		"escapes and case":                  {`{"page":{"url":"https:\/\/s.example\/?UTM_Source=caf%C3%A9+au%20lait&utm_campaign=%"}}`, "café au lait//%///"},
		"page.search when the url has none": {`{"page":{"url":"https://s.example/","search":"?utm_source=a&fbclid=1"}}`, "a/////fbclid"},
		"the heaviest click id":             {`{"page":{"url":"https://s.example/?fbclid=1&GCLID=2"}}`, "/////gclid"},
		"the first of two":                  {`{"page":{"url":"https://s.example/?utm_source=a&utm_source=b"}}`, "a/////"},
		"words for nothing":                 {`{"campaign":{"source":"(not set)","medium":"null"}}`, "/////"},
		"no texts":                          {`{"page":{"url":7},"campaign":{"source":1,"name":{"x":2},"medium":null}}`, "/////"},
		"a campaign that is no object":      {`{"campaign":"spring","page":[]}`, "/////"},
		"control characters and bad UTF-8":  {`{"page":{"url":"https://s.example/?utm_source=a%00%0Ab%ff"}}`, "ab/////"},
		"too long":                          {`{"campaign":{"source":"` + strings.Repeat("é", 200) + `"}}`, strings.Repeat("é", 127) + "/////"},
		"an address of a megabyte":          {`{"page":{"url":"https://s.example/?utm_source=a&x=` + strings.Repeat("y", 1<<20) + `"}}`, "/////"},
		"a thousand parameters":             {`{"page":{"url":"https://s.example/?` + strings.Repeat("a&", 1000) + `utm_source=a"}}`, "/////"},
	} {
		x := fill(t, e, src, Client{}, "", c.context).GetEnrichment()
		got := strings.Join([]string{x.GetCampaignSource(), x.GetCampaignMedium(), x.GetCampaignName(), x.GetCampaignTerm(), x.GetCampaignContent(), x.GetClickIdType()}, "/")
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
