package service

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// validate calls Validate on v and on every struct below it, and puts the path
// of each before what it reports. A fault that two levels report alike counts once.
func validate(v reflect.Value, path string) []error {
	var faults []error
	seen := map[string]bool{}
	add := func(err error) {
		if !seen[err.Error()] {
			seen[err.Error()] = true
			faults = append(faults, err)
		}
	}
	validateInto(v, path, add)
	return faults
}

func validateInto(v reflect.Value, path string, add func(error)) {
	if c, ok := v.Interface().(interface{ Validate() error }); ok {
		for _, err := range flatten(c.Validate()) {
			add(prefixed(path, err))
		}
	}
	switch {
	case isSection(v.Type()):
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("koanf"), ",")
			switch {
			case !f.IsExported():
			case options == "squash":
				validateInto(v.Field(i), path, add)
			case name != "" && name != "-":
				validateInto(v.Field(i), joinKey(path, name), add)
			}
		}
	case v.Kind() == reflect.Slice && isSection(v.Type().Elem()):
		for i := range v.Len() {
			validateInto(v.Index(i), fmt.Sprintf("%s[%d]", path, i), add)
		}
	case v.Kind() == reflect.Map && isSection(v.Type().Elem()):
		for it := v.MapRange(); it.Next(); {
			validateInto(it.Value(), joinKey(path, fmt.Sprint(it.Key())), add)
		}
	}
}

func joinKey(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func prefixed(path string, err error) error {
	if path == "" {
		return err
	}
	return fmt.Errorf("%s.%w", path, err)
}

// flatten takes joined errors apart, however deep, and drops nil. An error that
// says more than the errors it holds stays whole.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || errors.Join(joined.Unwrap()...).Error() != err.Error() {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}
