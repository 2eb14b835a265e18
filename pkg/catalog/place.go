package catalog

import "gopkg.in/yaml.v3"

// place is where an entry of a file stands, for faults.
type place struct {
	what string // features[3] "name"
	line int    // of the entry; 0: not known
	keys map[string]int
}

// lines are the places of a file's entries, by list and index.
type lines map[string][]place

// linesOf finds the entries of a file. Of what is no YAML, or has not the form, it finds none.
func linesOf(data []byte) lines {
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	out := lines{}
	for list, entries := range members(doc.Content[0]) {
		for _, entry := range entries.Content {
			at := place{line: entry.Line, keys: map[string]int{}}
			for key, value := range members(entry) {
				at.keys[key] = value.Line
			}
			out[list] = append(out[list], at)
		}
	}
	return out
}

// members are the values of a mapping; none of anything else.
func members(n *yaml.Node) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = n.Content[i+1]
		}
	}
	return out
}

// at is the place of an entry that is called what.
func (l lines) at(list string, i int, what string) place {
	if i >= len(l[list]) {
		return place{what: what}
	}
	out := l[list][i]
	out.what = what
	return out
}

// of is the line of a key of the entry; the entry's when the key is not there.
func (p place) of(key string) int {
	if line := p.keys[key]; line > 0 {
		return line
	}
	return p.line
}
