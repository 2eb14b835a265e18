package enrich

import (
	"strings"
	"testing"

	"github.com/ua-parser/uap-go/uaparser"
)

// seen are user agents as they come: browsers, apps, televisions, machines, and garbage.
var seen = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 OPR/111.0.0.0",
	"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 330.0.0.40.92 (iPhone14,5; iOS 17_4; en_GB)",
	"Mozilla/5.0 (Linux; Android 14; SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
	"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
	"Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Linux; Android 12; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/112.5.1 like Chrome/112.0.5615.213 Safari/537.36",
	"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36",
	"Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36 WebAppManager",
	"Mozilla/5.0 (Linux; Android 9; AFTWMST22 Build/PS7233) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0 Mobile Safari/537.36",
	"Mozilla/5.0 (PlayStation; PlayStation 5/8.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edge/44.18363.8131",
	"Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.20.5 NintendoBrowser/5.1.0.22474",
	"Mozilla/5.0 (Linux; Tizen 2.3; SAMSUNG SM-R750) AppleWebKit/538.1 (KHTML, like Gecko) Version/2.3 Mobile Safari/538.1",
	"Shop/4.2 (com.shop.app; build:42; watchOS 10.1.0) Alamofire/5.4.4",
	"Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP2A.240605.024)",
	"Shop/42 CFNetwork/1490.0.4 Darwin/23.2.0", "okhttp/4.12.0",
	"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
	"Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
	"curl/8.5.0", "python-requests/2.32.3", "Go-http-client/1.1", "node-fetch/1.0", "axios/1.7.2",
	"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)", "Opera/9.80 (Windows NT 6.1; U; en) Presto/2.8.131 Version/11.11",
	"", " ", "x", "Mozilla/5.0", "\x00\xff", strings.Repeat("a", 500), "MOZILLA/5.0 (WINDOWS NT 10.0) CHROME/126.0",
}

// Leaving out the expressions whose literals are missing must not change what is found.
func TestFindIsWhatTheLibraryFinds(t *testing.T) {
	library := uaparser.NewFromSaved()
	for _, line := range seen {
		want := library.Parse(line)
		ua, os, device := builtIn().find(line, strings.ToLower(line))
		for what, pair := range map[string][2]string{
			"browser": {orOther(ua.Family) + ua.Major + "." + ua.Minor + "." + ua.Patch, want.UserAgent.Family + want.UserAgent.Major + "." + want.UserAgent.Minor + "." + want.UserAgent.Patch},
			"os":      {orOther(os.Family) + os.ToVersionString(), want.Os.Family + want.Os.ToVersionString()},
			"device":  {orOther(device.Family) + device.Brand + device.Model, want.Device.Family + want.Device.Brand + want.Device.Model},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%q: %s is %q, the library says %q", line, what, pair[0], pair[1])
			}
		}
	}
}

func orOther(family string) string {
	if family == "" {
		return "Other"
	}
	return family
}

func TestMostExpressionsHaveLiterals(t *testing.T) {
	p := builtIn()
	without := 0
	for _, x := range p.browsers {
		without += b2i(len(x.literals) == 0)
	}
	for _, x := range p.devices {
		without += b2i(len(x.literals) == 0)
	}
	t.Logf("%d of %d expressions are tried on every text", without, len(p.browsers)+len(p.devices))
	if without*10 > len(p.browsers)+len(p.devices) {
		t.Errorf("%d expressions without literals: a new user agent costs a millisecond", without)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func BenchmarkUserAgentCold(b *testing.B) {
	p := builtIn()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		line := seen[i%24]
		p.find(line, strings.ToLower(line))
	}
}

func BenchmarkUserAgentLibrary(b *testing.B) {
	p := uaparser.NewFromSaved()
	for i := 0; b.Loop(); i++ {
		line := seen[i%24]
		var ua uaparser.UserAgent
		var os uaparser.Os
		var dv uaparser.Device
		for _, x := range p.UA {
			if x.Match(line, &ua); ua.Family != "" {
				break
			}
		}
		for _, x := range p.OS {
			if x.Match(line, &os); os.Family != "" {
				break
			}
		}
		for _, x := range p.Device {
			if x.Match(line, &dv); dv.Family != "" {
				break
			}
		}
	}
}
