package dataset

import (
	"bytes"
	_ "embed" // for the pixels
	"fmt"
	"strconv"

	"drift"
)

// digitsFile holds one line for each picture: 64 pixels, row by row, and the digit.
// LICENSES/digits.txt says whose work it is.
//
//go:embed digits.csv.gz
var digitsFile []byte

// digits is the test part of "Optical Recognition of Handwritten Digits" (Alpaydin &
// Kaynak 1998): 1,797 pictures of shape [8, 8, 1] with whole values from 0 (paper)
// to 16 (ink), and the classes 0 to 9.
func digits(o Options) (*Set, error) {
	s, err := ReadCSV(bytes.NewReader(digitsFile), "digits.csv.gz", Options{})
	if err != nil {
		return nil, err
	}
	const pixels = 64
	if s.X.Dim() != pixels+1 {
		return nil, fmt.Errorf("data set digits: found %d columns, expected %d", s.X.Dim(), pixels+1)
	}
	p := &Set{Name: "digits", Labels: make([]int, s.X.N), Max: 16}
	for d := range 10 {
		p.Classes = append(p.Classes, strconv.Itoa(d))
	}
	pix := make([]uint8, 0, s.X.N*pixels)
	for i := range s.X.N {
		row := s.X.Row(i)
		for _, v := range row[:pixels] {
			pix = append(pix, uint8(v))
		}
		p.Labels[i] = int(row[pixels])
	}
	p.X = drift.ByteRows(pix, 8, 8, 1)
	return p.first(o.N), nil
}
