// Package render draws pictures that people are glad to look at: strips, terrains,
// walks, curves and grids, as PNG, SVG and GIF.
//
// It knows samples and densities, and nothing of networks, runs or processes. Sizes
// are in logical pixels; pictures are twice as fine and animations as fine as that.
// Colours are perceptual and safe for the colour-blind. The same input gives the
// same bytes.
//
// It imports the root package and drift/internal/safefile.
package render
