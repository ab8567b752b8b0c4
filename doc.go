// Package drift is the theory of diffusion models: how clean data dissolve
// into noise, and how noise walks back to data.
//
// Everything hangs on one equation. A diffused sample holds a little signal and
// a little noise,
//
//	x_t = Alpha·x_0 + Sigma·ε,   ε ~ N(0, I),
//
// so a [Level] is the pair (Alpha, Sigma), a [Process] is a curve of levels from
// data to noise, a [Denoiser] answers E[x_0 | x_t], and a [Solver] turns those
// answers into steps from noise to data. [Sampler.Walk] is the only sampling loop.
//
// This package knows no network, no file and no screen, and imports none of the
// packages below it: solvers live in drift/solver, closed-form truth in
// drift/exact, networks in drift/nn.
package drift
