package train

import "drift/nn"

// drawn is what was drawn for a step.
type drawn struct {
	step  int
	parts []example
	err   error
}

// prefetch draws a step's examples in the background. What a step sees is keyed by its
// number, so nothing depends on when it was drawn.
func (t *Trainer) prefetch(step int) {
	ahead := make(chan drawn, 1)
	t.ahead = ahead
	go func() { ahead <- t.draw(step) }()
}

// drawn is the examples of a step, from the background if they were drawn there. Only
// one goroutine draws at a time.
func (t *Trainer) drawn(step int) ([]example, error) {
	if t.ahead != nil {
		next := <-t.ahead
		t.ahead = nil
		if next.step == step {
			return next.parts, next.err
		}
	}
	next := t.draw(step)
	return next.parts, next.err
}

func (t *Trainer) draw(step int) drawn {
	next := drawn{step: step}
	next.err = nn.Guard("drawing samples", func() error {
		next.parts = t.draws.draw(step)
		return nil
	})
	return next
}
