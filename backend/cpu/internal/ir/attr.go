package ir

import "github.com/gomlx/compute"

// Operations that GoMLX does not send: those that lowering makes.
const (
	OpCopy    compute.OpType = 10_000 + iota // the input, in memory of its own
	OpProduct                                // a batch of matrix products
	OpConv                                   // a convolution, or one of its gradients
)

var loweredNames = map[compute.OpType]string{OpCopy: "Copy", OpProduct: "Product", OpConv: "Conv"}

// Attributes of operations, as compute.Function has them. Operations that are not
// here have none, or none that drift's own kernels look at: then Attr is an [Args].

// Parameter is which input of the computation a node stands for.
type Parameter struct {
	Name  string
	Index int
}

// Constant holds a slice of the values' Go type.
type Constant struct{ Flat any }

// Axes are the permutation of a Transpose, the broadcastAxes of a BroadcastInDim,
// the axes of a reduction or of a Reverse, or the one axis of a Concatenate or Iota.
type Axes []int

// Slice takes every stride-th of start ≤ i < limit on each axis.
type Slice struct{ Starts, Limits, Strides []int }

// Pad is the padding of each axis; missing ones have none.
type Pad []compute.PadAxis

// Dot is a DotGeneral: the axes that are summed over, and those that both sides share.
type Dot struct {
	LhsContracting, LhsBatch []int
	RhsContracting, RhsBatch []int
	Config                   compute.DotGeneralConfig
}

// Conv is a ConvGeneral, with every list filled in.
type Conv struct {
	Axes                            compute.ConvolveAxesConfig
	Strides                         []int
	Paddings                        [][2]int
	InputDilations, KernelDilations []int
	ChannelGroups, BatchGroups      int
}

// Window is a ReduceWindow; lists that are missing stand for windows of 1, strides of the
// window's size, no padding and no dilation.
type Window struct {
	Reduction                                      compute.ReduceOpType
	Size, Strides, InputDilations, WindowDilations []int
	Paddings                                       [][2]int
}

// Gather is a Gather but for its two operands.
type Gather struct {
	IndexVectorAxis                                                 int
	OffsetOutputAxes, CollapsedSliceAxes, StartIndexMap, SliceSizes []int
}

// Scatter is a ScatterSum, ScatterMax or ScatterMin but for its three operands.
type Scatter struct {
	IndexVectorAxis                                                int
	UpdateWindowAxes, InsertedWindowAxes, ScatterAxesToOperandAxes []int
}

// Args are attributes that only a [Node.Build] understands; they tell nodes apart.
type Args []any
