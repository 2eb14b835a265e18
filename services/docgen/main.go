// Command docgen writes docs/config.md, docs/metrics.md and docs/features.md from the source: the
// comments of the configuration structs with their koanf keys and Default()
// values, the Prometheus metrics that the code declares, and the shipped catalogue of
// features in a frame of prose (features.md.tmpl). The same source gives the same bytes.
//
// Run it at the root of the repository: go run ./services/docgen
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("dir", ".", "the `DIRECTORY` of the repository")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(root string) error {
	src := &source{root: root, packages: map[string]*pkg{}}
	var faults []error
	for _, page := range []struct {
		path string
		make func(*source) (string, error)
	}{
		{"docs/config.md", configPage},
		{"docs/metrics.md", metricsPage},
		{"docs/features.md", featuresPage},
	} {
		text, err := page.make(src)
		if err != nil {
			faults = append(faults, fmt.Errorf("make %s: %w", page.path, err))
			continue
		}
		if err := os.WriteFile(filepath.Join(root, page.path), []byte(text), 0o644); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}
