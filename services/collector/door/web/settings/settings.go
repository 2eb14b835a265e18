// Package settings answers what browser clients load before they send: which destinations there are, and where. One is named, this collector, and
// nothing that would be loaded or sent elsewhere.
package settings

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/intake"
)

// Door writes answers.
type Door interface {
	// Write answers JSON.
	Write(rw http.ResponseWriter, status int, body []byte)
	// Refuse answers why there is none.
	Refuse(rw http.ResponseWriter, ref *intake.Refusal)
}

// Outer knows what a proxy that is trusted says of the host and the scheme that its client used; both are empty when none does.
type Outer interface {
	Outer(r *http.Request) (host, scheme string)
}

// Settings answers. Many goroutines may use it.
type Settings struct {
	publicURL string
	directory *directory.Directory
	outer     Outer
	logger    *slog.Logger
	door      Door
}

// New makes settings that name publicURL; empty means where each request says that it reached the collector.
func New(publicURL string, d *directory.Directory, outer Outer, logger *slog.Logger, door Door) *Settings {
	return &Settings{publicURL: publicURL, directory: d, outer: outer, logger: logger, door: door}
}

// settingsMaxAge is how long a browser may keep a client's settings, in seconds.
const settingsMaxAge = 300

// Question finds what a path asks for and the method it has to be asked with.
func (s *Settings) Question(path string) (answer http.HandlerFunc, method string) {
	switch path {
	case "/sourceConfig":
		return s.sourceConfig, http.MethodGet
	case "/v1/m", "/m":
		return s.clientMetrics, http.MethodPost
	default:
		if rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "/v1"), "/projects/"); ok {
			if key, ok := strings.CutSuffix(rest, "/settings"); ok && !strings.Contains(key, "/") {
				return func(rw http.ResponseWriter, r *http.Request) { s.segmentSettings(rw, r, key) }, http.MethodGet
			}
		}
	}
	return nil, ""
}

// segmentSettings is what analytics.js 2 loads from its cdnURL: one destination, which is
// this collector, and nothing that would be loaded or sent elsewhere.
func (s *Settings) segmentSettings(rw http.ResponseWriter, r *http.Request, key string) {
	if src, _ := s.directory.ByKey([]byte(key)); src == nil {
		s.unknownSource(rw)
		return
	}
	public := s.public(r)
	type destination struct {
		APIKey             string `json:"apiKey"`
		APIHost            string `json:"apiHost"`
		Protocol           string `json:"protocol"`
		AddBundledMetadata bool   `json:"addBundledMetadata"`
	}
	type sampling struct {
		SampleRate int `json:"sampleRate"`
	}
	s.settled(rw, r, struct {
		Integrations map[string]destination `json:"integrations"`
		// Without it the library posts figures on itself to Segment.
		Metrics sampling `json:"metrics"`
	}{
		Integrations: map[string]destination{"Segment.io": {
			APIKey: key, APIHost: public.Host + strings.TrimSuffix(public.Path, "/") + "/v1", Protocol: public.Scheme,
		}},
	})
}

// sourceConfig is what RudderStack's browser client loads from its configUrl: the source,
// no device-mode destination, and no statistics for RudderStack.
func (s *Settings) sourceConfig(rw http.ResponseWriter, r *http.Request) {
	var src *directory.Source
	key := r.URL.Query().Get("writeKey")
	if key != "" {
		src, _ = s.directory.ByKey([]byte(key))
	}
	if src == nil {
		src, _ = s.directory.ByAuthorization(r.Header.Get("Authorization"))
	}
	if src == nil {
		s.unknownSource(rw)
		return
	}
	type switched struct {
		Enabled bool `json:"enabled"`
	}
	type config struct {
		StatsCollection struct {
			Errors  switched `json:"errors"`
			Metrics switched `json:"metrics"`
		} `json:"statsCollection"`
	}
	type sender struct {
		ID           string     `json:"id"`
		Name         string     `json:"name"`
		WriteKey     string     `json:"writeKey,omitempty"`
		WorkspaceID  string     `json:"workspaceId"`
		Enabled      bool       `json:"enabled"`
		Config       config     `json:"config"`
		Destinations []struct{} `json:"destinations"`
	}
	s.settled(rw, r, struct {
		Source sender `json:"source"`
	}{sender{ID: src.Name, Name: src.Name, WriteKey: key, WorkspaceID: src.Workspace, Enabled: true, Destinations: []struct{}{}}})
}

// clientMetrics takes the figures that Segment's library keeps of itself, which hold no
// event, and drops them: a library that gets an error here writes it to the page's console.
func (s *Settings) clientMetrics(rw http.ResponseWriter, _ *http.Request) {
	s.door.Write(rw, http.StatusOK, []byte("{\"success\":true}\n"))
}

func (s *Settings) unknownSource(rw http.ResponseWriter) {
	rw.Header().Set("Cache-Control", "no-store")
	s.door.Refuse(rw, intake.Refuse(http.StatusNotFound, "unknown_write_key", "no source has this write key"))
}

// settled answers settings, or 304 to a browser that has them.
func (s *Settings) settled(rw http.ResponseWriter, r *http.Request, settings any) {
	body, err := json.Marshal(settings)
	if err != nil {
		s.logger.ErrorContext(r.Context(), "encode a client's settings", "error", err)
		s.door.Refuse(rw, intake.Refuse(http.StatusInternalServerError, "internal", "internal error"))
		return
	}
	tag := `"` + strconv.FormatUint(xxhash.Sum64(body), 16) + `"`
	h := rw.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(settingsMaxAge))
	if r.Header.Get("If-None-Match") == tag {
		h.Set("Access-Control-Allow-Origin", "*")
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	s.door.Write(rw, http.StatusOK, append(body, '\n'))
}

// public is where clients reach this collector: as configured, else as this client did, by the word of a trusted proxy when one is
// between. Of others forwarding headers are not looked at: anybody can send them.
func (s *Settings) public(r *http.Request) *url.URL {
	if s.publicURL != "" {
		if u, err := url.Parse(s.publicURL); err == nil { // Validate has parsed it before
			return u
		}
	}
	out := &url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		out.Scheme = "https"
	}
	host, scheme := s.outer.Outer(r)
	if host != "" {
		out.Host = host
	}
	if scheme != "" {
		out.Scheme = scheme
	}
	return out
}

// CheckPublicURL says what is wrong with public_url.
func CheckPublicURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("public_url: %q is not http or https, a host and perhaps a path, such as https://events.example.com", text)
	}
	return nil
}
