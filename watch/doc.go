// Package watch keeps the files that show how a training goes, in the run's own folder:
//
//	samples/step-000500.png   a grid of samples with the same seeds every time
//	progress.gif              those grids one after the other, when training ends or stops
//	tensorboard/              what metrics.jsonl says, and the grids, as TensorBoard reads them
//
// A resumed run goes on with them: what belongs to steps that are taken again is dropped
// first. It imports drift/run, drift/feature and drift/figure and what stands below them.
package watch
