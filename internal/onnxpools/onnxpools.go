// Package onnxpools rewrites the pools of an ONNX file so that onnx-gomlx reads them: it
// refuses what most exporters state although it is the default, takes missing strides for
// the window's size, and knows no averages that count their padding. It imports nothing of
// drift.
//
// Only the nodes in question are rewritten, on the level of protocol buffers. All other
// bytes stay as they are.
package onnxpools

import (
	"encoding/binary"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of the messages in onnx.proto.
const (
	modelGraph = 7
	graphNode  = 1

	nodeInput, nodeOutput, nodeOp, nodeAttribute, nodeDomain = 1, 2, 4, 5, 7

	attributeName, attributeInt, attributeString, attributeTensor, attributeInts, attributeType = 1, 3, 4, 5, 8, 20

	tensorDims, tensorType, tensorRaw = 1, 2, 9

	typeTensor, typeInts = 4, 7 // of an attribute
	int64s               = 7    // in a tensor
)

// Rewrite returns a file's bytes with its pools rewritten, or the very same bytes if there
// is nothing to do. A file that is no protocol buffer is an error.
func Rewrite(file []byte) ([]byte, error) {
	out, err := replace(file, modelGraph, func(graph []byte) ([][]byte, error) {
		graph, err := replace(graph, graphNode, rewriteNode)
		return [][]byte{graph}, err
	})
	if err != nil {
		return nil, fmt.Errorf("ONNX: found what is no protocol buffer: %w", err)
	}
	return out, nil
}

// each calls f with each field of a message: its number, its value if that is bytes, and
// all of it.
func each(message []byte, f func(number protowire.Number, value, whole []byte) error) error {
	for len(message) > 0 {
		number, kind, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		n := protowire.ConsumeFieldValue(number, kind, message[tag:])
		if n < 0 {
			return protowire.ParseError(n)
		}
		var value []byte
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(message[tag:])
		}
		if err := f(number, value, message[:tag+n]); err != nil {
			return err
		}
		message = message[tag+n:]
	}
	return nil
}

// replace puts what f returns in place of each field of a number. It returns the message
// itself if f always returns what it was given.
func replace(message []byte, field protowire.Number, f func(value []byte) ([][]byte, error)) ([]byte, error) {
	var out []byte
	done := 0 // bytes of message that are in out
	at := 0
	err := each(message, func(number protowire.Number, value, whole []byte) error {
		at += len(whole)
		if number != field || value == nil {
			return nil
		}
		values, err := f(value)
		if err != nil || len(values) == 1 && len(values[0]) == len(value) && (len(value) == 0 || &values[0][0] == &value[0]) {
			return err
		}
		out = append(out, message[done:at-len(whole)]...)
		for _, v := range values {
			out = appendBytes(out, field, v)
		}
		done = at
		return nil
	})
	if err != nil || done == 0 {
		return message, err
	}
	return append(out, message[done:]...), nil
}

func appendBytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}

func appendInt(b []byte, field protowire.Number, value int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(value))
}

// node is what is known of a node.
type node struct {
	op, domain      string
	inputs, outputs []string
	attributes      map[string]attribute
}

type attribute struct {
	integer int64
	text    string
	ints    []int64
}

func parseNode(message []byte) (n node, err error) {
	n.attributes = map[string]attribute{}
	err = each(message, func(number protowire.Number, value, _ []byte) error {
		switch number {
		case nodeInput:
			n.inputs = append(n.inputs, string(value))
		case nodeOutput:
			n.outputs = append(n.outputs, string(value))
		case nodeOp:
			n.op = string(value)
		case nodeDomain:
			n.domain = string(value)
		case nodeAttribute:
			name, a, err := parseAttribute(value)
			if err != nil {
				return err
			}
			n.attributes[name] = a
		}
		return nil
	})
	return n, err
}

func parseAttribute(message []byte) (name string, a attribute, err error) {
	err = each(message, func(number protowire.Number, value, whole []byte) error {
		_, kind, tag := protowire.ConsumeTag(whole)
		integer, _ := protowire.ConsumeVarint(whole[tag:])
		switch {
		case number == attributeName:
			name = string(value)
		case number == attributeString:
			a.text = string(value)
		case number == attributeInt && kind == protowire.VarintType:
			a.integer = int64(integer)
		case number == attributeInts && kind == protowire.VarintType:
			a.ints = append(a.ints, int64(integer))
		case number == attributeInts:
			for len(value) > 0 {
				v, n := protowire.ConsumeVarint(value)
				if n < 0 {
					return protowire.ParseError(n)
				}
				a.ints = append(a.ints, int64(v))
				value = value[n:]
			}
		}
		return nil
	})
	return name, a, err
}

