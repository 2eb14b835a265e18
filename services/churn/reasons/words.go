package reasons

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:embed features.yaml
var featuresYAML []byte

//go:embed forms.yaml
var formsYAML []byte

// both is something in either language.
type both[T any] struct {
	EN T `yaml:"en"`
	ZH T `yaml:"zh"`
}

func (b *both[T]) in(l Language) *T {
	if l == Chinese {
		return &b.ZH
	}
	return &b.EN
}

// said is what is said of a definition in one language.
type said struct {
	Name, One, Other, Say, Once, Zero, Full, Missing, Ever string
}

// yesNo is what is said of a tag in one language.
type yesNo struct{ Yes, No string }

// definition are the words of one.
type definition struct {
	// With names the definition with which it makes one reason; Values are the words for its texts.
	With, Values string
	both[said]   `yaml:",inline"`
}

// tagWords are the words of a tag.
type tagWords struct {
	With        string
	both[yesNo] `yaml:",inline"`
}

// effect is what a reason does.
type effect struct{ Raises, Lowers string }

// bound is what is said of a share too near to 0 or 1.
type bound struct{ Share, Hundred string }

// forms are a language's.
type forms struct {
	Nouns                                                              map[string][]string
	Nothing, Within, One, Ever, Never, Ago, Soon, Short, Yours, Quoted string
	Missing                                                            string
	Own                                                                struct {
		Say, Missing, Over, Yes, No string
		Ways                        map[string]string
	}
	Does                     string
	Degrees                  struct{ Strong, Some, Slight string }
	Effects                  map[string]map[string]effect
	Least, Most              bound
	Horizon, Rhythm          string
	Head                     map[string]map[string]string
	Warned, Bare, Usual, And string
	Warnings                 map[string]string
}

// words are all that is embedded.
type words struct {
	Features map[string]*definition
	Tags     map[string]*tagWords
	forms    struct {
		both[forms] `yaml:",inline"`
		Values      map[string]map[string]*both[string]
	}
}

// loaded reads the embedded files, once.
var loaded = sync.OnceValues(func() (*words, error) {
	w := &words{}
	if err := strict(featuresYAML, &struct {
		Features *map[string]*definition
		Tags     *map[string]*tagWords
	}{&w.Features, &w.Tags}); err != nil {
		return nil, fmt.Errorf("read features.yaml: %w", err)
	}
	if err := strict(formsYAML, &w.forms); err != nil {
		return nil, fmt.Errorf("read forms.yaml: %w", err)
	}
	return w, nil
})

// strict decodes YAML whose every key must be known.
func strict(data []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	return dec.Decode(into)
}
