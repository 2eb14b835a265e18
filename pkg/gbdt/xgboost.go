package gbdt

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The layout of XGBoost's JSON, as far as it matters for models of trees with one output (doc/model.schema of XGBoost 3).
type (
	xgbFile struct {
		Learner xgbLearner `json:"learner"`
		Version []int      `json:"version"`
	}
	xgbLearner struct {
		Attributes   map[string]string `json:"attributes"`
		FeatureNames []string          `json:"feature_names"`
		FeatureTypes []string          `json:"feature_types"`
		Booster      xgbBooster        `json:"gradient_booster"`
		Params       xgbParams         `json:"learner_model_param"`
		Objective    map[string]any    `json:"objective"`
	}
	xgbBooster struct {
		Model xgbModel `json:"model"`
		Name  string   `json:"name"`
	}
	xgbModel struct {
		Params map[string]string `json:"gbtree_model_param"`
		Starts []int             `json:"iteration_indptr,omitempty"`
		Info   []int             `json:"tree_info"`
		Trees  []xgbTree         `json:"trees"`
	}
	xgbParams struct {
		Base     string `json:"base_score"`
		Average  string `json:"boost_from_average"`
		Classes  string `json:"num_class"`
		Features string `json:"num_feature"`
		Targets  string `json:"num_target"`
	}
	xgbTree struct {
		ID              int               `json:"id"`
		BaseWeights     []xgbNumber       `json:"base_weights"`
		Categories      []int             `json:"categories"`
		CategoryNodes   []int             `json:"categories_nodes"`
		CategoryStarts  []int             `json:"categories_segments"`
		CategorySizes   []int             `json:"categories_sizes"`
		DefaultLeft     []zeroOrOne       `json:"default_left"`
		Left            []int32           `json:"left_children"`
		LossChanges     []xgbNumber       `json:"loss_changes"`
		Parents         []int32           `json:"parents"`
		Right           []int32           `json:"right_children"`
		SplitConditions []xgbNumber       `json:"split_conditions"`
		SplitIndices    []int32           `json:"split_indices"`
		SplitType       []int             `json:"split_type"`
		SumHessian      []xgbNumber       `json:"sum_hessian"`
		Params          map[string]string `json:"tree_param"`
	}
)

// zeroOrOne is 0 or 1, or in old files false or true.
type zeroOrOne int

func (f *zeroOrOne) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "1", "true":
		*f = 1
	case "0", "false":
		*f = 0
	default:
		return fmt.Errorf("%s is neither 0 nor 1", b)
	}
	return nil
}

// xgbNumber is always written as a fraction: XGBoost takes 3 for an integer and refuses it.
type xgbNumber float32

// MarshalJSON writes the shortest text that is read as the same number.
func (n xgbNumber) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(n), 'E', -1, 32), nil
}

var xgbObjectives = map[string]Objective{
	"binary:logistic": Logistic, "reg:logistic": Logistic, "reg:squarederror": Squared, "count:poisson": Poisson,
	"reg:quantileerror": Quantile, "rank:ndcg": LambdaRank, "rank:pairwise": LambdaRank,
}

// ReadXGBoost reads a model that XGBoost saved as JSON: gbtree, one output, numeric splits. It predicts what XGBoost does, also for
// values between two numbers of 32 bits, which XGBoost rounds first: the thresholds are moved to where the rounding turns.
// It never panics (FuzzReadXGBoost); what it cannot read it names.
func ReadXGBoost(b []byte) (*Model, error) {
	m, err := readXGBoost(b)
	if err != nil {
		return nil, fmt.Errorf("read an XGBoost model: %w", err)
	}
	return m, nil
}

func readXGBoost(b []byte) (*Model, error) {
	var f xgbFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("it is not the JSON that save_model writes for a name ending in .json: %w", err)
	}
	l := &f.Learner
	m := &Model{}
	if err := l.check(m); err != nil {
		return nil, err
	}
	if err := l.features(m); err != nil {
		return nil, err
	}
	for i := range l.Booster.Model.Trees {
		nodes, err := l.Booster.Model.Trees[i].nodes()
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
		m.trees = append(m.trees, tree{nodes: nodes})
	}
	m.Trained.Rounds = len(m.trees)
	if err := m.sound(); err != nil {
		return nil, err
	}
	m.compile()
	return m, nil
}

