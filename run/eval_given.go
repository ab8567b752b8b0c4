package run

import (
	"fmt"
	"slices"

	"drift"
	"drift/dataset"
	"drift/nn"
	"drift/train"
)

// asked is the condition of a request whose samples are to be measured against a data set.
// What samples are made of, and numbers that a class is nothing without, are those of real
// samples of their class where the request does not say them: held-out ones, and learnt
// ones where those are too few.
func (m *Model) asked(set *dataset.Set, r Request) (nn.Condition, error) {
	pictures := m.Manifest.Data.Upscale != 0 && r.Small == nil
	numbers := m.together() && len(r.Given) == 0 && set.Vectors != nil
	if !pictures && !numbers {
		return m.condition(r)
	}
	if numbers && !slices.Equal(set.VectorColumns, m.Manifest.Data.Numbers.Columns) {
		return nn.Condition{}, fmt.Errorf("data set %s: found the columns of numbers %q, expected %q as the run learnt", set.Name, set.VectorColumns, m.Manifest.Data.Numbers.Columns)
	}
	rows, err := m.realRows(set, r)
	if err != nil {
		return nn.Condition{}, err
	}
	if pictures {
		x := drift.NewBatch(r.N, m.Manifest.Data.Shape...)
		for i, row := range rows {
			set.X.Read(x.Row(i), row)
		}
		r.Small = train.Shrink(x, m.Manifest.Data.Upscale)
	}
	known, err := m.condition(r)
	if err != nil || !numbers {
		return known, err
	}
	known.Vectors = drift.NewBatch(r.N, m.Manifest.Data.Signature().Vector) // zeros behind the numbers: nothing was changed
	for i, row := range rows {
		m.Manifest.Data.Numbers.Scale.StandardiseRow(known.Vectors.Row(i)[:set.Vectors.Dim()], set.Vectors.Row(row))
	}
	return known, nil
}

// realRows is a row of the data set for each sample of a request, of its label where there
// are such rows: first those that were held out, in an order that the seed says, then the
// others, then all of them again.
func (m *Model) realRows(set *dataset.Set, r Request) ([]int, error) {
	share, _ := m.heldOut(set)
	learned, held, err := set.Parts(share, m.Manifest.Seed)
	if err != nil {
		return nil, err
	}
	const any = -1
	of, next, rows := map[int][]int{}, map[int]int{}, make([]int, r.N)
	for k, part := range [][]int{held, learned} {
		for _, i := range drift.Rand(r.Seed, "evaluation real", uint64(k)).Perm(len(part)) {
			of[any] = append(of[any], part[i])
			if set.Labels != nil {
				of[set.Labels[part[i]]] = append(of[set.Labels[part[i]]], part[i])
			}
		}
	}
	for i := range rows {
		class := any
		if r.Labels != nil && len(of[r.Labels[i]]) > 0 {
			class = r.Labels[i]
		}
		rows[i] = of[class][next[class]%len(of[class])]
		next[class]++
	}
	return rows, nil
}

// ofEach repeats the small pictures of a request, unless there is one for all, for every
// class in turn.
func (r Request) ofEach(classes int) *drift.Batch {
	if r.Small == nil || r.Small.N == 1 {
		return r.Small
	}
	small := drift.NewBatch(r.Small.N*classes, r.Small.Shape...)
	for i := range small.N {
		copy(small.Row(i), r.Small.Row(i/classes))
	}
	return small
}

// knowing is the denoiser of real samples that are told their class, where that means
// something alone, and what they are to be made of, where they are.
func (m *Model) knowing(x *drift.Batch, labels []int) (drift.Denoiser, error) {
	c, k := nn.Condition{Labels: labels}, m.Manifest.Data.Upscale
	if m.together() {
		c.Labels = nil
	}
	if k == 0 {
		return m.still(c), nil
	}
	var err error
	c.Pictures, err = m.enlarged(Request{N: x.N, Small: train.Shrink(x, k)})
	return m.still(c), err
}
