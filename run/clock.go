package run

import (
	"time"

	"drift/train"
)

// clock fits the steps of a run into a time. It changes them while the run goes on,
// since a machine may become slower, and ends the run when the time is up.
type clock struct {
	until time.Time
	now   func() time.Time

	first int       // steps when the clock began to measure
	since time.Time // and when that was
	next  time.Time // when to look again
}

// warm is how many steps are not measured: the first ones wait for caches.
const warm = 2

func newClock(step int, until time.Time) *clock {
	return &clock{until: until, now: time.Now, first: step + warm}
}

// fit is after how many steps the run is to end, and whether that is another number
// than it was. One step and a hundredth of the time are kept for the last checkpoint.
func (c *clock) fit(step, steps int) (int, bool) {
	if c.until.IsZero() || step < c.first || step >= steps {
		return steps, false
	}
	now := c.now()
	if step == c.first {
		c.since = now
		if now.Before(c.until) {
			return steps, false
		}
		return step, true
	}
	each := now.Sub(c.since) / time.Duration(step-c.first)
	spare := c.until.Sub(c.since) / 100
	left := c.until.Sub(now) - spare - each
	if left < each {
		return step, true
	}
	if now.Before(c.next) {
		return steps, false
	}
	c.next = now.Add(c.until.Sub(c.since) / 50)
	fitted := min(step+int(left/max(each, 1)), train.MaxSteps)
	if off := fitted - steps; off*off <= steps/100*(steps/100) {
		return steps, false
	}
	return fitted, true
}
