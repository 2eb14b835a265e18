package enrich

import (
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/library"
)

// visitor says that a person's browser or app made the call, not a server on its behalf. docs/enrichment.md has the rule.
func (h *Hints) visitor(client *Client, src *Source) bool {
	if src.pages && client.connected {
		return true
	}
	switch str(h.Channel, 16) {
	case "web", "browser", "mobile", "client":
		return true
	case "server", "sources":
		return false
	}
	name := str(h.get(h.library), maxText)
	switch {
	case library.OfVisitors(name):
		return true
	case library.OfServers(name):
		return false
	}
	return client.visitor
}

// fill copies what a user agent says.
func (a *agent) fill(x *eventv1.Enrichment, visitor bool) {
	x.Browser, x.BrowserVersion, x.Os, x.OsVersion = a.browser, a.browserVersion, a.os, a.osVersion
	x.DeviceType, x.DeviceModel = a.deviceType, a.deviceModel
	x.Bot = a.bot || a.tool && visitor
}

// fillHints adds what client hints and apps say of themselves, where it says more than the user agent.
func (w *Work) fillHints(x *eventv1.Enrichment, h *Hints) {
	if raw := h.object(h.userAgentData); raw != nil {
		w.fillClientHints(x, raw)
	}
	if x.Os == "" && x.Browser == "" {
		x.Os, x.OsVersion = field(h.get(h.osName)), field(h.get(h.osVersion))
	}
	if x.DeviceModel == "" && !x.Bot {
		x.DeviceModel = join(field(h.get(h.deviceMaker)), field(h.get(h.deviceModel)))
	}
	if x.DeviceType == "" && !x.Bot {
		x.DeviceType = appDevice(field(h.get(h.deviceType)), x.DeviceModel)
	}
}

// appDevice reads context.device.type: Segment's apps say ios or android there.
func appDevice(kind, model string) string {
	switch kind = strings.ToLower(kind); kind {
	case "ios", "android", "phone":
		if strings.Contains(strings.ToLower(model), "ipad") {
			return "tablet"
		}
		return "mobile"
	case "desktop", "mobile", "tablet", "tv", "console", "wearable":
		return kind
	case "watchos":
		return "wearable"
	case "tvos":
		return "tv"
	}
	return ""
}

// join puts a maker before a model that does not begin with it.
func join(maker, model string) string {
	if maker == "" || model == "" || strings.HasPrefix(strings.ToLower(model), strings.ToLower(maker)) {
		return model
	}
	return clean(maker+" "+model, maxText)
}

// fillClientHints reads context.userAgentData, which browsers give because their user agents no longer tell: since 2023 Chrome says
// "Windows NT 10.0" for Windows 11 and "Android 10; K" for every phone.
func (w *Work) fillClientHints(x *eventv1.Enrichment, raw []byte) {
	d := w.readUserAgentData(raw)
	if x.Browser == "" && !x.Bot || d.brand == "Brave" {
		x.Browser, x.BrowserVersion = d.brand, d.brandVersion
	}
	if x.Os == "" {
		x.Os = d.platform
	}
	if v := osVersion(x.Os, d.platformVersion); v != "" {
		x.OsVersion = v
	}
	if x.DeviceModel == "" {
		x.DeviceModel = d.model
	}
	switch {
	case x.DeviceType != "" || x.Bot:
	case d.mobile:
		x.DeviceType = "mobile"
	case d.platform == "Windows" || d.platform == "macOS" || d.platform == "Linux" || d.platform == "Chrome OS":
		x.DeviceType = "desktop"
	}
}

// userAgentData is what is read of context.userAgentData.
type userAgentData struct {
	brand, brandVersion              string
	platform, platformVersion, model string
	mobile                           bool
}

func (w *Work) readUserAgentData(raw []byte) (d userAgentData) {
	s := w.scanner(raw)
	_ = s.Object(func(key []byte) error {
		if string(key) == "brands" && s.Peek() == '[' {
			return w.readBrands(&d.brand, &d.brandVersion)
		}
		var to *string
		mobile := false
		switch string(key) {
		case "platform":
			to = &d.platform
		case "platformVersion":
			to = &d.platformVersion
		case "model":
			to = &d.model
		case "mobile":
			mobile = true
		}
		value, err := s.Skip()
		if err == nil && to != nil {
			*to = field(value)
		}
		d.mobile = d.mobile || mobile && string(value) == "true"
		return err
	})
	return d
}

// readBrands reads the browser's name out of the brands, past the nonsense that browsers put between them on purpose.
func (w *Work) readBrands(name, version *string) error {
	s := &w.scan
	return s.Array(func() error {
		if s.Peek() != '{' {
			_, err := s.Skip()
			return err
		}
		var b, v string
		err := s.Object(func(key []byte) error {
			to := &b
			if string(key) == "version" {
				to = &v
			} else if string(key) != "brand" {
				to = new(string)
			}
			value, err := s.Skip()
			*to = field(value)
			return err
		})
		lower := strings.ToLower(b)
		if b != "" && !(strings.Contains(lower, "not") && strings.Contains(lower, "brand")) && (*name == "" || *name == "Chromium") {
			*name, *version = strings.TrimPrefix(b, "Google "), v
		}
		return err
	})
}

// osVersion reads a platform version: Windows counts its own way there, 13 and above being Windows 11.
func osVersion(os, platformVersion string) string {
	if platformVersion == "" {
		return ""
	}
	if os != "Windows" {
		return platformVersion
	}
	major, _, _ := strings.Cut(platformVersion, ".")
	switch {
	case len(major) == 2 && major >= "13":
		return "11"
	case major >= "1" && major <= "9" && len(major) == 1 || len(major) == 2:
		return "10"
	}
	return ""
}
