package service

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

var durationType = reflect.TypeFor[time.Duration]()

// typeAt finds the type behind a key. Below a map any key is known.
func typeAt(t reflect.Type, path []string) (reflect.Type, bool) {
	if len(path) == 0 {
		return t, true
	}
	switch {
	case isSection(t):
		for _, f := range Fields(t) {
			if f.Key == path[0] {
				return typeAt(f.Type, path[1:])
			}
		}
	case t.Kind() == reflect.Map:
		return typeAt(t.Elem(), path[1:])
	}
	return nil, false
}

// parseEnv reads the text of a variable as a value for t, in the form the YAML
// parser would have given it.
func parseEnv(t reflect.Type, text string) (any, error) {
	switch {
	case t.Kind() == reflect.String, t == durationType, reflect.PointerTo(t).Implements(textUnmarshaler):
		return text, nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String && !strings.HasPrefix(text, "["):
		list := []any{}
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return list, nil
	case text == "":
		return nil, fmt.Errorf("is empty; unset the variable for the default")
	}
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, fmt.Errorf("is no YAML value: %s", unquoted(err))
	}
	return value, nil
}

// unquoted is a fault of YAML without the text it may quote: a variable holds keys, passwords, addresses with secrets in them.
func unquoted(err error) string {
	if text := strings.TrimPrefix(err.Error(), "yaml: "); !strings.ContainsAny(text, "`'\"") {
		return text
	}
	return "it cannot be read, and is not shown, since it may hold a secret"
}

// setByKubernetes recognises the variables that Kubernetes adds to every pod for
// each Service in the name space (a Service "freshet-collector" gives
// FRESHET_COLLECTOR_PORT=tcp://...): nobody typed them.
func setByKubernetes(rest, value string) bool {
	if strings.HasSuffix(rest, "PORT") && strings.Contains(value, "://") {
		return true
	}
	return kubernetesNames.MatchString(rest)
}

var kubernetesNames = regexp.MustCompile(`^([A-Z0-9]+_)*(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// exactNumbers refuses what the decoder would otherwise round or take for
// nanoseconds.
func exactNumbers(_, to reflect.Type, value any) (any, error) {
	switch v := reflect.ValueOf(value); {
	case to == durationType && (v.CanInt() || v.CanUint() || v.CanFloat()) && !v.IsZero() && v.Type() != durationType:
		return nil, fmt.Errorf(`%v has no unit; write for instance "%vs"`, value, value)
	case isInteger(to) && v.CanFloat() && v.Float() != math.Trunc(v.Float()):
		return nil, fmt.Errorf("%v must be a whole number", value)
	}
	return value, nil
}

func isInteger(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
}
