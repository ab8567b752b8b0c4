//go:build !amd64 || purego

package kernel

var tiles = []*Tile{portable}
