package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"drift/internal/near"
	"drift/run"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &output{to: stdout, broken: cancel}
	// A mistake in an earlier flag keeps cobra from seeing --json.
	c := &console{out: out, err: stderr, json: slices.Contains(args, "--json")}
	root := newRoot(c)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if _, marked := err.(usageError); err != nil && !marked && !c.began {
		err = usageError{err}
	}
	if out.err != nil {
		err = fmt.Errorf("standard output: cannot write: %w", out.err)
	}
	c.failed(err)
	return exitCode(err)
}

func newRoot(c *console) *cobra.Command {
	root := &cobra.Command{
		Use:   "drift",
		Short: "Diffusion models in Go: train, sample, prove, draw",
		Long: "Drift trains diffusion models on your own points or pictures, samples them, measures how\n" +
			"close they came, and draws the way from noise to data. Start with: drift demo",
		Version:       run.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().BoolVar(&c.json, "json", c.json, "write JSON, one object a line; the last line is the result")
	root.SetFlagErrorFunc(mistakenFlag)
	root.AddCommand(
		newDemo(c),
		newTrain(c),
		newDoctor(c),
		newSample(c),
		newEdit(c),
		newDistil(c),
		newEval(c),
		newCompare(c),
		newHub(c),
		newBench(c),
		newData(c),
		newFigures(c),
		newProcesses(c),
		newGrids(c),
		newSolvers(c),
	)
	for _, sub := range root.Commands() {
		wrapArgs(sub)
		c.noteBeginning(sub)
	}
	root.Args = oneOf
	root.RunE = func(cmd *cobra.Command, args []string) error { return cmd.Help() }
	return root
}

// oneOf refuses a command that a group of commands does not have.
func oneOf(group *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range group.Commands() {
		names = append(names, sub.Name())
	}
	return usageError{fmt.Errorf("command: found %q%s, expected one of those that `%s --help` lists",
		args[0], near.Hint(args[0], names), group.CommandPath())}
}

// noteBeginning sees to it that mistakes that are found before a command begins, such as a
// flag that is missing, are known as mistakes of usage.
func (c *console) noteBeginning(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			c.began = true
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		c.noteBeginning(sub)
	}
}

// wrapArgs marks mistakes in positional arguments as mistakes of usage.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	if check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if _, marked := err.(usageError); err != nil && !marked {
				return usageError{fmt.Errorf("%s: %w; usage: %s", cmd.CommandPath(), err, cmd.UseLine())}
			}
			return err
		}
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}

// mistakenFlag tells what is wrong with a flag, and which was probably meant.
func mistakenFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		hint := near.Hint("--"+unknown.GetSpecifiedName(), names)
		return usageError{fmt.Errorf("%w%s; `%s --help` lists the flags", err, hint, cmd.CommandPath())}
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		if kind, known := kinds[f.Value.Type()]; known {
			return usageError{fmt.Errorf("--%s: found %q, expected %s", f.Name, invalid.GetValue(), kind)}
		}
	}
	return usageError{err}
}

// kinds is what people call the types of flags.
var kinds = map[string]string{
	"int": "a whole number", "uint64": "a whole number from 0 to 18446744073709551615", "float64": "a number", "bool": "true or false",
}

// example indents an example as cobra expects it.
func example(lines ...string) string { return "  " + strings.Join(lines, "\n  ") }
