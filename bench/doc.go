// Package bench holds what drift is measured on: networks and batches on which other
// libraries are measured as well, and how long a forward pass and a training step take.
//
// bench/peers holds the same work for PyTorch and ONNX Runtime, bench/compare runs all
// in turn and prints a table, and bench/ops lists what a training step asks of an engine.
//
// It imports the root package, drift/solver and drift/nn.
package bench
