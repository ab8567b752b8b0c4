// Package hfparquet reads pictures and labels out of Parquet files as Hugging Face
// publishes data sets: a column of pictures, as bytes or as a group of bytes and
// path, and a column of classes, whose names the file's metadata may tell. It is the
// only room that knows Parquet, and it imports nothing of drift.
package hfparquet
