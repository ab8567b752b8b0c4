// Package metric measures how close samples and denoisers come to the truth.
//
// Two sets of samples: [SlicedWasserstein], [MMD], [Energy], [TwoSampleTest]. One set
// and what is known of the truth: [ClassAccuracy], [ClassMoments], [ModeCoverage],
// [MeanLogDensity]. Features of pictures: [FID], [KID], [Overlap] (precision, recall, density,
// coverage), [Copies]. Denoisers: [DenoiserError] needs the exact answer beside the
// learned one, [Memorisation] the data that were learned; [Copying] finds those data again
// among samples.
//
// No distance between two sets of samples is 0, even if both come from one source, so
// each has a floor: the same distance between fresh draws of the truth ([Floor]). An
// [Estimate] carries its range. Everything random is keyed, so a metric of the same
// input is the same number every time, for any number of threads.
//
// It imports the root package, work split among processors, and gonum's linear algebra.
package metric
