package draft

import (
	"errors"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/services/freshet/bulk/known"
	"github.com/freshet/freshet/services/freshet/bulk/moment"
)

// shipped is the mapping that Freshet has for an export it knows, with what this file's values say of its numbers and times. ok is false for other files.
func (d *Draft) shipped(l look, s *sample, columns []*column) (text string, ok bool, err error) {
	x, ok, err := known.Find(s.names)
	if err != nil || !ok {
		return "", false, err
	}
	d.note(Sure, "this is an export of %s, by its header: the mapping is Freshet's own", x.Title)
	if x.Says != "" {
		d.note(Sure, "%s", x.Says)
	}
	w := &writer{plan: &plan{}, look: l, columns: columns, numbers: d.convention(columns, &plan{})}
	text, err = x.For(s.names, func(mapping *yaml.Node) error {
		if err := s.alsoTimes(mapping, columns); err != nil {
			return err
		}
		if f := w.formatLine(); f != "" {
			if own := known.Member(mapping, "format"); own != nil {
				return errors.Join(merge(own, "{"+f+"}"), d.shippedTime(mapping, s, columns))
			}
			if err := put(mapping, "format", "{"+f+"}"); err != nil {
				return err
			}
		}
		return d.shippedTime(mapping, s, columns)
	})
	return text, err == nil, err
}

// shippedTime gives the timestamp of a shipped mapping the layouts that the file's values have: vendors write days as the account's country does.
func (d *Draft) shippedTime(mapping *yaml.Node, s *sample, columns []*column) error {
	at := known.Member(mapping, "timestamp")
	if at == nil || known.Member(at, "layouts") != nil {
		return nil
	}
	times, ok := s.written(at, columns)
	if !ok {
		d.note(Ask, "the times of this file are written in a way that is not known: set timestamp.layouts")
		return nil
	}
	d.note(levelOf(times), "times are written as %s: %s", strings.Join(times.Layouts, " or "), times.Why)
	if len(times.Alternatives) > 0 {
		d.note(Ask, "they may be %s as well: day/month or month/day? Change timestamp.layouts", strings.Join(times.Alternatives, " or "))
	}
	if !times.Zoned && known.Member(at, "zone") == nil && known.Member(at, "zone_column") == nil {
		d.note(Guessed, "times name no zone: UTC is taken. Set timestamp.zone, such as Europe/Berlin")
	}
	return put(at, "layouts", "["+strings.Join(layouts(times.Layouts), ", ")+"]")
}

// alsoTimes gives the times of further events the layouts of their own columns.
func (s *sample) alsoTimes(mapping *yaml.Node, columns []*column) error {
	also := known.Member(mapping, "also")
	if also == nil {
		return nil
	}
	for _, one := range also.Content {
		at := known.Member(one, "timestamp")
		if at == nil {
			continue
		}
		if times, ok := s.written(at, columns); ok {
			if err := put(at, "layouts", "["+strings.Join(layouts(times.Layouts), ", ")+"]"); err != nil {
				return err
			}
		}
	}
	return nil
}

// written is how the times of a timestamp are written: of a column, or of two that a template joins.
func (s *sample) written(at *yaml.Node, columns []*column) (moment.Finding, bool) {
	if c := known.Member(at, "column"); c != nil {
		i := slices.Index(s.names, c.Value)
		return columns[i].times, columns[i].is == timestamp
	}
	t := known.Member(at, "template")
	if t == nil {
		return moment.Finding{}, false
	}
	var of moment.Column
	for _, row := range slices.Concat(s.rows, s.spread) {
		text := t.Value
		for i, name := range s.names {
			text = strings.ReplaceAll(text, "{"+name+"}", row[i].Text)
		}
		of.Add(text)
	}
	return of.Finding()
}

// merge adds the keys of a mapping in YAML.
func merge(n *yaml.Node, text string) error {
	var v yaml.Node
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return err
	}
	n.Content = append(n.Content, v.Content[0].Content...)
	return nil
}

// put adds a key with a value in YAML.
func put(n *yaml.Node, key, text string) error {
	var v yaml.Node
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return err
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, v.Content[0])
	return nil
}
