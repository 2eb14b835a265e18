package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/pkg/service"
	accessv1 "github.com/freshet/freshet/proto/gen/freshet/access/v1"
)

const (
	// Prefix begins every token made here.
	Prefix = "fst_"
	// EveryWorkspace is what a token says that may ask for any tenant.
	EveryWorkspace = "*"
)

// scopes are those a token can be given, by the names people write.
var scopes = map[string]accessv1.Scope{
	"profiles": accessv1.Scope_SCOPE_PROFILES, "segments": accessv1.Scope_SCOPE_SEGMENTS,
	"models": accessv1.Scope_SCOPE_MODELS, "admin": accessv1.Scope_SCOPE_ADMIN,
}

// Scopes are the names of the scopes a token can be given, in the order to show them.
var Scopes = []string{"profiles", "segments", "models", "admin"}

// nameOf is a scope as people write it.
func nameOf(s accessv1.Scope) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "SCOPE_"))
}

// File is a whole tokens file.
type File struct {
	// Tokens are who may read, each name once.
	Tokens []Token `koanf:"tokens"`
}

// Token is one reader.
type Token struct {
	// Name tells tokens apart in lists, logs and commands: lower-case letters, digits, - and _; at most 64. Once in a file.
	Name string `koanf:"name"`
	// Workspace is the tenant it may ask for; * means every one. Empty means "default".
	Workspace string `koanf:"workspace"`
	// Scopes are what it may do, of profiles (who a customer is, features), segments (segments and members), models (scores and
	// recommendations) and admin (metrics and profiles of the processes). At least one.
	Scopes []string `koanf:"scopes"`
	// Keys are its texts, as hashes. At most two may be live at once: that is how a token is rotated.
	Keys []keyfile.Key `koanf:"keys"`
}

// Parse reads the text of a tokens file and puts in the defaults. The error joins every fault, one a line, each under its path, such as
// tokens[0].scopes; an unknown key comes with the nearest known one. name is the file's, for errors. Keys that have expired by now
// count as dead.
func Parse(data []byte, name string, now time.Time) (File, error) {
	var f File
	if data == nil {
		data = []byte{}
	}
	err := service.Load(&f, service.Source{File: name, YAML: data})
	if err == nil {
		err = errors.Join(append(keyfile.TooManyLive("tokens", f.holders(), now), keyfile.OneDocument(data))...)
	}
	if err != nil {
		return File{}, fmt.Errorf("tokens file %s:\n%w", name, err)
	}
	for i := range f.Tokens {
		f.Tokens[i].Workspace = customer.Workspace(f.Tokens[i].Workspace)
	}
	return f, nil
}

// holders are the file's tokens as those who have keys.
func (f File) holders() (out []keyfile.Holder) {
	for _, t := range f.Tokens {
		out = append(out, keyfile.Holder{Name: t.Name, Keys: t.Keys})
	}
	return out
}

// Validate reports what is wrong between the tokens: see Token.Validate for what is wrong in one.
func (f File) Validate() error {
	return errors.Join(keyfile.Twice("tokens", f.holders())...)
}

// Validate reports every fault of one token, each under its key.
func (t Token) Validate() error {
	faults := grantFaults(t.Name, t.Workspace, t.Scopes)
	faults = append(faults, keyfile.TwiceInOne(t.Keys)...)
	return errors.Join(faults...)
}

// grantFaults are those of what a token, of the file or of a configuration, says.
func grantFaults(name, workspace string, given []string) (faults []error) {
	if !keyfile.Word.MatchString(name) {
		faults = append(faults, fmt.Errorf("name: %q is not 1 to 64 of a-z 0-9 _ -", name))
	}
	if workspace != "" && workspace != EveryWorkspace && !keyfile.Word.MatchString(workspace) {
		faults = append(faults, fmt.Errorf("workspace: %q is neither * nor 1 to 64 of a-z 0-9 _ -", workspace))
	}
	if len(given) == 0 {
		faults = append(faults, fmt.Errorf("scopes: give at least one of %s", strings.Join(Scopes, ", ")))
	}
	for i, s := range given {
		if _, ok := scopes[s]; !ok {
			faults = append(faults, fmt.Errorf("scopes[%d]: %q is none of %s", i, s, strings.Join(Scopes, ", ")))
		} else if slices.Index(given, s) < i {
			faults = append(faults, fmt.Errorf("scopes[%d]: %s is there twice", i, s))
		}
	}
	if slices.Contains(given, "admin") && workspace != EveryWorkspace {
		faults = append(faults, errors.New(`scopes: admin shows whole processes, and so every tenant: it needs the workspace "*"`))
	}
	return faults
}
