//go:build !amd64 || purego

package vec

import "drift/backend/cpu/internal/isa"

func kernelsOf(isa.Set) *kernels { return portable() }
