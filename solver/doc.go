// Package solver holds the ways to walk from noise to data, one small file each.
//
// A solver sees a [drift.Denoiser] and nothing else of the model, does nothing but
// arithmetic on batches in float64, and is one row of the table in table.go.
//
// All of them obey the same rules at the ends, where λ = log(Alpha/Sigma) is
// infinite: a step into Sigma = 0 is x = D(x), nothing is evaluated at Sigma = 0,
// and history across an infinite λ is dropped.
//
// Of drift it imports the root package, and names that were meant.
package solver
