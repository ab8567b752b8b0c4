package render

import (
	"bytes"
	"sync"
	"testing"
)

// Pictures that are drawn at the same time look like those drawn alone.
func TestTextIsDrawnByManyAtOnce(t *testing.T) {
	draw := func() []byte {
		c := newRaster(200, 100, fine)
		for i := range 8 {
			c.text("The quick brown fox", 4, float64(12*i), 11, left, i%2 == 0, ink)
		}
		return c.img.Pix
	}
	alone := draw()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if !bytes.Equal(draw(), alone) {
				t.Error("a picture that was drawn among others differs")
			}
		})
	}
	all.Wait()
}
