package service

import "runtime/debug"

// Version is the release, set by the build with
// -ldflags "-X github.com/freshet/freshet/pkg/service.Version=v1.2.3". Empty in
// other builds.
var Version string

// BuildVersion returns Version, else the commit the binary was built from, marked
// "+changed" when the tree was, else "unknown".
func BuildVersion() string {
	if Version != "" {
		return Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+changed"
		}
	}
	if commit == "" {
		return "unknown"
	}
	return commit[:min(12, len(commit))] + changed
}
