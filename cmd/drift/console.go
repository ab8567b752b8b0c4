package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"drift/dataset"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// console is how drift speaks: results on out; progress on err, as a bar on a
// terminal and as plain lines elsewhere; with --json one object a line on out.
type console struct {
	out, err io.Writer
	json     bool
	began    bool // a command has begun to work

	bar      *progressbar.ProgressBar
	barTask  string
	lastLine time.Time
}

// output is standard output. When it breaks, as `| head` does, the command is asked
// to stop: it keeps what it has, as after Ctrl-C.
type output struct {
	to     io.Writer
	broken func()
	err    error // the first
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if err != nil && o.err == nil {
		o.err = err
		o.broken()
	}
	return n, err
}

// say prints a line for people; machines get only objects.
func (c *console) say(format string, args ...any) {
	c.endBar()
	if !c.json {
		fmt.Fprintf(c.out, format+"\n", args...)
	}
}

// warn tells people what they should know and might not expect.
func (c *console) warn(lines []string) {
	for _, line := range lines {
		c.endBar()
		fmt.Fprintln(c.err, "note:", line)
	}
}

// object prints a progress object, or the result as the last line.
func (c *console) object(v any) {
	if c.json {
		line, err := json.Marshal(v)
		if err != nil {
			line, _ = json.Marshal(map[string]string{"error": err.Error()})
		}
		fmt.Fprintf(c.out, "%s\n", line)
	}
}

// failed reports the error that ended a command.
func (c *console) failed(err error) {
	c.endBar()
	if err == nil || err == errStopped || errors.Is(err, syscall.EPIPE) {
		return
	}
	var left unfinished
	switch {
	case errors.As(err, &left):
		err = left
	case errors.Is(err, context.Canceled):
		err = errors.New("stopped before it was done; nothing was written")
	}
	c.object(map[string]string{"error": err.Error()})
	fmt.Fprintln(c.err, "drift:", err)
}

// unfinished is a download that was interrupted. What there is of it is kept.
type unfinished struct{}

func (unfinished) Error() string {
	return "stopped before it was done; what there is is kept, and the same command goes on from there"
}
func (unfinished) Unwrap() error { return context.Canceled }

// orUnfinished is an error of a download.
func orUnfinished(err error) error {
	if errors.Is(err, context.Canceled) {
		return unfinished{}
	}
	return err
}

// progress shows how far a task has come. Plain lines come at most every two
// seconds, and where a task begins and ends.
func (c *console) progress(task string, done, total int, note string) {
	if c.json {
		return
	}
	if c.terminal() {
		if c.barTask != task {
			c.endBar()
			c.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(c.err), progressbar.OptionSetWidth(30),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
			c.barTask = task
		}
		if c.bar.GetMax() != total { // a run with a time has another number of steps now and then
			c.bar.ChangeMax(total)
		}
		c.bar.Describe(task + note)
		c.bar.Set(done)
		return
	}
	if time.Since(c.lastLine) >= 2*time.Second || done == total || task != c.barTask {
		c.lastLine, c.barTask = time.Now(), task
		fmt.Fprintf(c.err, "%s %d/%d%s\n", task, done, total, note)
	}
}

// longReading is what takes long for a person who waits. It varies for tests alone.
var longReading = 2 * time.Second

// reading shows how far opening a data set has come, once that takes long.
func (c *console) reading() func(what string, done, total int) {
	var began time.Time
	return func(what string, done, total int) {
		if began.IsZero() {
			began = time.Now()
		}
		if time.Since(began) >= longReading {
			c.progress(what, done, total, "")
		}
	}
}

// opened is a data set that is opened while people watch.
func (c *console) opened(ctx context.Context, name string, o dataset.Options) (*dataset.Set, error) {
	o.Watch = c.reading()
	return dataset.OpenContext(ctx, name, o)
}

func (c *console) endBar() {
	if c.bar != nil {
		c.bar.Clear()
	}
	c.bar, c.barTask = nil, ""
}

// terminal says whether progress goes to a person's screen.
func (c *console) terminal() bool {
	f, ok := c.err.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}
