package cloudevents

import "testing"

func TestHeaderText(t *testing.T) {
	for value, want := range map[string]string{
		"plain": "plain", "a%20b": "a b", "100%": "100%", `"q"`: "q", `"a\"b\\c"`: `a"b\c`, "%25%32%30": "%20", "a+b": "a+b", `"`: `"`, `"a\"`: "a\\",
	} {
		if got, ok := headerText(value); !ok || got != want {
			t.Errorf("%q: %q %v, want %q", value, got, ok, want)
		}
	}
	if _, ok := headerText("%C0%A0"); ok {
		t.Error("an overlong blank was taken")
	}
}
