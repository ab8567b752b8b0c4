//go:build amd64 && !purego

package isa

import (
	"errors"

	"golang.org/x/sys/cpu"
)

func widest() Set {
	x := cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasBMI2 && x.HasAVX2 && x.HasFMA:
		return AVX512
	case x.HasAVX2 && x.HasFMA:
		return AVX2
	}
	return Portable
}

func bf16() error {
	if !cpu.X86.HasAVX512BF16 {
		return errors.New("found a processor without it, expected one with AVX512_BF16")
	}
	return nil
}
