// Package program lowers a graph (package ir) to steps over planned memory, and
// runs them. Its passes, in order, each in a file of its own:
//
//	canonical.go  dot products and convolutions in the forms that kernels have
//	swap.go       dot products turned round if everybody reads them transposed
//	view.go       reshapes, transposes, broadcasts and slices as ways to read memory
//	fuse.go       element-wise operations in regions that go over memory once
//	schedule.go   an order of the units: regions, and operations on their own
//	plan.go       one arena for all that lives only while the program runs
//	tile.go       how many elements of a region are worked on together
//	region.go     each region as a short list of vector operations over tiles
//
// and then a file for each kind of step. A program may run many times at once.
package program
