package main

import (
	"os"
	"syscall"
)

// mostMemory is how many MiB a process had at most, which has ended.
func mostMemory(p *os.ProcessState) float64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return float64(u.Maxrss) / 1024
	}
	return 0
}
