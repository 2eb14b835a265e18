package rpc

import (
	"testing"
	"time"
)

func TestAStoppedDoorTakesNoStreams(t *testing.T) {
	s := New(Config{DrainTimeout: time.Minute}, Deps{})
	if !s.streams.enter() {
		t.Fatal("a door that is open takes no streams")
	}
	s.streams.leave()
	s.StopStreams(t.Context())
	if s.streams.enter() {
		t.Error("a stopped door takes streams")
	}
}
