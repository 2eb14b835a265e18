package enrich

import (
	"strings"

	"github.com/ua-parser/uap-go/uaparser"
)

// agent is what a user agent says.
type agent struct {
	browser, browserVersion string
	os, osVersion           string
	deviceType, deviceModel string
	bot                     bool
	// tool is a program for programmers, curl and the like: a bot where a person was expected, a plain sender where a server was.
	tool bool
}

// read reads one user agent, of at most maxUserAgent bytes.
func (p *patterns) read(line string) *agent {
	lower := strings.ToLower(line)
	ua, os, device := p.find(line, lower)
	a := &agent{os: clean(os.Family, maxText), osVersion: clean(os.ToVersionString(), maxText)}
	a.bot = device.Family == "Spider" || strings.HasSuffix(ua.Family, "Headless") || isBot(lower)
	a.tool = !a.bot && isTool(lower)
	if isBrowser(lower) || a.bot {
		a.browser = clean(ua.Family, maxText)
		a.browserVersion = version(ua)
	}
	if !a.bot {
		a.deviceModel = model(device)
		a.deviceType = deviceType(lower, os.Family)
	}
	return a
}

// glance reads what can be seen without the expressions: the kind of device, and bots.
func glance(line string) *agent {
	lower := strings.ToLower(line)
	a := &agent{bot: isBot(lower), tool: isTool(lower)}
	if !a.bot {
		a.deviceType = deviceType(lower, "")
	}
	return a
}

// isBrowser tells browsers, and apps that show pages, from the rest: all of them begin with a word of 1994.
func isBrowser(lower string) bool {
	return strings.HasPrefix(lower, "mozilla/") || strings.HasPrefix(lower, "opera/")
}

// isApp tells the HTTP clients of phones' apps.
func isApp(lower string) bool {
	return strings.HasPrefix(lower, "dalvik/") || strings.HasPrefix(lower, "okhttp/") || strings.Contains(lower, " cfnetwork/")
}

// version is major and minor: more would tell people apart and nobody asks for it.
func version(ua uaparser.UserAgent) string {
	v := ua.Major
	if v != "" && ua.Minor != "" {
		v += "." + ua.Minor
	}
	return clean(v, maxText)
}

// model is the maker's name of a device: "Samsung SM-G991B". Generic names ("Generic Smartphone", "K") are nobody's.
func model(d uaparser.Device) string {
	if d.Family == "" || d.Model == "K" || d.Family == "K" || strings.HasPrefix(d.Brand, "Generic") || strings.HasPrefix(d.Family, "Generic") {
		return ""
	}
	if d.Brand == "" || strings.HasPrefix(strings.ToLower(d.Model), strings.ToLower(d.Brand)) {
		return clean(d.Model, maxText)
	}
	return clean(d.Brand+" "+d.Model, maxText)
}

// botWords mark crawlers, monitors and browsers that nobody sits at. Each is looked for in the lower-case text; docs/enrichment.md lists them.
var botWords = []string{
	"headlesschrome", "phantomjs", "puppeteer", "playwright", "selenium", "webdriver", "cypress", "electron-prerender",
	"lighthouse", "pagespeed", "gtmetrix", "webpagetest", "ptst/",
	"pingdom", "uptimerobot", "statuscake", "site24x7", "newrelicpinger", "datadogsynthetics", "checkly", "catchpoint", "monitis", "uptime-kuma",
	"facebookexternalhit", "slurp", "crawler", "spider", "bot/", "bot;", "bot)", "scrapy", "gptbot", "claudebot", "ccbot", "bytespider",
	"google-inspectiontool", "googleother", "mediapartners-google", "apis-google", "feedfetcher-google", "chatgpt-user", "claude-user", "perplexity-user",
}

// toolWords begin the user agents of HTTP libraries.
var toolWords = []string{
	"curl/", "wget/", "python-requests/", "python-urllib/", "aiohttp/", "httpx/", "go-http-client/", "java/", "apache-httpclient/",
	"node-fetch/", "axios/", "undici", "got ", "libwww-perl/", "ruby", "php/", "guzzlehttp/", "postmanruntime/", "insomnia/", "httpie/",
}

func isBot(lower string) bool {
	if strings.Contains(lower, "cubot") { // a maker of phones
		lower = strings.ReplaceAll(lower, "cubot", "")
	}
	return containsAny(lower, botWords)
}

func isTool(lower string) bool {
	for _, w := range toolWords {
		if strings.HasPrefix(lower, w) {
			return true
		}
	}
	return false
}

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// deviceKinds are tried in their order; docs/enrichment.md has them as a table.
var deviceKinds = []struct {
	kind  string
	words []string
}{
	{"console", []string{"playstation", "xbox", "nintendo"}},
	{"wearable", []string{"watchos", "apple watch", "wear os", "sm-r7", "sm-r8", "sm-r9"}},
	{"tv", []string{"smart-tv", "smarttv", "smart tv", "googletv", "google tv", "appletv", "apple tv", "tvos", "hbbtv", "web0s", "netcast", "bravia", "roku", "crkey", "; aft", "android tv"}},
	{"tablet", []string{"ipad", "tablet", "playbook", "kindle", "silk/", "; kf"}},
	{"mobile", []string{"iphone", "ipod", "windows phone", "blackberry", "bb10", "iemobile", "opera mini", "mobi"}},
}

// deviceType says what a user agent runs on; os is its operating system where that is known.
func deviceType(lower, os string) string {
	for _, k := range deviceKinds {
		if containsAny(lower, k.words) {
			return k.kind
		}
	}
	switch {
	case strings.Contains(lower, "android"):
		if isBrowser(lower) { // Chrome leaves out "Mobile" on tablets; an app's client says it nowhere
			return "tablet"
		}
		return "mobile"
	case os == "iOS" || strings.Contains(lower, "darwin/") && strings.Contains(lower, "cfnetwork/") && os == "":
		return "mobile"
	case containsAny(lower, []string{"windows nt", "macintosh", "x11;", "cros ", "linux x86", "linux i686", "ubuntu"}):
		return "desktop"
	}
	return ""
}
