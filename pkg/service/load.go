package service

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// Source says where a configuration comes from.
type Source struct {
	// File is a YAML file; empty means none.
	File string
	// YAML is the file's text, for who has read it already; File then only names it. Nil means that File is read.
	YAML []byte
	// EnvPrefix begins the variables that set keys, with its last underscore: "FRESHET_COLLECTOR_". What follows is the
	// key in capitals, "__" between levels: FRESHET_COLLECTOR_GRPC__ADDRESS sets grpc.address. Lists of text are
	// separated by commas, or are written, as everything that is no plain value, as in YAML: "[a, b]". Empty means none.
	EnvPrefix string
	// Environ is the environment as os.Environ gives it.
	Environ []string
}

// Load fills the struct that into points to, which holds the defaults, from the
// file and then from the environment, and validates it. Keys are `koanf` tags;
// durations are written "5s". A list or a map that is set replaces the default,
// it is not mixed with it. Nothing is converted silently: 5.7 for a whole number
// and 5 for a duration are faults.
//
// The error joins all faults, one a line, each beginning with the key the user
// typed: unknown keys with the nearest known one, values of the wrong type, and
// whatever the Validate methods of the struct and of the structs within it say.
// Those begin with the key as the struct itself knows it ("address: ..."); Load
// puts the path before it.
func Load(into any, from Source) error {
	target := reflect.ValueOf(into).Elem()
	k := koanf.New(".")
	if from.File != "" {
		var text koanf.Provider = file.Provider(from.File)
		if from.YAML != nil {
			text = content(from.YAML)
		}
		if err := k.Load(text, yaml.Parser()); err != nil {
			return fmt.Errorf("read configuration %s: %w", from.File, err)
		}
	}
	known := keysOf(target.Type(), "")
	faults := unknownKeys(target.Type(), k.Raw(), "", known)
	origins, envFaults := loadEnv(k, target.Type(), from, known)
	faults = append(faults, envFaults...)

	clearSet(target, k.Raw())
	if err := k.UnmarshalWithConf("", into, koanf.UnmarshalConf{DecoderConfig: decoder()}); err != nil {
		faults = append(faults, decodeFaults(err)...)
	} else {
		faults = append(faults, validate(target, "")...)
	}
	return errors.Join(withOrigin(faults, origins)...)
}

// content is a file that has been read.
type content []byte

func (c content) ReadBytes() ([]byte, error) { return c, nil }

func (c content) Read() (map[string]any, error) { return nil, errors.New("not supported") }

// loadEnv merges the environment over the file. It returns which variable set
// which key.
func loadEnv(k *koanf.Koanf, t reflect.Type, from Source, known []string) (map[string]string, []error) {
	origins := map[string]string{}
	if from.EnvPrefix == "" {
		return origins, nil
	}
	var faults []error
	transform := func(name, text string) (string, any) {
		rest := strings.TrimPrefix(name, from.EnvPrefix)
		key := strings.ToLower(strings.ReplaceAll(rest, "__", "."))
		kind, ok := typeAt(t, strings.Split(key, "."))
		if !ok {
			if !setByKubernetes(rest, text) {
				faults = append(faults, fmt.Errorf("%w (set by %s)", unknownKey(key, known), name))
			}
			return "", nil
		}
		value, err := parseEnv(kind, text)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w (set by %s)", key, err, name))
			return "", nil
		}
		origins[key] = name
		return key, value
	}
	environ := func() []string { return from.Environ }
	if err := k.Load(env.Provider(".", env.Opt{Prefix: from.EnvPrefix, TransformFunc: transform, EnvironFunc: environ}), nil); err != nil {
		faults = append(faults, fmt.Errorf("read the environment: %w", err))
	}
	return origins, faults
}

// clearSet empties the lists and maps that raw sets, since the decoder would
// otherwise mix the new elements with the default ones.
func clearSet(v reflect.Value, raw map[string]any) {
	for _, f := range Fields(v.Type()) {
		set, ok := raw[f.Key]
		if !ok {
			continue
		}
		field := v.FieldByIndex(f.Index)
		if inner, isMap := set.(map[string]any); isMap && f.Section() {
			clearSet(field, inner)
			continue
		}
		if k := f.Type.Kind(); k == reflect.Slice || k == reflect.Map {
			field.SetZero()
		}
	}
}

func decoder() *mapstructure.DecoderConfig {
	return &mapstructure.DecoderConfig{
		TagName:   "koanf",
		MatchName: func(key, field string) bool { return key == field },
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			exactNumbers,
			mapstructure.StringToTimeDurationHookFunc(),
			mapstructure.TextUnmarshallerHookFunc(),
		),
	}
}

// decodeFaults lists each value of a wrong type as "key: what is wrong".
func decodeFaults(err error) []error {
	var faults []error
	for _, e := range flatten(err) {
		var d *mapstructure.DecodeError
		if !errors.As(e, &d) {
			faults = append(faults, e)
			continue
		}
		if joined, ok := d.Unwrap().(interface{ Unwrap() []error }); ok {
			faults = append(faults, decodeFaults(errors.Join(joined.Unwrap()...))...)
			continue
		}
		faults = append(faults, fmt.Errorf("%s: %w", d.Name(), d.Unwrap()))
	}
	return faults
}

// withOrigin adds the variable's name to the faults of keys that the
// environment set: the user typed that name, not the key.
func withOrigin(faults []error, origins map[string]string) []error {
	for i, f := range faults {
		key, _, _ := strings.Cut(f.Error(), ": ")
		if name, ok := origins[key]; ok {
			faults[i] = fmt.Errorf("%w (set by %s)", f, name)
		}
	}
	return faults
}
