package solver

import (
	"slices"

	"drift"
	"drift/internal/near"
)

// Info describes one solver: a row of the table.
type Info struct {
	Name       string // as in `drift sample --solver`
	Order      int    // of convergence of the global error in the step size; 0 where only the distribution converges
	NFE        int    // denoiser evaluations a step
	Stochastic bool   // whether it adds noise on the way
	Adaptive   bool   // whether a step may take several times NFE evaluations
	Source     string // paper and equation
	New        func() drift.Solver
}

// table is every solver that drift knows; a new one is a file and a row.
var table = []Info{
	{"ddpm", 0, 1, true, false, "Ho et al. 2020, arXiv:2006.11239, eq. 6-7", DDPM},
	{"ddpm-large", 0, 1, true, false, "Ho et al. 2020, arXiv:2006.11239, section 3.2, with the variance β_t", DDPMLarge},
	{"euler-a", 0, 1, true, false, "Song et al. 2021, arXiv:2010.02502, eq. 16 with η = 1, as Euler's method: the same step as ddpm", DDPM},
	{"ddim", 1, 1, false, false, "Song et al. 2021, arXiv:2010.02502, eq. 12 with η = 0", func() drift.Solver { return DDIM(0) }},
	{"ddim-compat", 1, 1, false, false, "as diffusers has it: bounds hold x_0, and ε stays free", DDIMFree},
	{"heun", 2, 2, false, false, "Karras et al. 2022, arXiv:2206.00364, algorithm 1", Heun},
	{"heun-churn", 0, 2, true, false, "Karras et al. 2022, arXiv:2206.00364, algorithm 2; γ = 40/256 where 0.05 ≤ Sigma/Alpha ≤ 50, S_noise = 1", func() drift.Solver { return ChurnedHeun(Churn{Gain: 40. / 256, Low: 0.05, High: 50, Inflate: 1}) }},
	{"dpm2", 2, 2, false, false, "Lu et al. 2022, arXiv:2206.00927, algorithm 1", DPM2},
	{"dpm2-a", 0, 2, true, false, "Lu et al. 2022, arXiv:2206.00927, algorithm 1; Song et al. 2021, arXiv:2010.02502, eq. 16", DPM2Ancestral},
	{"dpm++2s", 2, 2, false, false, "Lu et al. 2022, arXiv:2211.01095, algorithm 1", DPMSolverPP2S},
	{"dpm++2m", 2, 1, false, false, "Lu et al. 2022, arXiv:2211.01095, algorithm 2", DPMSolverPP2M},
	{"dpm++2m-sde", 0, 1, true, false, "Lu et al. 2022, arXiv:2211.01095, SDE-DPM-Solver++(2M)", DPMSolverPP2MSDE},
	{"dpm++3m", 3, 1, false, false, "Lu et al. 2022, arXiv:2211.01095, proposition 4.1 with a parabola", DPMSolverPP3M},
	{"dpm++3m-compat", 2, 1, false, false, "as k-diffusion and diffusers have it: half of the second difference is missing", DPMSolverPP3MCompat},
	{"dpm++3m-sde", 0, 1, true, false, "Lu et al. 2022, arXiv:2211.01095, and Xue et al. 2023, arXiv:2309.05019, proposition 4.2 with a parabola", DPMSolverPP3MSDE},
	{"dpm++3m-sde-compat", 0, 1, true, false, "as k-diffusion has it: half of the second difference is missing", DPMSolverPP3MSDECompat},
	{"lms", 4, 1, false, false, "Hairer, Nørsett & Wanner, Solving ODEs I, section III.5, in Sigma/Alpha", func() drift.Solver { return LMS(4) }},
	{"ipndm", 2, 1, false, false, "Zhang & Chen 2023, arXiv:2204.13902, iPNDM", IPNDM},
	{"deis", 3, 1, false, false, "Zhang & Chen 2023, arXiv:2204.13902, tAB-DEIS in λ", func() drift.Solver { return DEIS(3) }},
	{"unipc-1", 2, 1, false, false, "Zhao et al. 2023, arXiv:2302.04867, algorithms 1-2 with p = 1", func() drift.Solver { return UniPC(1) }},
	{"unipc-2", 3, 1, false, false, "Zhao et al. 2023, arXiv:2302.04867, algorithms 1-2 with p = 2", func() drift.Solver { return UniPC(2) }},
	{"unipc-3", 4, 1, false, false, "Zhao et al. 2023, arXiv:2302.04867, algorithms 1-2 with p = 3", func() drift.Solver { return UniPC(3) }},
	{"sa-solver", 0, 1, true, false, "Xue et al. 2023, arXiv:2309.05019, algorithm 1", func() drift.Solver { return SASolver(3, 3, 1) }},
	{"er-sde", 0, 1, true, false, "Cui et al. 2023, arXiv:2309.06169, ER-SDE-Solver-3", ERSDE},
	{"gradient-estimation", 1, 1, false, false, "Permenter & Yuan 2024, arXiv:2306.04848, gradient estimation with γ = 2", func() drift.Solver { return GradientEstimation(2) }},
	{"dopri5", 5, 7, false, true, "Dormand & Prince 1980, J. Comput. Appl. Math. 6, table 2; tolerance 1e-4", func() drift.Solver { return DormandPrince(1e-4) }},
	{"langevin", 0, 2, true, false, "Song et al. 2021, arXiv:2011.13456, algorithms 2-3; Song & Ermon 2019, arXiv:1907.05600, algorithm 1; r = 0.16", func() drift.Solver { return Langevin(0.16) }},
	{"repaint", 0, 2, true, false, "Lugmayr et al. 2022, arXiv:2201.09865, algorithm 1", func() drift.Solver { return RePaint(DDPM(), Known{}, 2) }},
}

// All lists the solvers in a fixed order.
func All() []Info { return slices.Clone(table) }

// ByName finds a solver, or says which names there are.
func ByName(name string) (Info, error) {
	return near.Find("solver", name, table, func(s Info) string { return s.Name })
}
