package metric

import (
	"fmt"
	"math"
	"slices"

	"drift"
)

// CopyShare flags the samples that are suspiciously near to the data that were learned:
// nearer to one of them than all but a share of unseen samples are, or equal to one. Where [Copying] compares
// all distances, this one counts the few copies among many new samples, and names them.
type CopyShare struct {
	Found   Estimate      // share of samples that are flagged
	Floor   Estimate      // the same of unseen samples, which are no copies: about the share asked for
	Bound   float64       // distance below which a sample is flagged; 0 flags only what is equal
	Nearest [][]Neighbour // of each sample, among the learned ones
}

// Copies flags samples nearer to the learned data than the share (above 0, below 1) of unseen
// ones that are nearest. Every second unseen sample sets the bound, the others are the
// floor. Of each sample it keeps the k nearest. Ranges hold the true shares for that
// bound ([Share]).
func Copies(samples, unseen, learned *drift.Batch, share float64, k int) (CopyShare, error) {
	if samples.N < 1 || unseen.N < 4 || learned.N < 1 || samples.Dim() != learned.Dim() || unseen.Dim() != learned.Dim() || k < 1 || !(share > 0 && share < 1) {
		return CopyShare{}, fmt.Errorf("copies: found %d×%v samples, %d×%v unseen and %d×%v learned, share %v and %d neighbours; expected at least 1, 4 and 1 of one size, a share between 0 and 1, and at least 1 neighbour",
			samples.N, samples.Shape, unseen.N, unseen.Shape, learned.N, learned.Shape, share, k)
	}
	var sets, judges []float64
	for i, d := range nearestSquares(unseen, learned) {
		if i%2 == 0 {
			sets = append(sets, d)
		} else {
			judges = append(judges, d)
		}
	}
	slices.Sort(sets)
	bound := sets[int(share*float64(len(sets)))]
	c := CopyShare{Bound: math.Sqrt(bound), Nearest: Nearest(samples, learned, k)}
	flagged, chance := 0, 0
	copied := func(square float64) bool { return square < bound || square == 0 }
	for _, near := range c.Nearest {
		if len(near) > 0 && copied(near[0].Square) {
			flagged++
		}
	}
	for _, d := range judges {
		if copied(d) {
			chance++
		}
	}
	c.Found, c.Floor = Share(flagged, samples.N), Share(chance, len(judges))
	return c, nil
}
