// Package shape finds pictures that look alike before any network has seen them: Describe
// turns a picture into numbers that tell where its outlines run and where its light lies,
// Group parts any rows of numbers into groups of near ones.
//
// A network that is told to which group of its class a picture belongs can be asked for one,
// and need not find out by itself how the class may sit, stand or look at us. Groups as
// conditions, from other features, are in Hu et al. 2023 (arXiv:2210.06462) and Adaloglou et
// al. 2024 (arXiv:2403.00570).
//
// It imports the root package, drift/metric, which finds nearest rows, drift/internal/parallel, and
// gonum for principal components.
package shape
