// Command drift trains, samples, measures and draws diffusion models. It is flags
// and wiring; what it does is done by the packages above it.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)   // a second signal ends drift at once
	signal.Ignore(syscall.SIGPIPE) // a broken pipe is an error of writing; see output
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errStopped ends a command that was interrupted and has said so itself.
var errStopped = errors.New("stopped")

// exitCode is what the shell sees: 0 for success, 1 for an error, 2 for a command
// line that cannot be understood, 130 for an interruption, 141 if nobody reads the
// output any more.
func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, syscall.EPIPE):
		return 141
	case errors.Is(err, errStopped) || errors.Is(err, context.Canceled):
		return 130
	case errors.As(err, &usage):
		return 2
	}
	return 1
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }
