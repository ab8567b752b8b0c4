//go:build !amd64 || purego

package isa

func widest() Set { return Portable }
