package figure

import (
	"cmp"
	"fmt"
	"image"
	"slices"

	"drift"
	"drift/render"
)

// MostReal shows, of every class, the n pictures of the highest realism, the most real
// first. labels are nil where there are no classes; pixels is the range of a pixel.
// A choice shows what a model can do and not what it mostly does: say that it is one.
func MostReal(x *drift.Rows, labels []int, classes []string, realism []float64, n int, pixels []float64) (image.Image, error) {
	if len(pixels) != 2 || len(realism) != x.N || labels != nil && len(labels) != x.N || n < 1 {
		return nil, fmt.Errorf("most real: found %d pictures with %d labels and the realism of %d, %d to show, range %v; expected one of each for a picture, at least 1 to show, and two bounds",
			x.N, len(labels), len(realism), n, pixels)
	}
	label := func(i int) int {
		if labels == nil {
			return 0
		}
		return labels[i]
	}
	order := make([]int, x.N)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(label(a), label(b)), cmp.Compare(realism[b], realism[a]))
	})
	var chosen, shown []int // of pictures, their labels
	taken := map[int]int{}
	for _, i := range order {
		if taken[label(i)]++; taken[label(i)] <= n {
			chosen, shown = append(chosen, i), append(shown, label(i))
		}
	}
	grid := drift.NewBatch(len(chosen), x.Shape...)
	for k, i := range chosen {
		x.Read(grid.Row(k), i)
	}
	cols := min(n, 8)
	if labels == nil {
		return render.Pictures(grid, cols, pixels[0], pixels[1], nil)
	}
	captions := make([]string, len(shown))
	for k, l := range shown {
		captions[k] = classes[l]
	}
	return render.Pictures(grid, cols, pixels[0], pixels[1], captions)
}
