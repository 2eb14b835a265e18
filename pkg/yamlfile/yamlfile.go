// Package yamlfile reads the YAML files in which people say what the suite is to do (features, segments, forecasts, scenes): every key known, every fault at once, in words for somebody
// who does not know Go; and it lays such a file over the one that comes with the software. What the keys mean is said by who reads the file.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"
)

// Decode reads the one document of data into a pointer to a struct. No data are an empty file. The faults, in the order of the file, name their lines; what was right is in v all the same.
func Decode(data []byte, v any) (faults []error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		var typed *yaml.TypeError
		if !errors.As(err, &typed) {
			return []error{fmt.Errorf("not YAML: %w", err)}
		}
		for _, m := range typed.Errors {
			faults = append(faults, errors.New(plain(m)))
		}
	}
	if err := dec.Decode(new(yaml.Node)); err == nil {
		faults = append(faults, errors.New("more than one YAML document: put everything into the first"))
	}
	return faults
}

// unknownKey and wrongShape match the YAML library's words, which name Go types.
var (
	unknownKey = regexp.MustCompile(`field (\S+) not found in type .*`)
	wrongShape = regexp.MustCompile(`cannot unmarshal \S+( .*)? into .*`)
)

func plain(m string) string {
	m = unknownKey.ReplaceAllString(m, "unknown key \"$1\"")
	return wrongShape.ReplaceAllString(m, "the value$1 has not the form that belongs here")
}

// Over lays a list over another, by name: one above replaces the one below of the same name in its place, others follow behind, and what is named in remove is not taken over from below.
// A second one above of the same name follows too, for who reads the list to refuse.
func Over[T any](below, above []T, remove []string, name func(T) string) (out []T) {
	at := func(list []T, n string) int { return slices.IndexFunc(list, func(t T) bool { return name(t) == n }) }
	for _, t := range below {
		if slices.Contains(remove, name(t)) {
			continue
		}
		if i := at(above, name(t)); i >= 0 {
			t = above[i]
		}
		out = append(out, t)
	}
	for i, t := range above {
		if at(below, name(t)) < 0 || at(above[:i], name(t)) >= 0 {
			out = append(out, t)
		}
	}
	return out
}
