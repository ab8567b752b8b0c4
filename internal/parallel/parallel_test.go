package parallel

import (
	"runtime"
	"testing"
)

// What panics does so where Blocks was called, so that whoever guards that is not killed;
// of several it is the first part's.
func TestBlocksPanicsInItsCaller(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for name, cost := range map[string]int{"one part": 1, "four parts": enough} {
		func() {
			defer func() {
				if r := recover(); r != "broken at 1" {
					t.Errorf("%s: found panic %v, expected the first one", name, r)
				}
			}()
			Blocks(8, cost, func(lo, hi int) {
				for i := lo; i < hi; i++ {
					if i == 1 {
						panic("broken at 1")
					}
					if i == 5 {
						panic("broken at 5")
					}
				}
			})
			t.Errorf("%s: found no panic", name)
		}()
	}
}
