//go:build !amd64 || purego

package kernel

var tiles = []Tile{
	{M: goM, N: goN, Rows: rowsGo, Cols: colsGo, PanelsM: panelsMGo, PanelsN: panelsNGo, Transpose8: transpose8Go,
		WinogradInput: winogradInputGo, WinogradKernel: winogradKernelGo, WinogradOutput: winogradOutputGo, WinogradGradient: winogradGradientGo, WinogradTaps: winogradTapsGo,
		peak: peakGo, width: 1},
}