func (l *xgbLearner) check(m *Model) error {
	name, _ := l.Objective["name"].(string)
	var ok bool
	switch m.Objective, ok = xgbObjectives[name]; {
	case !ok:
		return fmt.Errorf("its objective %q has no like here", name)
	case l.Booster.Name != "gbtree":
		return fmt.Errorf("its booster is %q: only gbtree can be read", l.Booster.Name)
	case l.Params.Classes != "" && l.Params.Classes != "0" && l.Params.Classes != "1" || l.Params.Targets != "" && l.Params.Targets != "1":
		return errors.New("it has more than one output")
	}
	text := strings.TrimSuffix(strings.TrimPrefix(l.Params.Base, "["), "]")
	base, err := strconv.ParseFloat(text, 32)
	if err != nil {
		return fmt.Errorf("its base_score %q is not a number", l.Params.Base)
	}
	switch m.Objective {
	case Logistic:
		base = math.Log(base / (1 - base))
	case Poisson:
		base = math.Log(base)
	}
	m.Base = base
	return nil
}

func (l *xgbLearner) features(m *Model) error {
	n, err := strconv.Atoi(l.Params.Features)
	switch {
	case err != nil || n < 1 || n > 1<<20:
		return fmt.Errorf("it has %q features", l.Params.Features)
	case len(l.FeatureNames) != 0 && len(l.FeatureNames) != n:
		return fmt.Errorf("it has %d names for %d features", len(l.FeatureNames), n)
	}
	for i := range n {
		f := Feature{Name: "f" + strconv.Itoa(i)}
		if len(l.FeatureNames) > 0 {
			f.Name = l.FeatureNames[i]
		}
		m.Features = append(m.Features, f)
	}
	return nil
}

// nodes are the tree from the root down, children side by side.
func (t *xgbTree) nodes() ([]node, error) {
	n := len(t.Left)
	for _, k := range []int{len(t.Right), len(t.SplitConditions), len(t.SplitIndices), len(t.DefaultLeft), len(t.SumHessian)} {
		if k != n || n == 0 {
			return nil, errors.New("its arrays differ in length, or are empty")
		}
	}
	out := []node{{}}
	at := []int32{0}
	for i := 0; i < len(out); i++ {
		j := at[i]
		if out[i] = (node{feature: leafNode, cover: float64(t.SumHessian[j])}); t.Left[j] < 0 {
			out[i].value = float64(t.SplitConditions[j])
			continue
		}
		if len(t.SplitType) == n && t.SplitType[j] != 0 {
			return nil, errors.New("it splits by categories: only numeric splits can be read; encode them before training")
		}
		left, right := t.Left[j], t.Right[j]
		if left < 0 || right < 0 || int(max(left, right)) >= n || len(out)+2 > n {
			return nil, errors.New("a node leads astray")
		}
		s := &out[i]
		s.feature, s.left, s.missingLeft = t.SplitIndices[j], int32(len(out)), t.DefaultLeft[j] == 1
		if s.threshold = atMost(float32(t.SplitConditions[j])); s.feature < 0 {
			return nil, errors.New("a node asks no feature")
		}
		if len(t.LossChanges) == n {
			s.gain = float64(t.LossChanges[j])
		}
		out, at = append(out, node{}, node{}), append(at, left, right)
	}
	return out, nil
}

// atMost is the largest number that, rounded to 32 bits, is below t: x <= atMost(t) is XGBoost's float32(x) < t. Half-way numbers
// are rounded to the even one of their neighbours.
func atMost(t float32) float64 {
	low := math.Nextafter32(t, float32(math.Inf(-1)))
	below, above := beyond(low), beyond(t)
	half := below + (above-below)/2
	if math.Float32bits(low)&1 == 0 {
		return half
	}
	return math.Nextafter(half, math.Inf(-1))
}

// beyond is v, and for an infinity the number that would come after the largest: from half-way to it on numbers become infinite.
func beyond(v float32) float64 {
	if math.IsInf(float64(v), 0) {
		return math.Copysign(0x1p128, float64(v))
	}
	return float64(v)
}
