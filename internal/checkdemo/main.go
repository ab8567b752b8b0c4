// Command checkdemo holds the report of `drift demo --json` against what drift
// promises of it, and fails when anything is worse.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"

	"drift/run"
)

func main() {
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
	fmt.Println("the demo keeps its promises")
}

func check(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var r run.Report
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if r.ClassAccuracy == nil || r.Denoiser == nil || r.Denoiser.Conditional == nil || len(r.ClassMean) != 2 {
		return fmt.Errorf("%s: found an incomplete report", path)
	}
	bad := func(what string, found, bound float64) error {
		return fmt.Errorf("%s: found %v, promised %v", what, found, bound)
	}
	if *r.ClassAccuracy < 0.998 {
		return bad("class accuracy", *r.ClassAccuracy, 0.998)
	}
	for c, centre := range [][]float64{{10, 20}, {5, 25}} {
		for i := range centre {
			if off := math.Abs(r.ClassMean[c][i] - centre[i]); off > 0.1 {
				return bad(fmt.Sprintf("mean of %s off by", r.Classes[c]), off, 0.1)
			}
			if off := math.Abs(r.ClassStd[c][i] - 1); off > 0.1 {
				return bad(fmt.Sprintf("standard deviation of %s off by", r.Classes[c]), off, 0.1)
			}
		}
	}
	if bound := 1.5 * r.SlicedWassersteinReal; r.SlicedWasserstein > bound {
		return bad("sliced Wasserstein", r.SlicedWasserstein, bound)
	}
	if e := max(*r.Denoiser.Conditional, r.Denoiser.Unconditional); e > 0.05 {
		return bad("denoiser error", e, 0.05)
	}
	for _, file := range r.Files {
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			return fmt.Errorf("%s: promised, but missing or empty", file)
		}
	}
	if len(r.Files) < 6 {
		return bad("pictures", float64(len(r.Files)), 6)
	}
	return nil
}
