package experiment

import (
	"fmt"
	"math"
)

// MismatchLevel is the chance that Mismatch ever speaks where all is well: see the package comment.
const MismatchLevel = 0.001

// concentration says how near to the shares a mismatch is looked for: a deviation of about 1 / sqrt(1,000), 3 points of a half, is found soonest, others a little later.
const concentration = 1000

// RatioP is an always-valid p-value of "visitors come by these shares": the inverse of the Bayes factor of a Dirichlet of concentration x shares against the shares themselves. 1
// where there is nothing to compare; 0 where somebody came to a variant without a share.
func RatioP(visitors []int64, shares []float64) float64 {
	total := 0.0
	for _, s := range shares {
		total += max(0, s)
	}
	if total == 0 || len(visitors) != len(shares) {
		return 1
	}
	n, log := 0.0, 0.0
	for i, c := range visitors {
		p, x := max(0, shares[i])/total, float64(c)
		switch {
		case c == 0:
			continue
		case p == 0:
			return 0
		}
		a := concentration * p
		log += lgamma(a+x) - lgamma(a) - x*math.Log(p)
		n += x
	}
	log += lgamma(concentration) - lgamma(concentration+n)
	return math.Exp(min(0, -log))
}

// Mismatch says in words that the visitors are not shared out as they should be; empty where nothing speaks for it.
func Mismatch(names []string, visitors []int64, shares []float64) string {
	p := RatioP(visitors, shares)
	if p > MismatchLevel {
		return ""
	}
	total, all, text := 0.0, int64(0), ""
	for i := range shares {
		total += max(0, shares[i])
		all += visitors[i]
	}
	for i, name := range names {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %.2f %% instead of %.2f %%", name, 100*float64(visitors[i])/float64(all), 100*max(0, shares[i])/total)
	}
	return fmt.Sprintf("of %d visitors came: %s (p %.1g). Something loses visitors of one variant, or the shares were changed within the time: nothing here can be believed", all, text, p)
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}
