package training

import (
	"fmt"
	"strings"
	"time"
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

// better says whether the new models are to serve. They are better than popularity, or unfit.
func (a *attempt) better() (bool, string) {
	base := words(a.byPopularity, "popularity")
	if a.champion == nil {
		return true, "the first: " + base
	}
	old := a.cfg.MaxAge > 0 && a.now().Sub(time.UnixMilli(a.champion.GetMadeMs())) > a.cfg.MaxAge
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
