// Package exact is the closed-form truth that everything learned is held against:
// data whose diffused density, score and posterior mean are known at every level.
//
// A [Mixture] is a mixture of Gaussians in any dimension, with full covariances and
// classes. [Data] is a finite set of points, whose exact denoiser only ever returns
// averages of those points: what a network that has memorised its data would do.
// Both make [drift.Denoiser]s, so every solver, metric and picture can be tried on
// them with no network and no training.
//
// Of drift it imports the root package, and work split among processors.
package exact
