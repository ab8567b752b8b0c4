// Package run is a run directory: the one thing that ties training to sampling.
//
//	RUN/manifest.toml     what was learnt, and all that sampling needs to know of it
//	RUN/config.toml       the resolved configuration of the training
//	RUN/metrics.jsonl     one JSON object a line: loss, rate, held-out loss by level
//	RUN/checkpoints/      step-*.safetensors, checksummed: the last three and the best
//	RUN/ema/              step-*.safetensors, snapshots of power averages, if the run keeps them
//	RUN/lock              held by the one process that writes
//
// Every file is either whole or not there, but for metrics.jsonl, which grows line by line. A run can be moved, copied and sampled
// anywhere; its data set is needed only to train it further or to evaluate it.
package run
