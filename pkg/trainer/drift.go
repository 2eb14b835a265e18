package trainer

import (
	"time"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// drifts is when the drift of each model was looked at last.
type drifts map[[2]string]time.Time

// Drifts says that what is live is no more what the champion learnt from, and that it is time to train anew: not while the latest training, or what
// serves, is younger than again. look is asked every so often at most; it says what it found, and whether that is more than chance. It is for the goroutine that calls Run.
func (t *Trainer) Drifts(champion *modelv1.Version, latest *modelv1.Run, every, again time.Duration, look func() (words string, acts bool)) bool {
	now, model := t.Now(), [2]string{champion.GetWorkspace(), champion.GetName()}
	if now.Sub(t.drifts[model]) < every {
		return false
	}
	t.drifts[model] = now
	words, acts := look()
	if !acts || now.Sub(time.UnixMilli(latest.GetBeganMs())) < again || now.Sub(time.UnixMilli(champion.GetMadeMs())) < again {
		return false
	}
	t.Logger.Warn("what is live is not what a model learnt from: it is trained anew", "model", champion.GetName(), "workspace", champion.GetWorkspace(), "version", champion.GetId(), "drift", words)
	return true
}
