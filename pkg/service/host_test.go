package service_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/service"
)

const (
	onLoopback = "127.0.0.1:8090"
	everywhere = ":8090"
)

func TestOwnNamesAreAnsweredAndOthersAreNot(t *testing.T) {
	for name, tc := range map[string]struct {
		address string
		hosts   []string
		host    string
		want    int
	}{
		"an address of this machine":                  {onLoopback, nil, "127.0.0.1:8090", 200},
		"another port, as a tunnel has":               {onLoopback, nil, "127.0.0.1:18090", 200},
		"no port":                                     {onLoopback, nil, "127.0.0.1", 200},
		"another address of this machine":             {onLoopback, nil, "127.8.9.10:8090", 200},
		"the sixth version's":                         {onLoopback, nil, "[::1]:8090", 200},
		"the sixth version's without a port":          {onLoopback, nil, "[::1]", 200},
		"the fourth version's in the sixth's":         {onLoopback, nil, "[::ffff:127.0.0.1]:8090", 200},
		"localhost":                                   {onLoopback, nil, "localhost:8090", 200},
		"localhost, shouted, with a dot":              {onLoopback, nil, "LocalHost.:8090", 200},
		"below localhost":                             {onLoopback, nil, "shop.localhost:8090", 200},
		"no Host, as HTTP/1.0 may":                    {onLoopback, nil, "", 200},
		"a listener called localhost":                 {"localhost:0", nil, "evil.example", 421},
		"a listener of the sixth version":             {"[::1]:0", nil, "evil.example", 421},
		"a foreign name":                              {onLoopback, nil, "evil.example", 421},
		"a foreign name with our port":                {onLoopback, nil, "evil.example:8090", 421},
		"a name that begins like ours":                {onLoopback, nil, "localhost.evil.example:8090", 421},
		"a name that ends like ours":                  {onLoopback, nil, "evil-localhost", 421},
		"a name that looks like an address":           {onLoopback, nil, "127.0.0.1.evil.example", 421},
		"a user in front":                             {onLoopback, nil, "localhost@evil.example", 421},
		"a foreign address":                           {onLoopback, nil, "192.0.2.7:8090", 421},
		"no address at all":                           {onLoopback, nil, "0.0.0.0:8090", 421},
		"the address as one number":                   {onLoopback, nil, "2130706433", 421},
		"only a port":                                 {onLoopback, nil, ":8090", 421},
		"an empty name below localhost":               {onLoopback, nil, "localhost:8090:evil", 421},
		"a name that is given":                        {onLoopback, []string{"freshet.example.com"}, "Freshet.Example.com:443", 200},
		"a name beside the given":                     {onLoopback, []string{"freshet.example.com"}, "evil.freshet.example.com", 421},
		"any name, by wish":                           {onLoopback, []string{"*"}, "evil.example", 200},
		"any name at a listener for all":              {everywhere, nil, "gateway.shop.svc:8090", 200},
		"a foreign name at one that was told its own": {everywhere, []string{"freshet.example.com"}, "evil.example", 421},
		"the name it was told":                        {everywhere, []string{"freshet.example.com"}, "freshet.example.com", 200},
		"a probe that knows the address only":         {everywhere, []string{"freshet.example.com"}, "10.1.2.3:8090", 200},
		"a shell in the same container":               {everywhere, []string{"freshet.example.com"}, "localhost:8090", 200},
	} {
		t.Run(name, func(t *testing.T) {
			h := service.AnswerTo(tc.hosts, "api.hosts", tc.address, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "customers") }))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Host = tc.host
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tc.want || (w.Body.String() == "customers") != (tc.want == 200) {
				t.Errorf("%d %s, want %d", w.Code, w.Body, tc.want)
			}
			if w.Code == 421 && (!strings.Contains(w.Body.String(), "api.hosts") || strings.Contains(w.Body.String(), "evil")) {
				t.Errorf("%q should name the setting and not repeat the sender's text", w.Body)
			}
		})
	}
}

func TestCheckHosts(t *testing.T) {
	for value, ok := range map[string]bool{
		"freshet.example.com": true, "localhost": true, "*": true, "10.1.2.3": true, "": false, "http://freshet.example.com": false,
		"freshet.example.com:8080": false, "*.example.com": false, "a b": false, "a,b": false, "a/b": false,
	} {
		if err := service.CheckHosts("admin.hosts", []string{"fine", value}); (err == nil) != ok || err != nil && !strings.HasPrefix(err.Error(), "admin.hosts: ") {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestEveryAnswerForbidsGuessing(t *testing.T) {
	s := service.NewHTTPServer("test", "127.0.0.1:0", http.NewServeMux())
	c := s.Component()
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Run(t.Context()) }()
	resp, err := http.Get("http://" + s.Addr() + "/nothing/here")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := resp.Header.Get("X-Content-Type-Options"); resp.StatusCode != 404 || got != "nosniff" {
		t.Errorf("%d, %q", resp.StatusCode, got)
	}
	if err := c.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
