//go:build !linux || !amd64 || purego

package isa

import "errors"

func amx() error {
	return errors.New("found a build without it, expected one for Linux on amd64, with assembly")
}
