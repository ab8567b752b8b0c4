package dataset

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"drift"
)

// WriteCSV writes one line for each sample below a header: its values, which read
// back as the same numbers, and its class if labels is not nil. columns names the
// values, or is empty for x1, x2, …; classes names the labels, or is empty for
// their numbers. The class's column is called class or, if a value is called that
// already, label, dataset, target or species.
func WriteCSV(w io.Writer, x *drift.Batch, columns []string, labels []int, classes []string) error {
	if len(columns) == 0 {
		columns = nil // not to write behind the end of the caller's
		for j := range x.Dim() {
			columns = append(columns, "x"+strconv.Itoa(j+1))
		}
	}
	if len(columns) != x.Dim() {
		return fmt.Errorf("columns: found %d names, expected one for each of %d values", len(columns), x.Dim())
	}
	if labels != nil && len(labels) != x.N {
		return fmt.Errorf("labels: found %d, expected one for each of %d samples", len(labels), x.N)
	}
	for i, l := range labels {
		if l < 0 || len(classes) > 0 && l >= len(classes) {
			expected := "0 or more"
			if len(classes) > 0 {
				expected = fmt.Sprintf("0 to %d", len(classes)-1)
			}
			return fmt.Errorf("labels: found class %d for sample %d, expected %s", l, i+1, expected)
		}
	}
	out := bufio.NewWriter(w)
	var line []byte
	for j, name := range columns {
		line = append(appendField(line, name, j == 0), ',')
	}
	if labels != nil {
		i := slices.IndexFunc(labelNames, func(name string) bool { return !slices.Contains(columns, name) })
		if i < 0 {
			return fmt.Errorf("columns: found %s, expected a name other than those for a class", list(columns))
		}
		line = append(line, labelNames[i]+","...)
	}
	if err := endLine(out, line); err != nil {
		return err
	}
	for i := range x.N {
		line = line[:0]
		for _, v := range x.Row(i) {
			line = append(strconv.AppendFloat(line, v, 'g', -1, 64), ',')
		}
		switch {
		case labels == nil:
		case len(classes) == 0:
			line = append(strconv.AppendInt(line, int64(labels[i]), 10), ',')
		default:
			line = append(appendField(line, classes[labels[i]], false), ',')
		}
		if err := endLine(out, line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// endLine writes a line whose last comma becomes its end.
func endLine(out *bufio.Writer, line []byte) error {
	if len(line) == 0 {
		return out.WriteByte('\n')
	}
	line[len(line)-1] = '\n'
	_, err := out.Write(line)
	return err
}

// appendField adds a field, in quotes if it would not read back as itself without.
func appendField(line []byte, field string, first bool) []byte {
	plain := field != "" && !strings.ContainsAny(field, ",;\t\r\n\"") && strings.TrimSpace(field) == field
	if plain && !(first && (field[0] == '#' || strings.HasPrefix(field, "\ufeff"))) {
		return append(line, field...)
	}
	line = append(line, '"')
	line = append(line, strings.ReplaceAll(field, `"`, `""`)...)
	return append(line, '"')
}

// WriteNPY writes the batch as a NumPy array of float64 with the shape (N, Shape...),
// in version 1.0 of the format (numpy.lib.format): little-endian, in C order, after a
// header padded to a multiple of 64 bytes.
func WriteNPY(w io.Writer, x *drift.Batch) error {
	var sides []string
	for _, n := range slices.Concat([]int{x.N}, x.Shape) {
		sides = append(sides, strconv.Itoa(n))
	}
	shape := strings.Join(sides, ", ")
	if len(sides) == 1 {
		shape += "," // Python's way to write a tuple of one
	}
	header := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }", shape)
	// NumPy leaves room for the first side to grow to 21 digits.
	header += strings.Repeat(" ", max(0, 21-len(sides[0])))
	const before, align = 10, 64 // bytes of magic, version and length; and the multiple
	header += strings.Repeat(" ", align-(before+len(header)+1)%align) + "\n"
	if len(header) > math.MaxUint16 {
		return fmt.Errorf("shape: found %d sides, expected fewer", len(sides))
	}
	out := bufio.NewWriter(w)
	out.WriteString("\x93NUMPY\x01\x00") // a bufio.Writer keeps its first error for Flush
	var word [8]byte
	out.Write(binary.LittleEndian.AppendUint16(word[:0], uint16(len(header))))
	out.WriteString(header)
	for _, v := range x.Data {
		binary.LittleEndian.PutUint64(word[:], math.Float64bits(v))
		if _, err := out.Write(word[:]); err != nil {
			return err
		}
	}
	return out.Flush()
}
