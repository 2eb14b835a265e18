package source

import (
	"strconv"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/pkg/keyfile"
)

// sourceNode is a source as the file has it, without its keys.
func sourceNode(s Source) *yaml.Node {
	node := keyfile.Mapping()
	keyfile.Set(node, "name", keyfile.Text(s.Name))
	if s.Workspace != "" {
		keyfile.Set(node, "workspace", keyfile.Text(s.Workspace))
	}
	if s.Grade != "" {
		keyfile.Set(node, "grade", keyfile.Text(s.Grade))
	}
	if len(s.Origins) > 0 {
		keyfile.Set(node, "origins", keyfile.Texts(s.Origins))
	}
	limits := keyfile.Mapping()
	limits.Style = yaml.FlowStyle
	if s.Limits.Rate > 0 {
		keyfile.Set(limits, "rate", keyfile.Plain("", strconv.FormatFloat(s.Limits.Rate, 'f', -1, 64)))
	}
	if s.Limits.Burst > 0 {
		keyfile.Set(limits, "burst", keyfile.Plain("", strconv.Itoa(s.Limits.Burst)))
	}
	if len(limits.Content) > 0 {
		keyfile.Set(node, "limits", limits)
	}
	if s.Trusted {
		keyfile.Set(node, "trusted", keyfile.Plain("!!bool", "true"))
	}
	return node
}
