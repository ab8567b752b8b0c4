package train

import "drift/nn"

// Begun is the state of a run before its first step, whose weights and averaged weights
// are those given, under the names of the network's own variables.
func Begun(weights nn.State) nn.State {
	state := nn.State{stepTensor: {DType: "Int64", Shape: []int{}, Data: make([]byte, 8)}}
	for name, t := range weights {
		state[name], state[emaPrefix+name] = t, t
	}
	return state
}
