package gbdt

import "sync"

// chunkRows is how many rows a chunk has. It is the same for any number of workers, and sums of floats are added chunk by chunk in
// order: so the sums are the same as well (TestAnyNumberOfWorkersGivesTheSameModel).
const chunkRows = 8192

// workers is how many goroutines work at once.
type workers int

// each calls do(worker, i) for every i below n. A worker's calls are one after another.
func (w workers) each(n int, do func(worker, i int)) {
	k := min(int(w), n)
	if k <= 1 {
		for i := range n {
			do(0, i)
		}
		return
	}
	var wg sync.WaitGroup
	for worker := range k {
		wg.Go(func() {
			for i := worker; i < n; i += k {
				do(worker, i)
			}
		})
	}
	wg.Wait()
}

func chunksOf(n int) int { return (n + chunkRows - 1) / chunkRows }

// chunks calls do for every chunk of n rows.
func (w workers) chunks(n int, do func(chunk, from, to int)) {
	w.each(chunksOf(n), func(_, c int) { do(c, c*chunkRows, min(n, (c+1)*chunkRows)) })
}

// sum adds what of gives for every chunk, in order.
func (w workers) sum(n int, of func(from, to int) float64) float64 {
	parts := make([]float64, chunksOf(n))
	w.chunks(n, func(c, from, to int) { parts[c] = of(from, to) })
	total := 0.0
	for _, v := range parts {
		total += v
	}
	return total
}
