package cpu

import (
	"sync"

	"drift/backend/cpu/internal/isa"
	"drift/backend/cpu/internal/kernel"
)

// Peak measures the multiply-adds that so many threads do at once when no memory
// hinders them, in GFLOP/s, with the instructions that kernels use: the most that a
// product or a convolution could reach. It takes some 10 ms.
func Peak(threads int) float64 {
	set, err := isa.Best()
	if err != nil {
		return 0
	}
	rates := make([]float64, threads)
	var all sync.WaitGroup
	for i := range rates {
		all.Go(func() { rates[i] = kernel.Peak(set) })
	}
	all.Wait()
	sum := 0.0
	for _, r := range rates {
		sum += r
	}
	return sum
}
