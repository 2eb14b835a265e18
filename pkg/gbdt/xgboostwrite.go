package gbdt

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
)

// WriteXGBoost is the model as JSON that XGBoost loads. XGBoost compares numbers
// of 32 bits: for rows of such numbers it predicts the same to its own precision; others may fall on the other side of a threshold.
// A model with categorical splits cannot be written.
func (m *Model) WriteXGBoost() ([]byte, error) {
	f := xgbFile{Version: []int{3, 0, 0}, Learner: xgbLearner{Attributes: map[string]string{}, FeatureTypes: []string{}}}
	l := &f.Learner
	l.Objective = m.xgbObjective()
	for _, feature := range m.Features {
		l.FeatureNames = append(l.FeatureNames, feature.Name)
	}
	l.Params = xgbParams{Average: "0", Classes: "0", Features: strconv.Itoa(len(m.Features)), Targets: "1"}
	l.Params.Base = strconv.FormatFloat(m.Objective.predict(m.Base), 'E', -1, 64)
	l.Booster.Name = "gbtree"
	model := &l.Booster.Model
	model.Params = map[string]string{"num_parallel_tree": "1", "num_trees": strconv.Itoa(len(m.trees))}
	model.Starts, model.Info, model.Trees = []int{0}, []int{}, []xgbTree{}
	for i := range m.trees {
		t := newXGBTree(i, m.trees[i].nodes, len(m.Features))
		if t == nil {
			return nil, errors.New("write for XGBoost: the model splits by categories; only numeric splits can be written")
		}
		model.Starts, model.Info, model.Trees = append(model.Starts, i+1), append(model.Info, 0), append(model.Trees, *t)
	}
	return json.Marshal(f)
}

func (m *Model) xgbObjective() map[string]any {
	weight := map[string]string{"scale_pos_weight": "1"}
	switch m.Objective {
	case Logistic:
		return map[string]any{"name": "binary:logistic", "reg_loss_param": weight}
	case Poisson:
		return map[string]any{"name": "count:poisson", "poisson_regression_param": map[string]string{"max_delta_step": "0.7"}}
	case Quantile:
		level := "[" + strconv.FormatFloat(m.Params.Quantile, 'E', -1, 64) + "]"
		return map[string]any{"name": "reg:quantileerror", "quantile_loss_param": map[string]string{"quantile_alpha": level}}
	case LambdaRank:
		return map[string]any{"name": "rank:ndcg", "lambdarank_param": map[string]string{}}
	}
	return map[string]any{"name": "reg:squarederror", "reg_loss_param": weight}
}

// newXGBTree is nil for a tree with categorical splits.
func newXGBTree(id int, nodes []node, features int) *xgbTree {
	n := len(nodes)
	t := &xgbTree{
		ID: id, BaseWeights: make([]xgbNumber, n), Categories: []int{}, CategoryNodes: []int{}, CategoryStarts: []int{}, CategorySizes: []int{},
		DefaultLeft: make([]zeroOrOne, n), Left: make([]int32, n), LossChanges: make([]xgbNumber, n), Parents: make([]int32, n), Right: make([]int32, n),
		SplitConditions: make([]xgbNumber, n), SplitIndices: make([]int32, n), SplitType: make([]int, n), SumHessian: make([]xgbNumber, n),
		Params: map[string]string{"num_deleted": "0", "num_feature": strconv.Itoa(features), "num_nodes": strconv.Itoa(n), "size_leaf_vector": "1"},
	}
	t.Parents[0] = math.MaxInt32
	for i := range nodes {
		s := &nodes[i]
		t.SumHessian[i] = xgbNumber(s.cover)
		if s.feature < 0 {
			t.Left[i], t.Right[i], t.SplitConditions[i], t.BaseWeights[i] = -1, -1, xgbNumber(s.value), xgbNumber(s.value)
			continue
		}
		if s.set != nil {
			return nil
		}
		t.Left[i], t.Right[i], t.Parents[s.left], t.Parents[s.left+1] = s.left, s.left+1, int32(i), int32(i)
		t.SplitIndices[i], t.DefaultLeft[i] = s.feature, zeroOrOne(bit(s.missingLeft))
		t.SplitConditions[i], t.LossChanges[i] = xgbNumber(above(s.threshold)), xgbNumber(s.gain)
	}
	return t
}

// above is the least number of 32 bits above t; JSON has no infinity, so the largest is used beyond it.
func above(t float64) float32 {
	if t >= math.MaxFloat32 {
		return math.MaxFloat32
	}
	v := float32(t)
	if float64(v) <= t {
		v = math.Nextafter32(v, float32(math.Inf(1)))
	}
	if math.IsInf(float64(v), -1) {
		return -math.MaxFloat32
	}
	return v
}
