package words

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:embed words.yaml
var file []byte

// text is a sentence in either language.
type text struct{ EN, ZH string }

func (t text) in(lang string) string {
	if lang == chinese {
		return t.ZH
	}
	return t.EN
}

// pair is a sentence without and with the item that led to it.
type pair struct{ EN, ZH [2]string }

func (p pair) in(lang string) [2]string {
	if lang == chinese {
		return p.ZH
	}
	return p.EN
}

type book struct {
	Reasons                                                              map[string]pair
	More, Sources, Whys, Rules, Heads, Effects, OfSource, Features, Rule map[string]text
	Proposal, Because, Stop, Blended                                     text
}

// words are all that is embedded.
var words = sync.OnceValue(func() *book {
	b := &book{}
	dec := yaml.NewDecoder(bytes.NewReader(file))
	dec.KnownFields(true)
	if err := dec.Decode(b); err != nil {
		panic(fmt.Sprintf("the embedded words: %v", err)) // every test would see it
	}
	return b
})

const chinese = "zh"

// Language gives en or zh for a tag such as zh-CN; empty is English.
func Language(tag string) (string, error) {
	switch base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-"); base {
	case "", "en":
		return "en", nil
	case chinese:
		return chinese, nil
	}
	return "", fmt.Errorf("language: there are sentences in en and zh, not in %q", Clean(tag))
}
