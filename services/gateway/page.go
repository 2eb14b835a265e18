package gateway

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/freshet/freshet/proto/openapi"
)

// Address is one line of the page at /: where to reach something.
type Address struct{ Name, Value string }

// endpoint is one call of the HTTP/JSON API.
type endpoint struct{ Method, Path, Summary string }

// endpoints reads the API's description, sorted by path.
func endpoints() ([]endpoint, error) {
	var doc struct {
		Paths map[string]map[string]struct{ Summary string }
	}
	if err := json.Unmarshal(openapi.JSON, &doc); err != nil {
		return nil, fmt.Errorf("read the OpenAPI description: %w", err)
	}
	var out []endpoint
	for path, methods := range doc.Paths {
		for method, m := range methods {
			out = append(out, endpoint{strings.ToUpper(method), path, m.Summary})
		}
	}
	slices.SortFunc(out, func(a, b endpoint) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method)) })
	return out, nil
}

// newPage serves a page for people who open the address in a browser.
func newPage(addresses func() []Address) (http.Handler, error) {
	list, err := endpoints()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data := struct {
			Addresses []Address
			Endpoints []endpoint
		}{Endpoints: list}
		if addresses != nil {
			data.Addresses = addresses()
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_ = page.Execute(w, data) // only writing can fail, and then nobody reads
	}), nil
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Freshet</title>
<style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}td,th{padding:.2em 1em .2em 0;text-align:left;vertical-align:top}code{white-space:nowrap}</style>
</head><body>
<h1>Freshet</h1>
<p>Who a customer is, what they do, which segments they are in. The API is described in <a href="/openapi.json">/openapi.json</a>;
the same calls are served over gRPC, with reflection. <code>{id}</code> is a customer id or <code>type:value</code>, such as <code>user_id:42</code>.
The calls need a token, sent as <code>Authorization: Bearer fst_...</code>; on the machine of a <code>freshet up</code>, <code>freshet get /v1/segments</code> sends it.</p>
{{if .Addresses}}<h2>Addresses</h2>
<table>{{range .Addresses}}<tr><td>{{.Name}}</td><td><code>{{.Value}}</code></td></tr>
{{end}}</table>
{{end}}<h2>Calls</h2>
<table>{{range .Endpoints}}<tr><td><code>{{.Method}} {{.Path}}</code></td><td>{{.Summary}}</td></tr>
{{end}}<tr><td><code>GET /healthz</code></td><td>200 while the process runs.</td></tr>
<tr><td><code>GET /readyz</code></td><td>200 while the gateway can answer, else 503 with the reason.</td></tr>
</table>
</body></html>
`))
