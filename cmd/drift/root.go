package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"drift/run"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &console{out: stdout, err: stderr}
	root := newRoot(c)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
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
	root.PersistentFlags().BoolVar(&c.json, "json", false, "write JSON, one object a line; the last line is the result")
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(suggestFlag)
	root.AddCommand(newDemo(c), newTrain(c), newSample(c), newEval(c), newData(c), newFigures(c), newProcesses(c), newGrids(c), newSolvers(c))
	for _, sub := range root.Commands() {
		wrapArgs(sub)
	}
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return usageError{fmt.Errorf("command: found %q, expected one of those that `drift --help` lists%s",
			args[0], didYouMean(root.SuggestionsFor(args[0])))}
	}
	root.RunE = func(cmd *cobra.Command, args []string) error { return cmd.Help() }
	return root
}

// wrapArgs marks mistakes in positional arguments as mistakes of usage.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	if check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{fmt.Errorf("%s: %w; usage: %s", cmd.CommandPath(), err, cmd.UseLine())}
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}

// suggestFlag names the flag that was probably meant.
func suggestFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError{err}
	}
	var near []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if distance(f.Name, unknown.GetSpecifiedName()) <= 2 {
			near = append(near, "--"+f.Name)
		}
	})
	return usageError{fmt.Errorf("%w%s; `%s --help` lists the flags", err, didYouMean(near), cmd.CommandPath())}
}

func didYouMean(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}

// distance is the number of letters to change, add or drop between two words
// (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// example indents an example as cobra expects it.
func example(lines ...string) string { return "  " + strings.Join(lines, "\n  ") }
