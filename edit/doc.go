// Package edit holds what people do with pictures and a denoiser beside plain
// sampling, a short file each: painting what is missing, varying, mixing, inverting.
//
// Everything works on samples as the denoiser sees them (standardised) and on any
// [drift.Denoiser]. It imports the root package and drift/solver.
package edit
