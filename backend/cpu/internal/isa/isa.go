// Package isa says which instructions the kernels may use: the widest set that
// the machine has, or a narrower one that DRIFT_CPU_ISA asks for. It imports
// nothing of the backend.
package isa

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// Set is a set of vector instructions. Each one includes those before it.
type Set int

// The sets, from the narrowest.
const (
	Portable Set = iota // Go alone
	AVX2                // with FMA: 8 float32 at once
	AVX512              // F, BW, DQ and VL, with BMI2: 16 float32 at once
)

var names = []string{"portable", "avx2", "avx512"}

func (s Set) String() string { return names[s] }

// Env names the variable that asks for a set.
const Env = "DRIFT_CPU_ISA"

// Available lists the sets that this machine and build can run, narrowest first.
func Available() []Set {
	sets := []Set{Portable}
	for s := AVX2; s <= widest(); s++ {
		sets = append(sets, s)
	}
	return sets
}

// Best is the set that kernels use unless told otherwise: the one that [Env] names,
// or the widest that the machine has. An error says what is wrong with [Env].
var Best = sync.OnceValues(func() (Set, error) { return choose(os.Getenv(Env), widest()) })

// choose reads a wish; without one, the widest set is it.
func choose(wish string, widest Set) (Set, error) {
	if wish == "" {
		return widest, nil
	}
	for i, name := range names {
		if wish == name && Set(i) <= widest {
			return Set(i), nil
		}
	}
	return Portable, fmt.Errorf("%s: found %q, expected one of %s", Env, wish, strings.Join(names[:widest+1], ", "))
}

// BF16 says why there are no kernels for products in bfloat16, if there are none. They
// need [AVX512] and AVX512_BF16, and are faster with AMX.
func BF16() error {
	set, err := Best()
	switch {
	case err != nil:
		return err
	case set != AVX512:
		return fmt.Errorf("bfloat16: found the kernels %v, expected %v", set, AVX512)
	}
	if err := bf16(); err != nil {
		return fmt.Errorf("bfloat16: %w", err)
	}
	return nil
}

// AMX says why kernels for products in bfloat16 do not use AMX, if they do not.
func AMX() error {
	if err := BF16(); err != nil {
		return err
	}
	if err := amx(); err != nil {
		return fmt.Errorf("AMX: %w", err)
	}
	return nil
}
