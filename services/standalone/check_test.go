package standalone

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkConfigLoadsFiles: every binary's -check-config loads the files that its configuration names: a deployment with a broken one does not pass it.
func checkConfigLoadsFiles(t *testing.T, bin string) {
	dir := t.TempDir()
	services := []string{"collector", "identity", "warehouse", "feature", "segmentation", "churn", "recommendation", "gateway"}
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const hash = "0000000000000000000000000000000000000000000000000000000000000001"
	good, none := file("good.yaml", ""), filepath.Join(dir, "none")
	secret := file("secret", "whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcywgb2s=\n")
	plan := file("plan.yaml", "name: p\nmode: wrong\n")
	tokens := file("tokens.yaml", "tokens: [{name: crm, scopes: [profiles], keys: [{id: k1, sha256: \""+hash+"\"}]}]")
	type check struct{ service, variable, value, want string }
	endpoint := func(url, secretFile string) string {
		return fmt.Sprintf("{hook: {url: %q, secret_file: %q}}", url, secretFile)
	}
	checks := map[string]check{
		"good sources":                              {"collector", "SOURCES_FILE", good, ""},
		"no sources file":                           {"collector", "SOURCES_FILE", none, "read the sources file"},
		"faulty sources":                            {"collector", "SOURCES_FILE", file("s1", "sources: [{nam: x}]"), "the nearest known key is sources[0].name"},
		"sources with a missing plan":               {"collector", "SOURCES_FILE", file("s2", "sources: [{name: web, plan: none.yaml}]"), "none.yaml"},
		"sources with a faulty plan":                {"collector", "SOURCES_FILE", file("s3", "sources: [{name: web, plan: "+plan+"}]"), "mode"},
		"an inline source's plan":                   {"collector", "SOURCES", "[{name: web, workspace: default, write_key: barkey-0001, plan: " + none + "}]", none},
		"no file of countries":                      {"collector", "ENRICH__GEO_FILE", none, none},
		"a file of no countries":                    {"collector", "ENRICH__GEO_FILE", plan, plan},
		"good rules":                                {"segmentation", "RULES", file("r1", "segments: [{name: a, when: orders_1h > 1}]"), ""},
		"no rules file":                             {"segmentation", "RULES", none, "read the rules"},
		"rules that do not compile":                 {"segmentation", "RULES", file("r2", "segments: [{name: a, when: orders_1h >}]"), "rules file"},
		"a good secret":                             {"segmentation", "ENDPOINTS", endpoint("http://x", secret), ""},
		"no secret file":                            {"segmentation", "ENDPOINTS", endpoint("http://x", none), "endpoints.hook: read the secret"},
		"a bad secret":                              {"segmentation", "ENDPOINTS", endpoint("http://x", plan), `endpoints.hook: must begin with "whsec_"`},
		"an unknown identity":                       {"segmentation", "ENDPOINTS", "{hook: {identity: all}}", `endpoints.hook.identity: "all" is none of none, ids, masked, clear`},
		"good tokens":                               {"gateway", "TOKENS_FILE", tokens, ""},
		"no tokens file":                            {"gateway", "TOKENS_FILE", none, "read the tokens file"},
		"faulty tokens":                             {"gateway", "TOKENS_FILE", file("t1", "tokens: [{name: a}]"), "tokens[0].scopes: give at least one"},
		"no tokens at all":                          {"gateway", "TIMEOUT", "1s", `http_address: ":8080" is reached from other machines`},
		"no tokens, and a closed door but for gRPC": {"gateway", "HTTP_ADDRESS", "127.0.0.1:8080", `grpc.address: ":9000" is reached from other machines`},
		"no tokens, and told so":                    {"gateway", "OPEN_TO_EVERYBODY", "true", ""},
		"a token as text":                           {"gateway", "TOKENS", "[{name: crm, scopes: [profiles], token: 0123456789abcdefghij}]", ""},
		"a short token as text":                     {"gateway", "TOKENS", "[{name: crm, scopes: [profiles], token: SEKRIT}]", "tokens[0].token: 6 characters, at least 20"},
	}
	checks["good scenes"] = check{"recommendation", "SCENES", file("sc1", "scenes: []"), ""}
	checks["no scenes file"] = check{"recommendation", "SCENES", none, "none"}
	checks["scenes with a condition that is none"] = check{"recommendation", "SCENES", file("sc2", "scenes: [{name: x, description: x, limit: 3, sources: [{of: popular}], filter: 'price >'}]"), "filter"}
	for _, s := range services {
		checks["good admin tokens of "+s] = check{s, "ADMIN__TOKENS_FILE", tokens, ""}
		checks["no admin tokens of "+s] = check{s, "ADMIN__TOKENS_FILE", none, "admin.tokens_file: read the tokens file"}
		checks["faulty admin tokens of "+s] = check{s, "ADMIN__TOKENS_FILE", plan, "admin.tokens_file: tokens file"}
	}
	for what, c := range checks {
		cmd := exec.Command(filepath.Join(bin, "freshet-"+c.service), "-check-config")
		prefix := "FRESHET_" + strings.ToUpper(c.service) + "_"
		cmd.Env = []string{prefix + c.variable + "=" + c.value}
		if c.variable == "ADMIN__TOKENS_FILE" && c.service == "gateway" {
			cmd.Env = append(cmd.Env, prefix+"TOKENS_FILE="+tokens)
		}
		out, err := cmd.CombinedOutput()
		if (err == nil) != (c.want == "") || !strings.Contains(string(out), c.want) || err == nil && string(out) != "ok\n" || strings.Contains(string(out), "SEKRIT") {
			t.Errorf("%s: %v, want %q:\n%s", what, err, c.want, out)
		}
	}
}
