package webhook

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The published test vector of the Standard Webhooks libraries.
const (
	vectorSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorBody   = `{"test": 2432232314}`
	vectorSign   = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestSignatureVector(t *testing.T) {
	key, err := (Endpoint{Secret: vectorSecret}).Key()
	if err != nil {
		t.Fatal(err)
	}
	if got := Sign(key, vectorID, time.Unix(1614265330, 999), []byte(vectorBody)); got != vectorSign {
		t.Errorf("signature %s, want %s", got, vectorSign)
	}
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte(vectorSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b64 := func(n int) string { return "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for name, c := range map[string]struct {
		e    Endpoint
		want string // of the error; empty for none
	}{
		"inline":              {Endpoint{Secret: vectorSecret}, ""},
		"a file with newline": {Endpoint{SecretFile: file}, ""},
		"64 bytes":            {Endpoint{Secret: b64(64)}, ""},
		"none":                {Endpoint{}, "no secret"},
		"a missing file":      {Endpoint{SecretFile: filepath.Join(dir, "no")}, "read the secret"},
		"no prefix":           {Endpoint{Secret: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, `must begin with "whsec_"`},
		"no base64":           {Endpoint{Secret: "whsec_***"}, "must be base64"},
		"23 bytes":            {Endpoint{Secret: b64(23)}, "24 to 64 bytes, has 23"},
		"65 bytes":            {Endpoint{Secret: b64(65)}, "24 to 64 bytes, has 65"},
	} {
		_, err := c.e.Key()
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && c.e.Secret != "" && strings.Contains(err.Error(), c.e.Secret[6:]) {
			t.Errorf("%s: the error shows the secret", name)
		}
	}
}

func TestOver(t *testing.T) {
	file := Endpoint{URL: "http://a", SecretFile: "f", Events: EventsEntered}
	if got := file.Over(Endpoint{URL: "http://b"}); got != (Endpoint{URL: "http://b", SecretFile: "f", Events: EventsEntered}) {
		t.Errorf("%+v", got)
	}
	if got := file.Over(Endpoint{Secret: "s", Events: EventsBoth}); got != (Endpoint{URL: "http://a", Secret: "s", Events: EventsBoth}) {
		t.Errorf("%+v", got)
	}
}

func TestParseRetryAfter(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-3": 0, "soon": 0, "999999": 24 * time.Hour, "99999999999999": 0,
		now.Add(time.Minute).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"):  time.Minute,
		now.Add(-time.Minute).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"): 0,
	} {
		if got := parseRetryAfter(text, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestDefaultIsValidAndFaultsAreAllReported(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Waits: []time.Duration{-1}}.Validate()
	for _, key := range []string{"timeout:", "waits[0]:", "concurrency:", "pending:", "commit_every:", "finish_within:"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("no fault under %s in %v", key, err)
		}
	}
}
