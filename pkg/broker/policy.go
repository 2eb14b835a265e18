package broker

import "fmt"

// GapPolicy is what a reader does when the records it stands before are gone: retention removed them, the log lost its
// tail, or the topic was made anew (Break).
type GapPolicy string

const (
	// GapHold leaves the partition where it is and says so: nothing is skipped unless somebody decides it.
	GapHold GapPolicy = "hold"
	// GapSkip goes on from Break.Accept. What is lost is said in the log and counted.
	GapSkip GapPolicy = "skip"
	// GapStop has Follower.Next fail with the *Break: for readers that have more to undo than their place. Chosen in code only.
	GapStop GapPolicy = "stop"
	// GapRestart begins anew with the oldest record: for copies of all that a log holds, which lose nothing by that. Chosen in code only.
	GapRestart GapPolicy = "restart"
)

// Validate is nil for what a configuration may say: hold, skip, or nothing, which means hold.
func (p GapPolicy) Validate() error {
	switch p {
	case "", GapHold, GapSkip:
		return nil
	}
	return fmt.Errorf("%q is neither hold nor skip", string(p))
}

// Gaps is what the readers of this client do about a Break.
func (c *Client) Gaps() GapPolicy {
	if c.cfg.Gaps == "" {
		return GapHold
	}
	return c.cfg.Gaps
}
