package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Which transitions an endpoint hears of.
const (
	EventsEntered = "entered"
	EventsExited  = "exited"
	EventsBoth    = "both"
)

// Endpoint is a receiver of alerts, as configured.
type Endpoint struct {
	// URL is where alerts are posted, http or https. Empty switches the endpoint off: no
	// alert is made for it.
	URL string `koanf:"url"`
	// Secret signs the requests: "whsec_" and 24 to 64 bytes in base64. Prefer secret_file.
	Secret string `koanf:"secret"`
	// SecretFile is a file that holds the secret and nothing else; read at the start.
	SecretFile string `koanf:"secret_file"`
	// Events is entered, exited or both; empty means both.
	Events string `koanf:"events"`
	// Identity is what of a customer's names it gets: none; ids, those the company gave, no e-mail address and no telephone number; masked,
	// these too, as a***@example.com and +49***1234; clear, everything as it is. Empty means ids.
	Identity string `koanf:"identity"`
}

// Faults lists what is wrong with the endpoint as far as it can be seen without reading files.
func (e Endpoint) Faults() (faults []error) {
	if e.URL != "" {
		u, err := url.Parse(e.URL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			faults = append(faults, fmt.Errorf("url: is no http or https address (of %d characters, not shown: it may hold a secret)", len(e.URL)))
		}
	}
	if e.Secret != "" && e.SecretFile != "" {
		faults = append(faults, errors.New("secret and secret_file: give one, not both"))
	}
	if e.Secret != "" {
		if _, err := parseSecret(e.Secret); err != nil {
			faults = append(faults, fmt.Errorf("secret: %w", err))
		}
	}
	switch e.Events {
	case "", EventsEntered, EventsExited, EventsBoth:
	default:
		faults = append(faults, fmt.Errorf("events: %q is none of entered, exited, both", e.Events))
	}
	switch e.Identity {
	case "", IdentityNone, IdentityIDs, IdentityMasked, IdentityClear:
	default:
		faults = append(faults, fmt.Errorf("identity: %q is none of none, ids, masked, clear", e.Identity))
	}
	return faults
}

// Over is e with every field that o sets replaced: how a service's configuration
// overrides the rules file. A secret of either form replaces a secret of either form.
func (e Endpoint) Over(o Endpoint) Endpoint {
	if o.URL != "" {
		e.URL = o.URL
	}
	if o.Secret != "" || o.SecretFile != "" {
		e.Secret, e.SecretFile = o.Secret, o.SecretFile
	}
	if o.Events != "" {
		e.Events = o.Events
	}
	if o.Identity != "" {
		e.Identity = o.Identity
	}
	return e
}

// Wants says whether the endpoint hears of an entry (or else of an exit).
func (e Endpoint) Wants(entered bool) bool {
	switch e.Events {
	case EventsEntered:
		return entered
	case EventsExited:
		return !entered
	default:
		return true
	}
}

// Key reads the endpoint's signing key. The error never contains the secret.
func (e Endpoint) Key() ([]byte, error) {
	secret := e.Secret
	if e.SecretFile != "" {
		data, err := os.ReadFile(e.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("read the secret: %w", err)
		}
		secret = strings.TrimSpace(string(data))
	}
	if secret == "" {
		return nil, errors.New("no secret: requests must be signed")
	}
	return parseSecret(secret)
}

// parseSecret reads "whsec_" and base64.
func parseSecret(s string) ([]byte, error) {
	text, ok := strings.CutPrefix(s, "whsec_")
	if !ok {
		return nil, errors.New(`must begin with "whsec_"`)
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New(`must be base64 after "whsec_"`)
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("must hold 24 to 64 bytes, has %d", len(key))
	}
	return key, nil
}
