// Package parallel splits work among processors in a way that changes nothing but
// the time. It imports nothing of drift.
package parallel

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

// enough is how many simple operations outweigh a goroutine by far.
const enough = 1 << 18

// Blocks splits 0 ≤ i < n among the processors and calls do for each part. One i
// costs about cost simple operations; too little work stays on one processor. What
// do computes for an i must not depend on the split. If do panics, Blocks does so once
// all parts are done, with what the first of those that panicked said; where is lost, but
// for standard error where DRIFT_DEBUG is set.
func Blocks(n, cost int, do func(lo, hi int)) {
	workers := min(runtime.GOMAXPROCS(0), n*cost/enough+1, max(n, 1))
	if workers == 1 {
		do(0, n)
		return
	}
	var wait sync.WaitGroup
	broken := make([]any, workers)
	for w := range workers {
		wait.Go(func() {
			defer func() {
				if broken[w] = recover(); broken[w] != nil && os.Getenv("DRIFT_DEBUG") != "" {
					os.Stderr.Write(debug.Stack())
				}
			}()
			do(w*n/workers, (w+1)*n/workers)
		})
	}
	wait.Wait()
	for _, b := range broken {
		if b != nil {
			panic(b)
		}
	}
}
