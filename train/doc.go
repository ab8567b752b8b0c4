// Package train holds the training loop: loss, optimiser, averaged weights, exact
// resume.
//
// What a step draws (which samples, levels, noise and dropped labels) is keyed by
// (seed, step), so a run that was stopped and restored draws what the straight run
// would have drawn, and ends with the same bytes.
//
// It imports the root package and drift/nn.
package train
