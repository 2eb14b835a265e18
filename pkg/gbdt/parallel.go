package gbdt

import "sync"

// each calls f for 0 to n-1, on at most workers goroutines. Which of them calls it must not matter.
func each(workers, n int, f func(i int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}

// parts calls f for neighbouring parts of 0 to n-1, one a worker.
func parts(workers, n int, f func(from, to int)) {
	if workers = min(workers, n); workers <= 1 {
		f(0, n)
		return
	}
	each(workers, workers, func(w int) { f(w*n/workers, (w+1)*n/workers) })
}
