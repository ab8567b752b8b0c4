//go:build !amd64 || purego

package kernel

var tiles = []Tile{
	{M: goM, N: goN, Rows: rowsGo, Cols: colsGo, peak: peakGo, width: 1},
}
