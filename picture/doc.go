// Package picture turns files of pictures into pixels of one size: PNG, JPEG, GIF,
// WebP and BMP, of any colour model, with limits that are checked before anything is
// unpacked.
//
// Decode reads a file and lays it onto a background, Fit resizes and crops, Channels and
// Flip do what they say. It imports nothing of drift.
package picture
