//go:build linux && amd64 && !purego

package isa

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"golang.org/x/sys/cpu"
)

// permission asks the kernel once for the registers of AMX, which it gives to those who ask
// alone: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
var permission = sync.OnceValue(func() error {
	const request, tiles = 0x1023, 18
	if _, _, errno := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, request, tiles, 0); errno != 0 {
		return fmt.Errorf("the operating system does not give AMX's registers to this program: %w", errno)
	}
	return nil
})

func amx() error {
	if x := cpu.X86; !x.HasAMXTile || !x.HasAMXBF16 {
		return errors.New("found a processor without it, expected one with AMX-BF16")
	}
	return permission()
}
