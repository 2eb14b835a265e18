package gbdt

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/frame"
)

// xgbObjectives are the names of objectives in XGBoost.
var xgbObjectives = map[string]Objective{
	"binary:logistic": Logistic, "reg:logistic": Logistic, "reg:squarederror": Squared, "count:poisson": Poisson, "reg:quantileerror": Quantile,
	"rank:ndcg": LambdaRank, "rank:pairwise": LambdaRank,
}

// xgbModel is what is read and written of XGBoost's JSON model schema.
type xgbModel struct {
	Learner struct {
		Attributes   map[string]string `json:"attributes"`
		FeatureNames []string          `json:"feature_names"`
		FeatureTypes []string          `json:"feature_types"`
		Booster      struct {
			Model struct {
				Param struct {
					Parallel string `json:"num_parallel_tree"`
					Trees    string `json:"num_trees"`
				} `json:"gbtree_model_param"`
				Iterations []int     `json:"iteration_indptr"`
				Info       []int     `json:"tree_info"`
				Trees      []xgbTree `json:"trees"`
			} `json:"model"`
			Name string `json:"name"`
		} `json:"gradient_booster"`
		Param struct {
			BaseScore        string `json:"base_score"`
			BoostFromAverage string `json:"boost_from_average"`
			Classes          string `json:"num_class"`
			Features         string `json:"num_feature"`
			Targets          string `json:"num_target"`
		} `json:"learner_model_param"`
		Objective map[string]any `json:"objective"`
	} `json:"learner"`
	Version []int `json:"version"`
}

type xgbTree struct {
	BaseWeights     []float64 `json:"base_weights"`
	Categories      []int     `json:"categories"`
	CategoryNodes   []int     `json:"categories_nodes"`
	CategorySegs    []int     `json:"categories_segments"`
	CategorySizes   []int     `json:"categories_sizes"`
	DefaultLeft     []flag    `json:"default_left"`
	ID              int       `json:"id"`
	LeftChildren    []int32   `json:"left_children"`
	LossChanges     []float64 `json:"loss_changes"`
	Parents         []int32   `json:"parents"`
	RightChildren   []int32   `json:"right_children"`
	SplitConditions []float64 `json:"split_conditions"`
	SplitIndices    []int32   `json:"split_indices"`
	SplitType       []int     `json:"split_type"`
	SumHessian      []float64 `json:"sum_hessian"`
	Param           struct {
		Deleted string `json:"num_deleted"`
		Feature string `json:"num_feature"`
		Nodes   string `json:"num_nodes"`
		Leaf    string `json:"size_leaf_vector"`
	} `json:"tree_param"`
}

// flag is 0 or 1, or false or true: XGBoost has written both.
type flag bool

// UnmarshalJSON reads either.
func (f *flag) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "1", "true":
		*f = true
	case "0", "false":
		*f = false
	default:
		return fmt.Errorf("%s is neither 0 nor 1", b)
	}
	return nil
}

