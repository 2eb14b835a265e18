package watch

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestWhatIsToldLeadsToTheRunbook: every stage has its advice, and its chapter.
func TestWhatIsToldLeadsToTheRunbook(t *testing.T) {
	page, err := os.ReadFile("../../" + runbook)
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range append([]string{stageBroker, stageOverload, stageModels}, stageNames...) {
		if advice[stage] == "" || !strings.Contains(string(page), "\n## "+stage+"\n") {
			t.Errorf("%s: advice %q, or no chapter in %s", stage, advice[stage], runbook)
		}
	}
}

// TestThePagesExampleIsWhatArrives: the example has the fields that are sent, all of them.
func TestThePagesExampleIsWhatArrives(t *testing.T) {
	page, err := os.ReadFile("../../docs/freshness.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, _ = strings.Cut(example, "```")
	var n Notice
	dec := json.NewDecoder(strings.NewReader(example))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&n); err != nil {
		t.Fatal(err)
	}
	sent, err := n.body()
	if err != nil {
		t.Fatal(err)
	}
	var all, shown map[string]any
	if err := json.Unmarshal(sent, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(example))).Decode(&shown); err != nil {
		t.Fatal(err)
	}
	for field := range all["data"].(map[string]any) {
		if _, ok := shown["data"].(map[string]any)[field]; !ok {
			t.Errorf("the example does not show data.%s", field)
		}
	}
	if n.Data.Advice != advice[n.Data.Stage] {
		t.Errorf("the example advises %q", n.Data.Advice)
	}
}
