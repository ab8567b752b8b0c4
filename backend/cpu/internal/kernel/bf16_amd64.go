//go:build amd64 && !purego

package kernel

var dot = &BF16{Name: "dot", Gain: dotGain, Round: roundBF16, Pairs: pairsBF16, Turn: turnBF16, TurnPairs: turnPairsBF16, Multiply: multiplyDot}

var amx = &BF16{
	Name: "amx", Gain: amxGain, Round: roundBF16, Pairs: pairsBF16, Turn: turnBF16, TurnPairs: turnPairsBF16,
	Multiply: func(c *float32, ldc, cNext uintptr, a *uint16, lda, aNext uintptr, b *uint16, segments *uintptr, count, k, blocks, load uintptr) {
		multiplyAMX(&tileConfig[0], c, ldc, cNext, a, lda, aNext, b, segments, count, k, blocks, load)
	},
}

// tileConfig says that all eight registers of AMX have 16 rows of 64 bytes.
var tileConfig = func() (config [64]byte) {
	config[0] = 1 // the palette
	for tile := range 8 {
		config[16+2*tile] = 64
		config[48+tile] = 16
	}
	return config
}()
