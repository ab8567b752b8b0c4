package main

import (
	"drift/run"

	"github.com/spf13/cobra"
)

func newDistil(c *console) *cobra.Command {
	var out string
	var resume, force bool
	var steps, jumps int
	var guidance float64
	cmd := &cobra.Command{
		Use:   "distil RUN",
		Short: "Teach a run to take 1, 2 or 4 steps where it takes many: a new run, sampled like any other",
		Long: "Teach a student of the same network to jump: it learns where many small steps of RUN lead, from\n" +
			"shortest jumps of its teacher to jumps of twice the length, up to one from noise to data. The student\n" +
			"is a run of its own; sample it with --steps 1, 2, 4 … and nothing else. --guidance is learnt with the rest.",
		Example: example("drift distil runs/digits --out runs/digits-fast", "drift sample runs/digits-fast --steps 1 --out one.png",
			"drift distil runs/digits --guidance 2 --steps 6000 --out runs/digits-guided"),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := run.Open(args[0])
			if err != nil {
				return err
			}
			config, err := run.DistilConfig(d)
			if err != nil {
				return err
			}
			out = or(out, named(args[0])+"-fast")
			if resume && run.Exists(out) {
				student, err := run.Open(out)
				if err != nil {
					return err
				}
				config = student.Config
				config.Distil.Teacher = args[0]
			}
			for name, set := range map[string]func(){
				"steps":    func() { config.Train.Steps = steps },
				"jumps":    func() { config.Distil.Jumps = jumps },
				"guidance": func() { config.Distil.Guidance = guidance },
			} {
				if cmd.Flags().Changed(name) {
					set()
				}
			}
			last, err := c.train(cmd.Context(), out, config, run.Options{Resume: resume, Force: force, Reading: c.reading()})
			if err != nil {
				return err
			}
			c.object(last)
			if last.Kind == "stopped" {
				c.say("stopped at step %d of %d; everything is kept in %s; go on with: drift distil %s --out %s --resume",
					last.Step, last.Steps, out, quoted(args[0]), quoted(out))
				return errStopped
			}
			c.say("distilled in %d steps and %s; next: drift sample %s --steps 1", last.Step, seconds(last.Seconds), quoted(out))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "folder of the student (default: RUN-fast)")
	f.BoolVar(&resume, "resume", false, "go on with the run in --out")
	f.BoolVar(&force, "force", false, "train although drift doctor calls it nonsense, or memory seems too little")
	f.IntVar(&steps, "steps", 3000, "training steps")
	f.IntVar(&jumps, "jumps", 32, "shortest jumps from noise to data, a power of two: the most steps that it can take")
	f.Float64Var(&guidance, "guidance", 1, "weight of guidance that the student has of its own; 1 for none")
	return cmd
}
