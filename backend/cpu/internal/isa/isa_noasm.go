//go:build !amd64 || purego

package isa

import "errors"

func widest() Set { return Portable }

func bf16() error {
	return errors.New("found a build without it, expected one for amd64, with assembly")
}
