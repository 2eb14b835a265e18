package jsonscan

import "testing"

func TestFind(t *testing.T) {
	for text, want := range map[string]string{
		`{"n":NaN,"messageId":"m1"}`:                                  `"m1"`,
		`{"messageId":"m1","n":NaN}`:                                  `"m1"`,
		`{"n":01,"messageId" : "m1","x":{}}`:                          `"m1"`,
		"{\"n\":\"a\x00b\",\"messageId\":\"m1\"}":                     `"m1"`,
		`{"p":{"messageId":"inner"},"n":undefined,"messageId":"m1"}`:  `"m1"`,
		`{"p":[{"messageId":"inner"}],"n":NaN}`:                       ``,
		`{"n":NaN,"messageId":17}`:                                    `17`,
		`{"n":NaN,"messageId":{"a":1}}`:                               ``,
		`{"n":NaN,"messageId":null}`:                                  ``,
		`{"n":NaN,"messageId":"a","messageId":"b"}`:                   `"b"`,
		`{"n":NaN,"x":"messageId","y":"m"}`:                           ``,
		`{"n":"say \"messageId\":\"no\"","n":NaN,"messageId":"m\"1"}`: `"m\"1"`,
		`{"n":NaN,"messageId":"never closed`:                          ``,
		`{'n':1,"messageId":"m1"}`:                                    `"m1"`,
		`{"n":NaN,"messageId":"m1"`:                                   `"m1"`,
		`[{"messageId":"m1"}]`:                                        ``,
		`{"n":NaN,"messageId":"m\u0031"}`:                             `"m\u0031"`,
		`{"n":NaN,"messageId":"\x"}`:                                  ``,
		``:                                                            ``,
		`}}}{"messageId":"m1"}`:                                       ``,
	} {
		if got := string(Find([]byte(text), "messageId")); got != want {
			t.Errorf("%q: found %q, want %q", text, got, want)
		}
	}
}
