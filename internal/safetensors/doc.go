// Package safetensors reads and writes files of tensors in the safetensors format: eight
// bytes that hold the length of a header, the header in JSON, and the values
// (https://github.com/huggingface/safetensors, section "Format").
//
// It trusts nothing that a header says: sizes, offsets and names are checked against
// each other and against the file before anything is read or made room for. It imports
// nothing of drift.
package safetensors
