//go:build !unix

package main

import "os"

// terminate is all that can be sent where there are no signals; tests of signals do
// not run there.
var terminate = os.Kill
