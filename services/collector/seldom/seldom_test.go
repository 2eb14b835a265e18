package seldom

import (
	"testing"
	"time"
)

// What goes on without a pause is told again and again, not once.
func TestSeldomIsNotNever(t *testing.T) {
	var s Gate
	begun, told := time.Unix(1_800_000_000, 0), 0
	for at := time.Duration(0); at < 10*time.Second; at += 100 * time.Millisecond {
		if s.Pass(begun.Add(at), time.Second) {
			told++
		}
	}
	if told != 10 {
		t.Errorf("told %d times in 10 s, want once a second", told)
	}
}
