package yamlfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecode(t *testing.T) {
	type thing struct {
		Name string `yaml:"name"`
		Size int    `yaml:"size"`
	}
	var v struct {
		Things []thing `yaml:"things"`
	}
	faults := Decode([]byte("things:\n  - {name: a, sise: 3}\n  - {name: b, size: large}\n---\nthings: []\n"), &v)
	if diff := cmp.Diff("line 2: unknown key \"sise\"\nline 3: the value `large` has not the form that belongs here\nmore than one YAML document: put everything into the first", errors.Join(faults...).Error()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]thing{{Name: "a"}, {Name: "b"}}, v.Things); diff != "" {
		t.Error(diff)
	}
	if faults := Decode(nil, &v); faults != nil {
		t.Error(faults)
	}
	if faults := Decode([]byte("a: [b"), &v); len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), "not YAML: ") {
		t.Error(faults)
	}
}

func TestOver(t *testing.T) {
	type thing struct{ name, of string }
	below := []thing{{"a", "below"}, {"b", "below"}, {"c", "below"}}
	above := []thing{{"d", "above"}, {"b", "above"}, {"b", "again"}, {"c", "above"}}
	var got []string
	for _, t := range Over(below, above, []string{"c", "nobody"}, func(t thing) string { return t.name }) {
		got = append(got, t.name+" "+t.of)
	}
	if diff := cmp.Diff([]string{"a below", "b above", "d above", "b again"}, got); diff != "" {
		t.Error(diff)
	}
}