// MarshalJSON writes numbers.
func (f flag) MarshalJSON() ([]byte, error) {
	if f {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// FromXGBoost reads a model that XGBoost saved as JSON: gbtree, one output, numbers only. It predicts what XGBoost does to 1e-6.
func FromXGBoost(b []byte) (*Model, error) {
	var x xgbModel
	if err := json.Unmarshal(b, &x); err != nil {
		return nil, fmt.Errorf("%w: XGBoost's JSON: %w", ErrDamaged, err)
	}
	l := &x.Learner
	name, _ := l.Objective["name"].(string)
	o, ok := xgbObjectives[name]
	switch {
	case l.Booster.Name != "gbtree":
		return nil, fmt.Errorf("booster %q is not read, gbtree is", l.Booster.Name)
	case !ok:
		return nil, fmt.Errorf("objective %q is not read", name)
	case l.Param.Classes != "0" && l.Param.Classes != "1" && l.Param.Classes != "" || l.Param.Targets != "1" && l.Param.Targets != "":
		return nil, errors.New("models with more than one output are not read")
	}
	base, err := strconv.ParseFloat(strings.Trim(l.Param.BaseScore, "[]"), 64)
	if err != nil {
		return nil, fmt.Errorf("%w: base_score %q", ErrDamaged, l.Param.BaseScore)
	}
	m := &Model{Objective: o, Single: true, Metadata: map[string]string{"source": "XGBoost"}}
	switch o {
	case Logistic:
		m.Base = math.Log(base / (1 - base))
	case Poisson:
		m.Base = math.Log(base)
	default:
		m.Base = base
	}
	if err := x.columns(m); err != nil {
		return nil, err
	}
	for i := range l.Booster.Model.Trees {
		t, err := l.Booster.Model.Trees[i].tree()
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
		m.Trees = append(m.Trees, t)
	}
	return m.checked()
}

func (x *xgbModel) columns(m *Model) error {
	n, err := strconv.Atoi(x.Learner.Param.Features)
	if err != nil || n < 0 || n > 1<<20 {
		return fmt.Errorf("%w: num_feature %q", ErrDamaged, x.Learner.Param.Features)
	}
	for i := range n {
		name := fmt.Sprintf("f%d", i)
		if i < len(x.Learner.FeatureNames) {
			name = x.Learner.FeatureNames[i]
		}
		if i < len(x.Learner.FeatureTypes) && x.Learner.FeatureTypes[i] == "c" {
			return fmt.Errorf("column %s holds XGBoost's categories, which are not read: train on one column a category", name)
		}
		m.Columns = append(m.Columns, Column{Name: name, Kind: frame.Number})
	}
	return nil
}

func (x *xgbTree) tree() (Tree, error) {
	n := len(x.LeftChildren)
	for _, other := range []int{len(x.RightChildren), len(x.SplitConditions), len(x.SplitIndices), len(x.DefaultLeft), len(x.SumHessian)} {
		if other != n {
			return Tree{}, fmt.Errorf("%w: its arrays differ in length", ErrDamaged)
		}
	}
	if len(x.CategoryNodes) > 0 {
		return Tree{}, errors.New("it splits XGBoost's categories, which are not read")
	}
	var t Tree
	for i := range n {
		t.add()
		t.Cover[i] = x.SumHessian[i]
		if i < len(x.LossChanges) {
			t.Gain[i] = x.LossChanges[i]
		}
		if x.LeftChildren[i] == -1 {
			t.Value[i] = float64(float32(x.SplitConditions[i]))
			continue
		}
		t.Left[i], t.Right[i], t.Column[i] = x.LeftChildren[i], x.RightChildren[i], x.SplitIndices[i]
		t.Cut[i], t.MissingLeft[i] = float64(float32(x.SplitConditions[i])), bool(x.DefaultLeft[i])
	}
	return t, nil
}

// ToXGBoost writes a model as XGBoost's JSON. A model that looks at categories cannot be written.
func (m *Model) ToXGBoost() ([]byte, error) {
	var x xgbModel
	l := &x.Learner
	l.Attributes, l.Booster.Name = map[string]string{}, "gbtree"
	name := ""
	for _, candidate := range []string{"binary:logistic", "reg:squarederror", "count:poisson", "reg:quantileerror", "rank:ndcg"} {
		if xgbObjectives[candidate] == m.Objective {
			name = candidate
		}
	}
	l.Objective = map[string]any{"name": name}
	switch m.Objective {
	case Logistic:
		l.Objective["reg_loss_param"] = map[string]string{"scale_pos_weight": "1"}
	case Squared:
		l.Objective["reg_loss_param"] = map[string]string{}
	case Poisson:
		l.Objective["poisson_regression_param"] = map[string]string{"max_delta_step": "0.7"}
	case Quantile:
		l.Objective["quantile_loss_param"] = map[string]string{"quantile_alpha": "0.5"}
	case LambdaRank:
		l.Objective["lambdarank_param"] = map[string]string{}
	}
	for _, c := range m.Columns {
		if c.Kind == frame.Category {
			return nil, fmt.Errorf("column %s holds categories, which are not written for XGBoost: train on one column a category", c.Name)
		}
		l.FeatureNames, l.FeatureTypes = append(l.FeatureNames, c.Name), append(l.FeatureTypes, "float")
	}
	columns := strconv.Itoa(len(m.Columns))
	l.Param.BaseScore = strconv.FormatFloat(m.Objective.answer(m.Base), 'E', -1, 64)
	l.Param.BoostFromAverage, l.Param.Classes, l.Param.Features, l.Param.Targets = "1", "0", columns, "1"
	x.Version = []int{2, 1, 0}
	model := &l.Booster.Model
	model.Param.Parallel, model.Param.Trees = "1", strconv.Itoa(len(m.Trees))
	model.Iterations = []int{0}
	for i := range m.Trees {
		model.Trees = append(model.Trees, m.Trees[i].xgb(i, columns))
		model.Info, model.Iterations = append(model.Info, 0), append(model.Iterations, i+1)
	}
	return json.Marshal(x)
}

func (t *Tree) xgb(id int, columns string) xgbTree {
	n := len(t.Left)
	x := xgbTree{ID: id, Categories: []int{}, CategoryNodes: []int{}, CategorySegs: []int{}, CategorySizes: []int{}, SplitType: make([]int, n),
		BaseWeights: make([]float64, n), Parents: make([]int32, n), LossChanges: t.Gain, SumHessian: t.Cover, SplitIndices: t.Column}
	x.Param.Deleted, x.Param.Feature, x.Param.Leaf, x.Param.Nodes = "0", columns, "1", strconv.Itoa(n)
	x.Parents[0] = math.MaxInt32
	for i := range n {
		left, right, condition := int32(-1), int32(-1), t.Value[i]
		if t.Left[i] != 0 {
			left, right, condition = t.Left[i], t.Right[i], min(t.Cut[i], math.MaxFloat32)
			x.Parents[left], x.Parents[right] = int32(i), int32(i)
		}
		x.LeftChildren, x.RightChildren = append(x.LeftChildren, left), append(x.RightChildren, right)
		x.SplitConditions, x.DefaultLeft = append(x.SplitConditions, condition), append(x.DefaultLeft, flag(t.MissingLeft[i]))
		x.BaseWeights[i] = t.Value[i]
	}
	return x
}
