//go:build !amd64 || purego

package kernel

var tiles = []*Tile{portable}

var amx *BF16 // there is none
