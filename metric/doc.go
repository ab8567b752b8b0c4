// Package metric measures how close samples and denoisers come to the truth.
//
// Samples: [SlicedWasserstein], [ClassAccuracy], [ClassMoments]. Denoisers:
// [DenoiserError], which needs the exact answer beside the learned one. A distance
// between two sets of samples is never 0, even if both come from one source, so
// each has a floor: the same distance between fresh draws of the truth. Everything
// random is keyed, so a metric of the same input is the same number every time.
//
// It imports the root package only.
package metric
