package freshet

import (
	"os"
	"strings"
	"testing"
)

// closed is an addresses file of a stack that is not there: port 1 answers nowhere.
const closed = `{"collector_http":"127.0.0.1:1","api_grpc":"127.0.0.1:1","kafka":"127.0.0.1:1","clickhouse_native":"127.0.0.1:1"}`

func TestWithoutAStackEveryCommandNamesTheRemedy(t *testing.T) {
	file := write(t, "addresses.json", closed)
	for _, args := range [][]string{
		{"send", "--user", "42", "--event", "x"}, {"replay", "online-retail", "x.csv"}, {"simulate"},
		{"customer", "user_id:42"}, {"segments"}, {"tail", "events.raw.v1"},
	} {
		code, _, fault := run(t, "", append(args, "--addresses-file", file)...)
		if code != 1 || fault != "freshet: no stack answers at 127.0.0.1:1: start one with `make up`, or name its addresses with --addresses-file\n" {
			t.Errorf("%v: %d, %s", args, code, fault)
		}
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	for _, c := range NewCommand().Commands() {
		if c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		for len(c.Commands()) > 0 {
			c = c.Commands()[0]
		}
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s lacks a summary or an example", c.CommandPath())
		}
		code, out, fault := run(t, "", append(strings.Fields(c.CommandPath())[1:], "--help")...)
		if code != 0 || !strings.Contains(out, "Examples:") {
			t.Errorf("%s --help: %d, %s%s", c.CommandPath(), code, out, fault)
		}
	}
}

func TestWrongCommandLinesAreExplained(t *testing.T) {
	for line, want := range map[string]string{
		"sned":                                "unknown command",
		"send":                                "an event needs a person",
		"send x":                              "standard input with -",
		"tail no.such.topic":                  "there is no topic no.such.topic",
		"simulate --rate 0":                   "--rate 0 must be above 0",
		"simulate --customers -1":             "simulator.customers: -1",
		"replay online-retail x --shift-to x": "--shift-to",
		"segments a b":                        "accepts at most 1 arg",
	} {
		code, _, fault := run(t, "", strings.Fields(line)...)
		if code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
}

func TestThePageNamesEveryCommand(t *testing.T) {
	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range NewCommand().Commands() {
		if c.Name() != "help" && c.Name() != "completion" && !strings.Contains(string(page), "`freshet "+c.Name()) {
			t.Errorf("docs/cli.md does not know freshet %s", c.Name())
		}
	}
}
