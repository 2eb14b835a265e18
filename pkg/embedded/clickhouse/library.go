package embeddedclickhouse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// LibraryVariable is the environment variable that names libchdb.so outright.
const LibraryVariable = "FRESHET_LIBCHDB"

// errNoEngine is what a newcomer sees who did not fetch the engine.
var errNoEngine = errors.New("the embedded ClickHouse engine is missing: run `make engine`")

// npmPlatform is how npm calls this machine, such as linux-x64-gnu; empty where there is no engine for it.
func npmPlatform() string {
	switch runtime.GOOS + "/" + runtime.GOARCH {
	case "linux/amd64":
		return "linux-x64-gnu"
	case "linux/arm64":
		return "linux-arm64-gnu"
	case "darwin/amd64":
		return "darwin-x64"
	case "darwin/arm64":
		return "darwin-arm64"
	}
	return ""
}

// findLibrary returns the path of libchdb.so: named by the environment, beside
// the executable's folder, or in .tools of the working directory or one above it.
func findLibrary() (string, error) {
	if path := os.Getenv(LibraryVariable); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s: %w", LibraryVariable, err)
		}
		return path, nil
	}
	platform := npmPlatform()
	if platform == "" {
		return "", fmt.Errorf("there is no embedded ClickHouse engine for %s/%s: run the services against a ClickHouse server", runtime.GOOS, runtime.GOARCH)
	}
	inTools := filepath.Join(".tools", "node_modules", "@chdb", "lib-"+platform, "libchdb.so")
	var places []string
	if exe, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(exe), "..", inTools))
	}
	if dir, err := os.Getwd(); err == nil {
		for ; ; dir = filepath.Dir(dir) {
			places = append(places, filepath.Join(dir, inTools))
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	for _, path := range places {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errNoEngine
}

// Library returns the path of the engine that Start would use; the error says what
// to do where there is none.
func Library() (string, error) { return findLibrary() }
