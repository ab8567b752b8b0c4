// Package dataset is where samples come from and where they are written to: toy
// shapes in the plane, an embedded set of handwritten digits, any table of numbers
// in a CSV or TSV file, and pictures: in folders and zip archives, IDX, CIFAR, Parquet
// and NumPy files. Get brings sets that others publish, Check says what is wrong with
// a set, and Augment changes pictures so that a network need not learn the changes.
//
// Open turns a name or a path into a Set. Set.Split holds samples out for judging,
// Fit measures a Scale, and Scale.Standardise and Scale.Restore carry batches from
// the user's own units to mean 0 and standard deviation 1 and back. WriteCSV and
// WriteNPY write samples out.
//
// Every random choice is keyed by (seed, purpose, sample), so the same options
// always give the same samples, and the first n of a longer set are the shorter set.
//
// It imports the root package; drift/exact, whose mixture is the truth behind the set
// "dogcat"; drift/picture, which decodes; and internal rooms, among them those for Parquet and downloads.
package dataset
