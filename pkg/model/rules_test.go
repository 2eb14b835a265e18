package model

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// The alert rules that we ship ask for metrics that there are, with labels and outcomes that they have, and lead to a chapter that is written.
func TestAlertRulesAskForMetricsThatThereAre(t *testing.T) {
	read := func(path string) string {
		data, err := os.ReadFile("../../" + path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read("deploy/prometheus/models.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	metrics, asked := read("docs/metrics.md"), map[string]bool{}
	for _, rule := range file.Groups[0].Rules {
		for _, name := range regexp.MustCompile(`freshet_\w+`).FindAllString(rule.Expr, -1) {
			asked[name] = true
			if !strings.Contains(metrics, "`"+name+"`") {
				t.Errorf("%s asks for %s, which is not in docs/metrics.md", rule.Alert, name)
			}
		}
		for _, m := range regexp.MustCompile(`outcome="(\w+)"`).FindAllStringSubmatch(rule.Expr, -1) {
			known := false
			for _, outcome := range outcomes {
				known = known || outcome == m[1]
			}
			if !known {
				t.Errorf("%s asks for trainings that end as %s", rule.Alert, m[1])
			}
		}
		page, chapter, _ := strings.Cut(rule.Annotations["runbook"], "#")
		if !strings.Contains(strings.ToLower(read(page)), "\n## "+chapter+"\n") {
			t.Errorf("%s leads to %s, which is not there", rule.Alert, rule.Annotations["runbook"])
		}
	}
	if len(asked) != 4 {
		t.Errorf("the rules ask for %v, not for all four metrics of models", asked)
	}
}
