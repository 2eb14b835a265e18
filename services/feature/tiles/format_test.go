package tiles

import "testing"

func TestTheFormatKeepsTheRule(t *testing.T) {
	if err := format.Check(); err != nil {
		t.Error(err)
	}
}
