// Package distil teaches a network to jump: to go in one step where its teacher takes
// many. A jump is a step of DDIM with the network's answer in place of D,
//
//	x_to = Alpha'·x̂ + Sigma'/Sigma·(x - Alpha·x̂),
//
// so that a model that jumps is a Denoiser that also knows where the step shall end, and
// any answer for a jump of no length is the teacher's own. One network learns the jumps of
// 1, 2, 4 … steps together.
//
// It imports the root package, drift/nn and drift/train.
package distil
