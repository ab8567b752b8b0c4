//go:build !amd64 || purego

package kernel

var tiles = []*Tile{portable}

var amx, dot *BF16 // there are none
