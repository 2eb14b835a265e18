package enrich

import (
	"fmt"
	"testing"
)

func TestDevicesAndBots(t *testing.T) {
	for line, want := range map[string]struct {
		device string
		bot    bool
		tool   bool
	}{
		seen[0]: {device: "desktop"}, seen[2]: {device: "desktop"}, seen[3]: {device: "desktop"}, seen[4]: {device: "desktop"}, seen[5]: {device: "desktop"},
		seen[6]: {device: "mobile"}, seen[7]: {device: "tablet"}, seen[8]: {device: "mobile"}, seen[9]: {device: "mobile"}, seen[10]: {device: "mobile"},
		seen[11]: {device: "tablet"}, seen[12]: {device: "tablet"}, seen[13]: {device: "tv"}, seen[14]: {device: "tv"}, seen[15]: {device: "tv"},
		seen[16]: {device: "console"}, seen[17]: {device: "console"}, seen[18]: {device: "console"}, seen[19]: {device: "wearable"}, seen[20]: {device: "wearable"},
		seen[21]: {device: "mobile"}, seen[22]: {device: "mobile"}, seen[23]: {},
		seen[24]: {bot: true}, seen[25]: {bot: true}, seen[26]: {bot: true}, seen[27]: {bot: true}, seen[28]: {bot: true}, seen[29]: {bot: true}, seen[30]: {bot: true},
		"curl/8.5.0": {tool: true}, "python-requests/2.32.3": {tool: true}, "Go-http-client/1.1": {tool: true}, "axios/1.7.2": {tool: true},
		"": {}, "x": {},
	} {
		a := builtIn().read(line)
		if a.deviceType != want.device || a.bot != want.bot || a.tool != want.tool {
			t.Errorf("%q: device %q bot %v tool %v, want %+v", line, a.deviceType, a.bot, a.tool, want)
		}
		if g := glance(line); g.bot != want.bot && line != seen[24] || g.tool != want.tool {
			t.Errorf("%q at a glance: bot %v tool %v, want %+v", line, g.bot, g.tool, want)
		}
	}
}

func TestNamesOfBrowsers(t *testing.T) {
	for line, want := range map[string]string{
		seen[0]: "Chrome 126.0 Windows 10", seen[1]: "Edge 126.0 Windows 10", seen[6]: "Mobile Safari 17.5 iOS 17.5 Apple iPhone",
		seen[9]: "Chrome Mobile 126.0 Android 14 Samsung SM-G991B", seen[10]: "Chrome Mobile 126.0 Android 10", seen[22]: "  iOS 17.2 Apple iOS-Device", "okhttp/4.12.0": "   ",
		"curl/8.5.0": "   ", seen[24]: "Googlebot 2.1  ",
	} {
		a := builtIn().read(line)
		got := a.browser + " " + a.browserVersion + " " + a.os + " " + a.osVersion
		if a.deviceModel != "" {
			got += " " + a.deviceModel
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// Cubot makes phones. Google's and the assistants' fetchers have neither "bot" nor "spider" in their names, and some of them run the page.
func TestPhonesAreNoBotsAndFetchersAre(t *testing.T) {
	const phone = "Mozilla/5.0 (Linux; Android 10; %s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
	for line, want := range map[string]bool{
		fmt.Sprintf(phone, "CUBOT NOTE 20 PRO"): false, fmt.Sprintf(phone, "CUBOT"): false, fmt.Sprintf(phone, "CUBOT; KING KONG"): false,
		fmt.Sprintf(phone, "CUBOT/P9 Build/X"): false, "Dalvik/2.1.0 (Linux; U; Android 9; CUBOT POWER Build/O11019)": false,
		fmt.Sprintf(phone, "CUBOT") + " (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": true,
		fmt.Sprintf(phone, "Nexus 5X Build/MMB29P") + " (compatible; Google-InspectionTool/1.0;)":     true,
		"GoogleOther": true, "Mediapartners-Google": true, "APIs-Google (+https://developers.google.com/webmasters/APIs-Google.html)": true,
		"FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)":                                                true,
		"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot":    true,
		"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Claude-User/1.0; +Claude-User@anthropic.com)":  true,
		"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Perplexity-User/1.0; +https://perplexity.ai/)": true,
	} {
		if got, glanced := builtIn().read(line), glance(line); got.bot != want || glanced.bot != want || got.deviceType == "" != want {
			t.Errorf("%q: bot %v, at a glance %v, device %q; want bot %v", line, got.bot, glanced.bot, got.deviceType, want)
		}
	}
}

// A tool is a bot where a person was expected and a plain sender where a server was; bots are counted and never dropped.
func TestToolsAndTheCountOfBots(t *testing.T) {
	e, _, reg := withGeo(t, places(t, "GeoLite2-City", 1, world), nil)
	src := source(t, e, "", "")
	for channel, want := range map[string]bool{"web": true, "server": false} {
		if got := fill(t, e, src, Client{}, channel, `{"userAgent":"curl/8.5.0"}`).GetEnrichment().GetBot(); got != want {
			t.Errorf("curl by channel %s: bot %v, want %v", channel, got, want)
		}
	}
	if got := value(t, reg, "freshet_collector_bot_events_total", "web"); got != 1 {
		t.Errorf("%v bots counted, want 1", got)
	}
}
