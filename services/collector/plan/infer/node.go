package infer

import (
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// node is what was seen at one place of an event.
type node struct {
	count                                                    int64
	nulls, bools, integers, decimals, texts, arrays, objects int64
	// anything says that the place holds what no schema can be compared with, or lies too deep.
	anything bool
	// words are the different texts, until there are too many.
	words  map[string]int64
	spread bool // there were too many, or one was too long
	// formats are those that every text so far has.
	formats formatSet
	members map[string]*node
	open    bool // there were members beyond those in members
	items   *node
}

// formatSet has a bit for each name of formatNames.
type formatSet uint8

// formatNames are the formats that are recognised; the first that all texts have is written.
var formatNames = []string{"date-time", "email", "uri"}

const everyFormat formatSet = 1<<3 - 1

// wordFormats are the validator's own checks: a format that is written is one that the plan will find.
type wordFormats []func(any) error

func newWordFormats() (wordFormats, error) {
	var out wordFormats
	for _, name := range formatNames {
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if err := c.AddResource("plan:///format", map[string]any{"format": name}); err != nil {
			return nil, fmt.Errorf("prepare the format %s: %w", name, err)
		}
		s, err := c.Compile("plan:///format")
		if err != nil {
			return nil, fmt.Errorf("prepare the format %s: %w", name, err)
		}
		out = append(out, s.Format.Validate)
	}
	return out, nil
}

// value takes in the value at the scanner's position.
func (in *Inference) value(n *node, depth int) error {
	n.count++
	n.anything = n.anything || depth >= maxDepth
	switch c := in.s.Peek(); {
	case c == '{' && !n.anything:
		n.objects++
		return in.members(n, depth)
	case c == '[' && !n.anything:
		n.arrays++
		return in.elements(n, depth)
	}
	raw, err := in.s.Skip()
	if err == nil {
		in.scalar(n, raw)
	}
	return err
}

func (in *Inference) members(n *node, depth int) error {
	return in.s.Object(func(name []byte) error {
		sub := n.members[string(name)]
		if sub == nil {
			if n.open = n.open || len(n.members) >= maxMembers || len(name) > maxName || !in.room(); n.open {
				_, err := in.s.Skip()
				return err
			}
			if n.members == nil {
				n.members = map[string]*node{}
			}
			sub = &node{}
			n.members[string(name)] = sub
		}
		return in.value(sub, depth+1)
	})
}

func (in *Inference) elements(n *node, depth int) error {
	return in.s.Array(func() error {
		if n.items == nil {
			n.items = &node{anything: !in.room()}
		}
		return in.value(n.items, depth+1)
	})
}

func (in *Inference) scalar(n *node, raw []byte) {
	switch raw[0] {
	case '"':
		in.text(n, string(jsonscan.Text(raw)))
	case 't', 'f':
		n.bools++
	case 'n':
		n.nulls++
	case '{', '[': // of a place that holds anything
	default:
		digits := strings.Trim(string(raw), "-0123456789") == ""
		switch {
		case len(raw) > 300 || strings.ContainsAny(string(raw), "eE"):
			n.anything = true // exponents are no measurements, and 1e999999 cannot be compared with
		case digits:
			n.integers++
		default:
			n.decimals++
		}
	}
}

func (in *Inference) text(n *node, text string) {
	if n.texts++; n.texts == 1 {
		n.formats = everyFormat
	}
	for i, check := range in.words {
		if bit := formatSet(1) << i; n.formats&bit != 0 && (text == "" || check(text) != nil) {
			n.formats &^= bit
		}
	}
	if n.spread {
		return
	}
	if _, known := n.words[text]; !known && (len(n.words) >= in.o.Enum || len(text) > maxWord) {
		n.spread, n.words = true, nil
		return
	}
	if n.words == nil {
		n.words = map[string]int64{}
	}
	n.words[text]++
}

// enum says that the texts of a place are few enough, and seen often enough, to be all there are.
func (n *node) enum(o Options) bool {
	return !n.spread && len(n.words) > 0 && n.count == n.texts+n.nulls && n.texts >= int64(o.EnumAfter) && n.texts >= 10*int64(len(n.words))
}

// format is one that all texts of a place have, "" when there is none.
func (n *node) format() string {
	for i, name := range formatNames {
		if n.texts > 0 && n.formats&(1<<i) != 0 {
			return name
		}
	}
	return ""
}
