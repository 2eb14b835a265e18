package lifetime

import "testing"

func BenchmarkFitCDNOW(b *testing.B) {
	hs := histories(cdnow(b))
	for name, f := range map[string]func([]History) error{
		"BG/NBD":     func(h []History) error { _, _, err := FitBGNBD(h); return err },
		"Pareto/NBD": func(h []History) error { _, _, err := FitParetoNBD(h); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := f(hs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkExpected(b *testing.B) {
	h := History{2, 30.43, 38.86}
	for name, m := range map[string]Buying{"BG/NBD": BGNBD{.243, 4.414, .793, 2.426}, "Pareto/NBD": ParetoNBD{.553, 10.578, .606, 11.669}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m.Expected(h, 39)
			}
		})
	}
}