// rewriteNode returns the nodes that stand for a node, which is itself unless it is a pool
// that is not read as it is.
func rewriteNode(message []byte) ([][]byte, error) {
	same := [][]byte{message}
	n, err := parseNode(message)
	if err != nil {
		return nil, err
	}
	window := n.attributes["kernel_shape"].ints
	if n.domain != "" && n.domain != "ai.onnx" || n.op != "MaxPool" && n.op != "AveragePool" || len(n.inputs) != 1 || len(n.outputs) == 0 || len(window) == 0 {
		return same, nil
	}
	var drop []string
	var add [][]byte
	has := func(name string) bool { _, ok := n.attributes[name]; return ok }
	if has("dilations") && all(n.attributes["dilations"].ints, 1) {
		drop = append(drop, "dilations")
	}
	if !has("strides") {
		add = append(add, intsAttribute("strides", slices.Repeat([]int64{1}, len(window))))
	}
	if has("auto_pad") && n.attributes["auto_pad"].text == "VALID" {
		drop = append(drop, "auto_pad", "pads")
	}
	input, before := n.inputs[0], [][]byte(nil)
	if n.op == "AveragePool" && n.attributes["count_include_pad"].integer == 1 && (!has("auto_pad") || slices.Contains(drop, "auto_pad") || n.attributes["auto_pad"].text == "NOTSET") {
		pads := n.attributes["pads"].ints
		switch {
		case !has("pads") || slices.Contains(drop, "pads") || all(pads, 0):
			drop = append(drop, "count_include_pad")
		case len(pads) == 2*len(window) && n.attributes["ceil_mode"].integer == 0:
			drop = append(drop, "count_include_pad", "pads")
			input = "padded for " + n.outputs[0]
			before = pad(n.inputs[0], input, pads)
		}
	}
	if len(drop) == 0 && len(add) == 0 {
		return same, nil
	}
	pool, err := edited(message, input, drop, add)
	return append(before, pool), err
}

func all(values []int64, v int64) bool {
	return !slices.ContainsFunc(values, func(x int64) bool { return x != v })
}

// edited is a node with another input and other attributes.
func edited(message []byte, input string, drop []string, add [][]byte) (out []byte, err error) {
	err = each(message, func(number protowire.Number, value, whole []byte) error {
		switch number {
		case nodeInput:
			out = appendBytes(out, nodeInput, []byte(input))
		case nodeAttribute:
			name, _, err := parseAttribute(value)
			if err != nil || slices.Contains(drop, name) {
				return err
			}
			out = append(out, whole...)
		default:
			out = append(out, whole...)
		}
		return nil
	})
	for _, a := range add {
		out = appendBytes(out, nodeAttribute, a)
	}
	return out, err
}

// pad is the nodes that pad an input [N, C, places…] with zeros, as the pads of its pool,
// those before all places and then those after them, say.
func pad(input, output string, pads []int64) [][]byte {
	half := len(pads) / 2
	pads = slices.Concat([]int64{0, 0}, pads[:half], []int64{0, 0}, pads[half:])
	var raw []byte
	for _, p := range pads {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(p))
	}
	tensor := appendBytes(appendInt(appendInt(nil, tensorDims, int64(len(pads))), tensorType, int64s), tensorRaw, raw)
	value := appendInt(appendBytes(appendBytes(nil, attributeName, []byte("value")), attributeTensor, tensor), attributeType, typeTensor)
	sizes := "sizes of what is " + output
	return [][]byte{
		appendBytes(newNode("Constant", nil, sizes), nodeAttribute, value),
		newNode("Pad", []string{input, sizes}, output),
	}
}

func newNode(op string, inputs []string, output string) (n []byte) {
	for _, in := range inputs {
		n = appendBytes(n, nodeInput, []byte(in))
	}
	return appendBytes(appendBytes(n, nodeOutput, []byte(output)), nodeOp, []byte(op))
}

func intsAttribute(name string, values []int64) []byte {
	a := appendBytes(nil, attributeName, []byte(name))
	for _, v := range values {
		a = appendInt(a, attributeInts, v)
	}
	return appendInt(a, attributeType, typeInts)
}
