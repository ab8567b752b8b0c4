package run

import (
	"testing"
	"time"

	"drift/train"
)

// A run ends within its time, whatever becomes of the speed of its steps, and knows
// early when that will be.
func TestClockFitsTheSteps(t *testing.T) {
	for name, cost := range map[string]func(step int) time.Duration{
		"even":              func(int) time.Duration { return 10 * time.Millisecond },
		"slow first steps":  func(step int) time.Duration { return 10*time.Millisecond + 3*time.Second/time.Duration(1+step*step) },
		"slower by halves":  func(step int) time.Duration { return time.Duration(10+step/100) * time.Millisecond },
		"of seconds":        func(int) time.Duration { return 7 * time.Second },
		"longer than asked": func(int) time.Duration { return 2 * time.Minute },
	} {
		began := time.Unix(1000, 0)
		now := began
		c := newClock(0, began.Add(time.Minute))
		c.now = func() time.Time { return now }
		steps, step, changes := 100_000_000, 0, 0
		for step < steps {
			now = now.Add(cost(step))
			step++
			if fitted, changed := c.fit(step, steps); changed {
				steps = fitted
				changes++
			}
		}
		took := now.Sub(began)
		if most := max(time.Minute, 3*cost(0)); took > most || cost(0) < time.Second && took < 57*time.Second {
			t.Errorf("%s: found %v for %d steps, expected just below a minute", name, took, step)
		}
		if changes > 60 || changes < 1 {
			t.Errorf("%s: the steps changed %d times, expected now and then", name, changes)
		}
	}
	now := time.Unix(1000, 0)
	c := newClock(0, now.Add(1000*time.Hour))
	c.now = func() time.Time { now = now.Add(time.Microsecond); return now }
	for step, steps := 1, 100; step < 10; step++ {
		if steps, _ = c.fit(step, steps); steps > train.MaxSteps {
			t.Fatalf("found %d steps, expected at most %d", steps, train.MaxSteps)
		}
	}
	if steps, changed := newClock(5, time.Time{}).fit(10, 100); steps != 100 || changed {
		t.Errorf("without an end: found %d steps", steps)
	}
}
