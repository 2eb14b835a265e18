package access

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/customer"
	accessv1 "github.com/freshet/freshet/proto/gen/freshet/access/v1"
)

// Reason is why a request was refused: a closed set, for metrics.
type Reason string

// The reasons.
const (
	ReasonMissing   Reason = "missing"   // no token was sent
	ReasonUnknown   Reason = "unknown"   // nobody ever had it
	ReasonExpired   Reason = "expired"   // its time is over
	ReasonRevoked   Reason = "revoked"   // it was taken away
	ReasonScope     Reason = "scope"     // it may not do this
	ReasonWorkspace Reason = "workspace" // it may not do this in that workspace
)

// Refusal is the error of a request that was refused. Its text is for the caller.
type Refusal struct {
	Reason Reason
	text   string
}

// Error says what is missing and where to get it.
func (r *Refusal) Error() string { return r.text }

// Known says that the caller is known, and lacks the right: 403 rather than 401.
func (r *Refusal) Known() bool { return r.Reason == ReasonScope || r.Reason == ReasonWorkspace }

// howTo ends every text of a caller that is not known.
const howTo = "send one as `Authorization: Bearer fst_...`; `freshet token add NAME --scope profiles` makes one, `freshet token show` shows that of a stack on this machine"

// grant is what a token may do.
type grant struct {
	name, workspace string
	scopes          map[accessv1.Scope]bool
	revoked         bool
	expires         time.Time // zero means never
}

// keyring finds what a token may do by its hash.
type keyring map[[sha256.Size]byte]*grant

func (k keyring) addFile(f File) error {
	for _, t := range f.Tokens {
		for _, key := range t.Keys {
			hash, err := key.Hash()
			if err != nil {
				return fmt.Errorf("key %s of %s: %w", key.ID, t.Name, err)
			}
			k[hash] = &grant{name: t.Name, workspace: customer.Workspace(t.Workspace), scopes: scopeSet(t.Scopes),
				revoked: !key.Revoked.IsZero(), expires: key.Expires}
		}
	}
	return nil
}

func (k keyring) addInline(list []Inline) error {
	for _, t := range list {
		hash := sha256.Sum256([]byte(t.Token))
		if there := k[hash]; there != nil {
			return fmt.Errorf("token %s of the configuration is that of %s too", t.Name, there.name)
		}
		k[hash] = &grant{name: t.Name, workspace: customer.Workspace(t.Workspace), scopes: scopeSet(t.Scopes)}
	}
	return nil
}

func scopeSet(names []string) map[accessv1.Scope]bool {
	set := map[accessv1.Scope]bool{}
	for _, n := range names {
		set[scopes[n]] = true
	}
	return set
}

// check finds the grant of an Authorization header and says whether it covers a scope.
func (k keyring) check(authorization string, scope accessv1.Scope, now time.Time) (*grant, error) {
	g, err := k.find(authorization, now)
	if err == nil && !g.scopes[scope] {
		return nil, &Refusal{ReasonScope, fmt.Sprintf("the token %s lacks the scope %s", g.name, nameOf(scope))}
	}
	return g, err
}

// find is the grant of an Authorization header, whatever it covers.
func (k keyring) find(authorization string, now time.Time) (*grant, error) {
	token, given := bearer(authorization)
	if !given {
		return nil, &Refusal{ReasonMissing, "a token is needed: " + howTo}
	}
	g := k[sha256.Sum256([]byte(token))]
	switch {
	case g == nil:
		return nil, &Refusal{ReasonUnknown, "the token is not known here: " + howTo}
	case g.revoked:
		return nil, &Refusal{ReasonRevoked, fmt.Sprintf("the token %s was revoked: %s", g.name, howTo)}
	case !g.expires.IsZero() && !now.Before(g.expires):
		return nil, &Refusal{ReasonExpired, fmt.Sprintf("the token %s has expired: %s", g.name, howTo)}
	}
	return g, nil
}

// bearer is the token of an Authorization header; given is false when there is none.
func bearer(authorization string) (token string, given bool) {
	const scheme = "bearer "
	if len(authorization) < len(scheme) || !strings.EqualFold(authorization[:len(scheme)], scheme) {
		return "", false
	}
	token = strings.TrimSpace(authorization[len(scheme):])
	return token, token != ""
}

// Inline is a token of a configuration: for one that comes out of a secret store, as its text.
type Inline struct {
	// Name tells tokens apart; the alphabet of a source's name.
	Name string `koanf:"name"`
	// Workspace is the tenant it may ask for; * means every one. Empty means "default".
	Workspace string `koanf:"workspace"`
	// Scopes are what it may do: of profiles, segments, models and admin. At least one.
	Scopes []string `koanf:"scopes"`
	// Token is its text, at least 20 characters. `freshet token add` makes good ones.
	Token string `koanf:"token"`
}

// shortest is the least number of characters of a configured token.
const shortest = 20

// Validate reports every fault.
func (t Inline) Validate() error { return errors.Join(t.Faults()...) }

// Faults lists what is wrong, each under its key. It never shows the token.
func (t Inline) Faults() []error {
	faults := grantFaults(t.Name, t.Workspace, t.Scopes)
	if len(t.Token) < shortest {
		faults = append(faults, fmt.Errorf("token: %d characters, at least %d must be", len(t.Token), shortest))
	}
	if strings.TrimSpace(t.Token) != t.Token {
		faults = append(faults, errors.New("token: begins or ends with a blank"))
	}
	return faults
}
