package watch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/services/segmentation/webhook"
)

func TestTheDefaultIsValidAndFaultsAreAllReported(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	bad := Config{
		Lines: Lines{Behaviour: time.Minute}, Hold: time.Minute, Calm: -1, ScanRecords: 0,
		Stages: map[string]Lines{"identty": {}, "feature": {Core: time.Second}}, Grades: map[string]string{"crm": "gold"},
		Collectors: []string{"collector:9090"}, Endpoints: map[string]webhook.Endpoint{"pager": {URL: "ftp://x"}},
	}
	err := bad.Validate()
	for _, want := range []string{
		"every:", "lines.behaviour: 1m0s must be above hold 1m0s", "lines.core:", "stages.identty: there is no such stage", "stages.feature.core:", "calm:",
		"repeat_every:", "unseen_for:", "scan_records:", "warehouse_group:", "timeout:", `grades.crm: "gold"`, "collectors[0]:", "endpoints.pager.url:",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no fault %q in\n%v", want, err)
		}
	}
}

func TestWhoIsTold(t *testing.T) {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	text := "endpoints:\n  - name: crm\n    url: http://crm.example\n    secret: " + secret + "\n  - name: off\nsegments: []\n"
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cfg  Config
		want string // the endpoints, or a piece of the error
	}{
		"the rules' endpoints":            {Config{Rules: rules}, "crm"},
		"and those of the configuration":  {Config{Rules: rules, Endpoints: map[string]webhook.Endpoint{"pager": {URL: "http://p", Secret: secret}}}, "crm,pager"},
		"an address for one that was off": {Config{Rules: rules, Endpoints: map[string]webhook.Endpoint{"off": {URL: "http://o", Secret: secret}}}, "crm,off"},
		"only those that are named":       {Config{Rules: rules, Endpoints: map[string]webhook.Endpoint{"pager": {URL: "http://p", Secret: secret}}, Tell: []string{"pager"}}, "pager"},
		"one that is off may be named":    {Config{Rules: rules, Tell: []string{"off"}}, ""},
		"a name that is none":             {Config{Rules: rules, Tell: []string{"pagr"}}, `tell[0]: there is no endpoint "pagr"`},
		"an address without a secret":     {Config{Endpoints: map[string]webhook.Endpoint{"pager": {URL: "http://p"}}}, "endpoints.pager: no secret"},
		"a rules file that is not there":  {Config{Rules: rules + "x"}, "read the rules"},
		"nobody":                          {Config{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			targets, err := readTargets(c.cfg)
			if err != nil {
				if c.want == "" || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
				return
			}
			m, err := newMetrics(nil)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			tl := newTeller(c.cfg, targets, m, nil, time.Now)
			for _, n := range []string{"crm", "off", "pager"} {
				if tl.queues[n] != nil {
					names = append(names, n)
				}
			}
			if got := strings.Join(names, ","); got != c.want {
				t.Errorf("told: %q, want %q", got, c.want)
			}
		})
	}
}
