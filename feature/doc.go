// Package feature turns pictures into features, and compares sets of pictures by them.
//
// An [Extractor] is a [Classifier] that drift trains on the data set itself and keeps
// in the folder of data sets, by the hash of the data ([Open]), the same network untrained where there are no classes ([Untrained]), or
// a network that the user brings ([OpenONNX]). [Compare] measures two sets of
// pictures on features, each metric beside its floor; [Preview] is FID on few pictures,
// for a look during training.
//
// It imports the root package, drift/picture, drift/nn, drift/metric, drift/dataset and drift/train.
package feature
