package figure

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"

	"drift"
	"drift/feature"
	"drift/render"
)

// neighbourRows are the rows of Neighbours.
const neighbourRows = 16

// Neighbours shows generated pictures beside those of the training data that are nearest to
// each, nearest first: on top the half that lie nearest of all, where copies would be, then
// others from the whole range. pixels is the range of a pixel. Captions say how far away
// the nearest is, in units of the distance below which a picture is taken for a copy.
func Neighbours(found *feature.Nearest, pixels []float64) (image.Image, error) {
	if len(pixels) != 2 {
		return nil, fmt.Errorf("neighbours: found points, expected pictures")
	}
	order := make([]int, found.Generated.N)
	for i := range order {
		order[i] = i
	}
	square := func(i int) float64 { return found.Nearest[i][0].Square }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(square(a), square(b)) })
	rows := order
	if len(order) > neighbourRows {
		rows = slices.Clone(order[:neighbourRows/2])
		for k := range neighbourRows / 2 {
			rest := order[neighbourRows/2:]
			rows = append(rows, rest[(2*k+1)*len(rest)/neighbourRows])
		}
	}
	cols := 1 + len(found.Nearest[0])
	grid, captions := drift.NewBatch(len(rows)*cols, found.Generated.Shape...), make([]string, len(rows)*cols)
	for r, i := range rows {
		copy(grid.Row(r*cols), found.Generated.Row(i))
		for k, near := range found.Nearest[i] {
			copy(grid.Row(r*cols+1+k), found.Learned.Row(near.Index))
		}
		for k := range cols {
			captions[r*cols+k] = distance(found, i)
		}
	}
	return render.Pictures(grid, cols, pixels[0], pixels[1], captions)
}

// distance names how far generated picture i is from the nearest of the data.
func distance(found *feature.Nearest, i int) string {
	d := math.Sqrt(found.Nearest[i][0].Square)
	if found.Bound == 0 {
		return fmt.Sprintf("%.2f", d)
	}
	return fmt.Sprintf("%.2f ×", d/found.Bound)
}
