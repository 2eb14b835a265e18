package broker

import (
	"errors"
	"fmt"
)

// GapPolicy is what following does when the records it stands before are gone: retention removed them, the log lost its
// tail, or the topic was made anew.
type GapPolicy string

const (
	// GapHold leaves the partition where it is for as long as it is followed, and says so (FollowConfig.Told, the log,
	// freshet_kafka_held): nothing is skipped unless somebody decides it. The other partitions go on.
	GapHold GapPolicy = "hold"
	// GapSkip goes on with the oldest record there is. What is lost is said in the log and counted
	// (freshet_kafka_gap_records_total).
	GapSkip GapPolicy = "skip"
	// GapStop has Next fail with a *GapError.
	GapStop GapPolicy = "stop"
	// GapRestart begins anew with the oldest record: for copies of a log that is all there is, which lose nothing by
	// reading it again. It is chosen in code, never in a configuration.
	GapRestart GapPolicy = "restart"
)

func (p GapPolicy) validate() error {
	switch p {
	case "", GapHold, GapSkip, GapStop:
		return nil
	}
	return fmt.Errorf("%q is none of hold, skip, stop", string(p))
}

// Gap is a place where following cannot go on.
type Gap struct {
	// Want is the offset that following stood at.
	Want int64
	// Has is what the partition holds.
	Has Span
	// Cause is ErrOffsetGone, or ErrOtherLog where the offset is there and the log is not the one it was taken in.
	Cause error
}

// Lost is how many records are known to be lost. When the log is another one, or ends before Want, nobody knows: then 0.
func (g Gap) Lost() int64 {
	if errors.Is(g.Cause, ErrOtherLog) {
		return 0
	}
	return max(0, g.Has.First-g.Want)
}

// ErrOtherLog says that a partition is not the log it was: made anew, or cut and grown again.
var ErrOtherLog = errors.New("the log is not the one that was read before")

// GapError is a gap that following does not pass over.
type GapError struct {
	At  TopicPartition
	Gap Gap
}

// Error says what is missing and what to do.
func (e *GapError) Error() string {
	return fmt.Sprintf("%s: records from offset %d on are gone before they were read, it holds %d to %d (raise the topic's retention; set kafka.gaps to skip to go on without them): %v",
		e.At, e.Gap.Want, e.Gap.Has.First, e.Gap.Has.Next, e.Gap.Cause)
}

// Unwrap gives the cause.
func (e *GapError) Unwrap() error { return e.Gap.Cause }
