//go:build amd64 && !purego

package kernel

import "drift/backend/cpu/internal/isa"

var tiles = []*Tile{
	isa.Portable: portable,
	isa.AVX2: {Set: isa.AVX2, M: 6, N: 16, Rows: rowsAVX2, Cols: colsAVX2, PanelsM: panelsMAVX2, PanelsN: panelsNAVX2, Transpose8: transpose8AVX2,
		WinogradInput: winogradInputAVX2, WinogradKernel: winogradKernelAVX2, WinogradOutput: winogradOutputAVX2, WinogradGradient: winogradGradientAVX2, WinogradTaps: winogradTapsAVX2,
		peak: peakAVX2, width: 8},
	isa.AVX512: {Set: isa.AVX512, M: 12, N: 32, Rows: rowsAVX512, Cols: colsAVX512, PanelsM: panelsMAVX512, PanelsN: panelsNAVX512, Transpose8: transpose8AVX2,
		WinogradInput: winogradInputAVX512, WinogradKernel: winogradKernelAVX512, WinogradOutput: winogradOutputAVX512, WinogradGradient: winogradGradientAVX512, WinogradTaps: winogradTapsAVX512,
		peak: peakAVX512, width: 16},
}
