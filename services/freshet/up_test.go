package freshet_test

import (
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet"
)

// What is wrong with a flag is said of the flag, as it was typed, and a key is not repeated to the terminal.
func TestUpNamesTheFlag(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a short write key": {[]string{"--write-key", "short-1"}, "--write-key: has 7 characters, give at least 8"},
		"one character":     {[]string{"--write-key", "x"}, "--write-key: has 1 characters"},
	} {
		cmd := freshet.NewCommand()
		cmd.SetArgs(append([]string{"up", "--ephemeral", "--dir", dir}, c.args...))
		cmd.SetOut(&strings.Builder{})
		cmd.SetErr(&strings.Builder{})
		err := cmd.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "short-1") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
