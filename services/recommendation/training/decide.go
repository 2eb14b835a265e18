package training

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/trainer"
)

// unfit says why the models may not serve; empty when they may.
func (a *attempt) unfit() string {
	if ok, _ := better(a.byPopularity); ok {
		return ""
	}
	return "it is not better than popularity: " + words(a.byPopularity, "popularity")
}

func words(all []Verdict, than string) string {
	var out []string
	for _, v := range all {
		out = append(out, v.words(than))
	}
	return strings.Join(out, "; ")
}

// aged says that the champion is so old that it gives way.
func (a *attempt) aged() bool {
	return a.cfg.MaxAge > 0 && a.now().Sub(time.UnixMilli(a.champion.GetMadeMs())) > a.cfg.MaxAge
}

// nothingNew ends a training that would make once more what serves, and that nobody could compare with it: there is hardly a touch that the champion has not learnt from. It
// says when there will be enough. cases is how many lie behind what the champion has learnt from.
func (a *attempt) nothingNew(cases int) error {
	now := len(a.heap.touches)
	since := now - a.heap.end(a.champion.GetToMs())
	if a.aged() || float64(now) > settled*float64(a.champion.GetRows()) {
		return nil
	}
	each := 1. // a touch is a question at the best
	if a.deps.Ranking != nil {
		each = 2 // the older half teaches the ranker
	}
	if cases > 0 {
		each = float64(since) / float64(cases)
	}
	words := fmt.Sprintf("nothing new to learn from: %d touches came since %s, up to when the champion learnt from %d. Two models are compared by %d questions, and %d came since; there will be enough after about %.0f more touches",
		since, moment(a.champion.GetToMs()), a.champion.GetRows(), fewest, cases, math.Ceil(each*float64(fewest-cases)))
	if a.cfg.MaxAge > 0 {
		words += fmt.Sprintf(", or none are needed from %s on, when the champion is older than %s", moment(a.champion.GetMadeMs()+a.cfg.MaxAge.Milliseconds()), a.cfg.MaxAge)
	}
	return trainer.TooLittle{Words: words}
}

func moment(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04 UTC") }

// better says whether the new models are to serve. They are better than popularity, or unfit.
func (a *attempt) better() (bool, string) {
	base := words(a.byPopularity, "popularity")
	if a.champion == nil {
		return true, "the first: " + base
	}
	old := a.aged()
	if a.unread == nil && len(a.byChampion) == 0 {
		a.unread = fmt.Errorf("fewer than %d cases lie behind all that it has learnt from", fewest)
	}
	if a.unread != nil {
		why := fmt.Sprintf("it cannot be compared with the champion: %v; %s", a.unread, base)
		if old {
			why = fmt.Sprintf("the champion is older than %s; %s", a.cfg.MaxAge, why)
		}
		return old, why
	}
	yes, notWorse := better(a.byChampion)
	said := words(a.byChampion, "the champion")
	switch {
	case yes:
		return true, "better than the champion: " + said
	case old && notWorse:
		return true, fmt.Sprintf("not worse than the champion, which is older than %s, by more than chance: %s", a.cfg.MaxAge, said)
	}
	return false, "not better than the champion by more than chance: " + said
}
