package warehouse

import eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"

func (r *reader) readEnrichment(c *cursor) {
	x := &r.enrichment
	for c.next() {
		switch c.num {
		case 1:
			x.Browser = c.text()
		case 2:
			x.BrowserVersion = c.text()
		case 3:
			x.Os = c.text()
		case 4:
			x.OsVersion = c.text()
		case 5:
			x.DeviceType = c.text()
		case 6:
			x.DeviceModel = c.text()
		case 7:
			x.Bot = c.bool()
		case 8:
			x.Country = c.text()
		case 9:
			x.Region = c.text()
		case 10:
			x.City = c.text()
		case 11:
			x.Channel = eventv1.Channel(int32(c.number()))
		default:
			readVisit(c, x)
		}
	}
}

// readVisit reads what an enrichment says of the visit.
func readVisit(c *cursor, x *eventv1.Enrichment) {
	switch c.num {
	case 12:
		x.CampaignSource = c.text()
	case 13:
		x.CampaignMedium = c.text()
	case 14:
		x.CampaignName = c.text()
	case 15:
		x.CampaignTerm = c.text()
	case 16:
		x.CampaignContent = c.text()
	case 17:
		x.ClickIdType = c.text()
	case 18:
		x.ReferrerHost = c.text()
	case 19:
		x.SessionId = c.text()
	case 20:
		x.SessionStart = c.bool()
	default:
		c.odd = true
	}
}

func readConsent(c *cursor, x *eventv1.Consent) {
	for c.next() {
		switch c.num {
		case 1:
			x.Granted = append(x.Granted, c.text())
		case 2:
			x.Denied = append(x.Denied, c.text())
		case 3:
			x.OptedOut = c.bool()
		default:
			c.odd = true
		}
	}
}

func readPlan(c *cursor, x *eventv1.PlanCheck) {
	for c.next() {
		switch c.num {
		case 1:
			x.Plan = c.text()
		case 2:
			x.Version = c.text()
		case 3:
			v := new(eventv1.Violation)
			c.sub(func(c *cursor) { readViolation(c, v) })
			x.Violations = append(x.Violations, v)
		case 4:
			x.Stripped = append(x.Stripped, c.text())
		default:
			c.odd = true
		}
	}
}

func readViolation(c *cursor, x *eventv1.Violation) {
	for c.next() {
		switch c.num {
		case 1:
			x.Rule = c.text()
		case 2:
			x.Path = c.text()
		case 3:
			x.Message = c.text()
		default:
			c.odd = true
		}
	}
}

func readNote(c *cursor, x *eventv1.Note) {
	for c.next() {
		switch c.num {
		case 1:
			x.Kind = c.text()
		case 2:
			x.Path = c.text()
		case 3:
			x.Detail = c.text()
		default:
			c.odd = true
		}
	}
}

func readAlias(c *cursor, x *eventv1.Alias) {
	for c.next() {
		switch c.num {
		case 1:
			x.PreviousId = c.text()
		case 2:
			x.Trusted = c.bool()
		default:
			c.odd = true
		}
	}
}
