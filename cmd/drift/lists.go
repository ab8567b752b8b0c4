package main

import (
	"strings"
	"text/tabwriter"

	"drift"
	"drift/dataset"
	"drift/solver"

	"fmt"

	"github.com/spf13/cobra"
)

// listed is a process or a grid, for machines.
type listed struct {
	Name    string `json:"name"`
	Formula string `json:"formula"`
	Source  string `json:"source"`
}

func newProcesses(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "processes",
		Short:   "List the ways from data to noise, with formulas and papers",
		Example: example("drift processes"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var rows []listed
			var cells [][]string
			for _, p := range drift.Processes() {
				rows = append(rows, listed{p.Name, p.Formula, p.Source})
				cells = append(cells, []string{p.Name, p.Formula, p.Source})
			}
			c.table([]string{"name", "formula", "source"}, cells)
			c.object(map[string]any{"processes": rows})
			return nil
		},
	}
}

func newGrids(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "grids",
		Short:   "List the ways to space the levels of a walk, with formulas and papers",
		Example: example("drift grids"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var rows []listed
			var cells [][]string
			for _, s := range drift.Spacings() {
				rows = append(rows, listed{s.Name, s.Formula, s.Source})
				cells = append(cells, []string{s.Name, s.Formula, s.Source})
			}
			c.table([]string{"name", "formula", "source"}, cells)
			c.object(map[string]any{"grids": rows})
			return nil
		},
	}
}

func newSolvers(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "solvers",
		Short:   "List the ways to walk from noise to data, with order, cost and paper",
		Example: example("drift solvers"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			type row struct {
				Name       string `json:"name"`
				Order      int    `json:"order"`
				NFE        int    `json:"nfe"`
				Stochastic bool   `json:"stochastic"`
				Adaptive   bool   `json:"adaptive"`
				Source     string `json:"source"`
			}
			var rows []row
			var cells [][]string
			for _, s := range solver.All() {
				rows = append(rows, row{s.Name, s.Order, s.NFE, s.Stochastic, s.Adaptive, s.Source})
				order := fmt.Sprint(s.Order)
				if s.Order == 0 {
					order = "-"
				}
				nfe := fmt.Sprint(s.NFE)
				if s.Adaptive {
					nfe += " or more"
				}
				cells = append(cells, []string{s.Name, order, nfe, fmt.Sprint(s.Stochastic), s.Source})
			}
			c.table([]string{"name", "order", "nfe/step", "stochastic", "source"}, cells)
			c.object(map[string]any{"solvers": rows})
			return nil
		},
	}
}

// table prints rows in columns, for people.
func (c *console) table(head []string, rows [][]string) {
	if c.json {
		return
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(head, "\t")))
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	w.Flush()
}

// names joins the names of a list, for the help of a flag.
func names[T any](all []T, name func(T) string) string {
	var s []string
	for _, item := range all {
		s = append(s, name(item))
	}
	return strings.Join(s, ", ")
}

// complete offers the names of a list to the shell.
func complete[T any](all []T, name func(T) string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var s []string
		for _, item := range all {
			s = append(s, name(item))
		}
		return s, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeDatasets offers data sets by name, and files.
func completeDatasets(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var s []string
	if len(args) == 0 {
		for _, d := range dataset.List() {
			s = append(s, d.Name)
		}
	}
	return s, cobra.ShellCompDirectiveDefault
}
