// Package gbdt trains and applies gradient boosted decision trees.
package gbdt
