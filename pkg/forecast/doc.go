// Package forecast holds what is predicted of customers, as it is declared in a file: targets, which models learn and score, and warnings, which need no
// model. Churn trains and scores by it; segmentation takes its names for rules.
//
// A target counts how much a lifetime feature rises within a horizon (Target.Label): not at all, at all, or by how much. What is told of a customer is
// named by the target: churn_risk_60d is the score, churn_risk_60d_band its band; warning_frequency_halved is a warning that holds; churn_holdout is the
// random group that nobody should act on. Set.Layout has all of them, as a catalogue's layout has features.
//
// The file is checked when it is loaded, and all faults are told at once (TestFaultsAreToldAtOnce). It is not for training, nor for scoring.
package forecast
