package experiment

import (
	"math"
)

// Level is the chance that an interval is ever wrong: 1 in 20.
const Level = 0.05

// LeastVisitors is how many each arm needs before anything is said: the intervals are asymptotic.
const LeastVisitors = 100

// tightAt is the number of visitors, of both arms, at which the interval is as narrow as it can be. It holds at every other number too.
const tightAt = 10_000

// rho is the parameter that makes it so: sqrt((-2 ln a + ln(-2 ln a) + 1) / t), Waudby-Smith et al. (2024), section B.2.
var rho = math.Sqrt((-2*math.Log(Level) + math.Log(-2*math.Log(Level)) + 1) / tightAt)

// Arm is what is known of the visitors of one variant: how many, the sum of their values, and the sum of the squares. Where the value is 0 or 1, both sums are alike.
type Arm struct {
	Visitors   int64
	Sum, Sum2  float64
	Responders int64 // visitors whose value is not 0
}

// Add takes a visitor.
func (a *Arm) Add(value float64) {
	a.Visitors++
	a.Sum += value
	a.Sum2 += value * value
	if value != 0 {
		a.Responders++
	}
}

// Mean is the value by visitor, 0 where there is none.
func (a Arm) Mean() float64 {
	if a.Visitors == 0 {
		return 0
	}
	return a.Sum / float64(a.Visitors)
}

// variance is the unbiased one.
func (a Arm) variance() float64 {
	n := float64(a.Visitors)
	if n < 2 {
		return 0
	}
	return max(0, (a.Sum2-a.Sum*a.Sum/n)/(n-1))
}

// Verdict is the difference of two arms, with an interval and a p-value that hold at every moment.
type Verdict struct {
	Control, Value float64
	// Difference is Value - Control, within Low and High. Where nothing can be said yet they are infinite.
	Difference, Low, High float64
	// Uplift is Difference by Control, 0 where Control is.
	Uplift float64
	// P is always valid: under no difference the chance that it EVER falls to p is at most p.
	P float64
	// Early says that nothing can be said yet.
	Early bool
}

// Found says that the interval leaves 0 out.
func (v *Verdict) Found() bool { return v.Low > 0 || v.High < 0 }

// leastResponders is how many visitors of both arms must have done the thing: with fewer the variance is not known.
const leastResponders = 20

// Compare compares a variant with the control. With t visitors and the variance s2 = t (v1/n1 + v0/n0) of the difference's influence function, the interval is
//
//	difference +- sqrt(s2) sqrt( 2 (t rho^2 + 1) / (t^2 rho^2) ln( sqrt(t rho^2 + 1) / level ) )
//
// and p = sqrt(t rho^2 + 1) exp(-t^2 rho^2 difference^2 / (2 s2 (t rho^2 + 1))), at most 1: p falls below the level exactly where the interval leaves 0 out.
// Example: 1,000 of 10,000 against 1,200 of 10,000 gives 0.02 within 0.0064 and 0.0336.
func Compare(control, variant Arm) Verdict {
	v := Verdict{Control: control.Mean(), Value: variant.Mean(), P: 1}
	v.Difference = v.Value - v.Control
	if v.Control != 0 {
		v.Uplift = v.Difference / v.Control
	}
	s2 := 0.0
	if control.Visitors > 0 && variant.Visitors > 0 {
		s2 = control.variance()/float64(control.Visitors) + variant.variance()/float64(variant.Visitors)
	}
	if min(control.Visitors, variant.Visitors) < LeastVisitors || control.Responders+variant.Responders < leastResponders || s2 == 0 {
		v.Early, v.Low, v.High = true, math.Inf(-1), math.Inf(1)
		return v
	}
	t := float64(control.Visitors + variant.Visitors)
	r := t*rho*rho + 1
	width := math.Sqrt(t*s2) * math.Sqrt(2*r/(t*t*rho*rho)*math.Log(math.Sqrt(r)/Level))
	v.Low, v.High = v.Difference-width, v.Difference+width
	v.P = min(1, math.Sqrt(r)*math.Exp(-t*rho*rho*v.Difference*v.Difference/(2*s2*r)))
	return v
}
