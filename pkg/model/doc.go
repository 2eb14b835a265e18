// Package model keeps models, so that one can trust what serves: see the registry below.
package model
