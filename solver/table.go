package solver

import (
	"fmt"
	"slices"

	"drift"
)

// Info describes one solver: a row of the table.
type Info struct {
	Name       string // as in `drift sample --solver`
	Order      int    // of convergence of the global error in the step size; 0 where only the distribution converges
	NFE        int    // denoiser evaluations a step
	Stochastic bool   // whether it adds noise on the way
	Source     string // paper and equation
	New        func() drift.Solver
}

// table is every solver that drift knows; a new one is a file and a row.
var table = []Info{
	{"ddpm", 0, 1, true, "Ho et al. 2020, arXiv:2006.11239, eq. 6-7", DDPM},
	{"ddim", 1, 1, false, "Song et al. 2021, arXiv:2010.02502, eq. 12 with η = 0", func() drift.Solver { return DDIM(0) }},
	{"heun", 2, 2, false, "Karras et al. 2022, arXiv:2206.00364, algorithm 1", Heun},
	{"dpm++2m", 2, 1, false, "Lu et al. 2022, arXiv:2211.01095, algorithm 2", DPMSolverPP2M},
}

// All lists the solvers in a fixed order.
func All() []Info { return slices.Clone(table) }

// ByName finds a solver, or says which names there are.
func ByName(name string) (Info, error) {
	var names []string
	for _, s := range table {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Info{}, fmt.Errorf("solver: found %q, expected one of %q", name, names)
}
