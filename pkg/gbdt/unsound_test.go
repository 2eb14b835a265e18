package gbdt

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

// A file whose hash is right and whose trees cannot be walked is refused when it is read, not found out when it scores.
func TestAnUnsoundModelIsRefused(t *testing.T) {
	chain := func(depth int) []node {
		var nodes []node
		for i := range depth {
			nodes = append(nodes, node{feature: 0, left: int32(2*i + 1), threshold: 1})
			if i > 0 {
				nodes = append(nodes[:len(nodes)-1], node{feature: leafNode}, nodes[len(nodes)-1])
				nodes[2*i-2].left = int32(2*i - 1)
			}
		}
		last := len(nodes) - 1
		nodes[last].left = int32(last + 1)
		return append(nodes, node{feature: leafNode}, node{feature: leafNode})
	}
	sound := func() []node {
		return []node{{feature: 0, left: 1, threshold: 1}, {feature: leafNode}, {feature: 2, left: 3, set: []uint64{5}}, {feature: leafNode}, {feature: leafNode}}
	}
	for name, c := range map[string]struct {
		edit func(*Model, []node) []node
		ok   bool
	}{
		"as it was":                      {edit: func(_ *Model, n []node) []node { return n }, ok: true},
		"as deep as may be":              {edit: func(*Model, []node) []node { return chain(mostDepth) }, ok: true},
		"deeper":                         {edit: func(*Model, []node) []node { return chain(mostDepth + 1) }},
		"no node":                        {edit: func(*Model, []node) []node { return nil }},
		"a child behind the end":         {edit: func(_ *Model, n []node) []node { n[2].left = 4; return n }},
		"a child before its parent":      {edit: func(_ *Model, n []node) []node { n[2].left = 1; return n }},
		"a child of two":                 {edit: func(_ *Model, n []node) []node { n[0].left = 3; return n }},
		"its own child":                  {edit: func(_ *Model, n []node) []node { n[2].left = 2; return n }},
		"a node without a parent":        {edit: func(_ *Model, n []node) []node { return append(n, node{feature: leafNode}) }},
		"a feature that is not there":    {edit: func(_ *Model, n []node) []node { n[0].feature = 4; return n }},
		"a threshold that is no number":  {edit: func(_ *Model, n []node) []node { n[0].threshold = math.NaN(); return n }},
		"an infinite leaf":               {edit: func(_ *Model, n []node) []node { n[1].value = math.Inf(1); return n }},
		"a negative cover":               {edit: func(_ *Model, n []node) []node { n[1].cover = -1; return n }},
		"a set of a numeric feature":     {edit: func(_ *Model, n []node) []node { n[2].feature = 1; return n }},
		"a threshold of categories":      {edit: func(_ *Model, n []node) []node { n[0].feature = 2; return n }},
		"a set of more than the codes":   {edit: func(_ *Model, n []node) []node { n[2].set = make([]uint64, 2); return n }},
		"an objective that is not known": {edit: func(m *Model, n []node) []node { m.Objective = 9; return n }},
		"a base that is no number":       {edit: func(m *Model, n []node) []node { m.Base = math.NaN(); return n }},
		"a kind that is not known":       {edit: func(m *Model, n []node) []node { m.Features[1].Kind = 7; return n }},
		"no features":                    {edit: func(m *Model, n []node) []node { m.Features = nil; return n[:1] }},
	} {
		m := &Model{Objective: Logistic, Features: mixed(1, 1).Schema()}
		m.trees = []tree{{nodes: c.edit(m, sound())}}
		again, err := Decode(m.Encode())
		switch {
		case c.ok && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.ok:
			use(t, again)
		case !errors.Is(err, ErrNotAModel):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What cannot be read of XGBoost's is named.
func TestWhatXGBoostHasAndWeDoNot(t *testing.T) {
	b := []byte(readOracle(t, "binary_logistic").Model)
	for name, c := range map[string]struct{ old, new, fault string }{
		"another objective":   {`"binary:logistic"`, `"multi:softprob"`, `"multi:softprob" has no like here`},
		"another booster":     {`"name": "gbtree"`, `"name": "dart"`, `its booster is "dart"`},
		"several classes":     {`"num_class": "0"`, `"num_class": "3"`, "more than one output"},
		"several targets":     {`"num_target": "1"`, `"num_target": "2"`, "more than one output"},
		"no base":             {`"[4.69E-1]"`, `""`, "base_score"},
		"several bases":       {`"[4.69E-1]"`, `"[4.69E-1,1E0]"`, "base_score"},
		"a base of certainty": {`"[4.69E-1]"`, `"[1E0]"`, "the base +Inf"},
		"no features":         {`"num_feature": "6", "num_target"`, `"num_feature": "0", "num_target"`, `"0" features`},
		"a feature too few":   {`"num_feature": "6", "num_target"`, `"num_feature": "5", "num_target"`, "6 names for 5 features"},
		"categories":          {`"split_type": [0`, `"split_type": [1`, "splits by categories"},
		"short arrays":        {`"sum_hessian": [`, `"sum_hessian": [1.0, `, "differ in length"},
		"a child outside":     {`"left_children": [1`, `"left_children": [99999`, "leads astray"},
		"a circle":            {`"left_children": [1`, `"left_children": [0`, "leads astray"},
		"an odd direction":    {`"default_left": [1`, `"default_left": [2`, "neither 0 nor 1"},
		"no JSON":             {`{`, `[`, "not the JSON"},
	} {
		bad := bytes.Replace(b, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(bad, b) {
			t.Errorf("%s: there is no %s to change", name, c.old)
		}
		if _, err := ReadXGBoost(bad); err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, want %q", name, err, c.fault)
		}
	}
	if _, err := mustTrain(t, small(Logistic), mixed(500, 1), Run{}).WriteXGBoost(); err == nil {
		t.Error("a model with categories is written for XGBoost")
	}
}
