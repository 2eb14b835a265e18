package training

// tell says what a training does, and how much of it is done.
type tell func(what string, done, of int)

// part is a span of a training's work, from and to in shares of it: what is told in it moves the whole on by as much.
func (t tell) part(from, to float64) tell {
	return func(what string, done, of int) {
		share := from
		if of > 0 {
			share += (to - from) * min(1, float64(done)/float64(of))
		}
		t(what, int(whole*share), whole)
	}
}

// whole is how finely the whole of a training is told of.
const whole = 10_000

// onward never goes back.
func (t tell) onward() tell {
	most := 0
	return func(what string, done, _ int) {
		most = max(most, done)
		t(what, most, whole)
	}
}
