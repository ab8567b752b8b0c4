package main

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"drift/dataset"
	"drift/figure"
	"drift/internal/safefile"
	"drift/render"
	"drift/run"
)

// made is what sampling made, and how.
type made struct {
	*run.Model
	*run.Samples
	recipe run.Recipe
	tape   *figure.Tape
}

// writer writes samples to a file of one format.
type writer func(path string, force bool, m made) error

// writerFor picks the format by the file's extension.
func writerFor(path string, pictures bool) (writer, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case folder(path) && pictures:
		return writeEach, nil
	case folder(path):
		return nil, fmt.Errorf("out: found the folder %q for points, expected a file that ends in .csv, .npy, .png or .gif", path)
	case ext == ".csv":
		return writeCSV, nil
	case ext == ".npy":
		return writeNPY, nil
	case ext == ".png":
		return writePNG, nil
	case ext == ".gif":
		return writeGIF, nil
	}
	return nil, fmt.Errorf("out: found %q, expected a file that ends in .csv, .npy, .png or .gif, or a folder/", path)
}

// drawable refuses, before they are made, more pictures of some classes than a file of one
// picture can show.
func drawable(path string, m *run.Model, n int, classes []string) error {
	if folder(path) || !strings.EqualFold(filepath.Ext(path), ".png") || !m.Manifest.Data.Image() || n < 1 {
		return nil
	}
	return figure.SamplesFit(m.Manifest.Data.Shape, n, classes)
}

// pngReady refuses, before any work, a flag's path that no PNG file can be written to.
func pngReady(flag, path string, force bool) error {
	if !strings.EqualFold(filepath.Ext(path), ".png") {
		return usageError{fmt.Errorf("%s: found %q, expected a file that ends in .png", flag, path)}
	}
	return safefile.Ready(path, force)
}

// apart refuses, before any work, two flags that name one file.
func apart(flag, path, other, otherPath string) error {
	if path == "" || otherPath == "" || !within(path, otherPath) || !within(otherPath, path) {
		return nil
	}
	return usageError{fmt.Errorf("%s, %s: found %s for both, expected a file for each", flag, other, path)}
}

// animated says whether a path asks for an animation.
func animated(path string) bool { return strings.EqualFold(filepath.Ext(path), ".gif") }

// folder says whether a path asks for a folder: it ends in a slash, or is one.
func folder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || path != "" && os.IsPathSeparator(path[len(path)-1])
}

// ready reports early what would keep samples from being written to path.
func ready(path string, force bool) error {
	if !folder(path) {
		return safefile.Ready(path, force)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("%s: cannot create: %w", path, err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("%s: cannot list: %w", path, err)
	}
	if len(entries) > 0 && !force {
		return fmt.Errorf("%s: found a folder with %d files, expected an empty or a new one (use --force to write into it)", path, len(entries))
	}
	return safefile.Ready(filepath.Join(path, "000000.png"), true)
}

func writeCSV(path string, force bool, m made) error {
	d := m.Manifest.Data
	return publish(path, force, func(w io.Writer) error {
		return dataset.WriteCSV(w, m.X, d.Columns, m.Labels, d.Classes)
	})
}

func writeNPY(path string, force bool, m made) error {
	return publish(path, force, func(w io.Writer) error { return dataset.WriteNPY(w, m.X) })
}

func writeGIF(path string, force bool, m made) error {
	return render.WriteGIF(path, force, func(w io.Writer) error { return m.tape.Write(w, m.Labels) })
}

// writePNG writes points as a chart, one picture as it is, and several as a grid.
func writePNG(path string, force bool, m made) error {
	d := m.Manifest.Data
	if d.Image() && m.X.N == 1 {
		return writeOne(path, force, m, 0)
	}
	picture, err := figure.Samples(d.Name, m.X, m.Labels, d.Classes, d.Range)
	if err != nil {
		return err
	}
	return publishPicture(path, force, picture, m.recipe)
}

// writeEach writes every picture to a file of its own in a folder.
func writeEach(path string, force bool, m made) error {
	for i := range m.X.N {
		name := fmt.Sprintf("%06d.png", m.recipe.First+i)
		if m.Labels != nil {
			name = fmt.Sprintf("%06d-%s.png", m.recipe.First+i, fileName(m.Manifest.Data.Classes[m.Labels[i]]))
		}
		if err := writeOne(filepath.Join(path, name), force, m, i); err != nil {
			return err
		}
	}
	return nil
}

// writeOne writes sample i, pixel by pixel.
func writeOne(path string, force bool, m made, i int) error {
	d := m.Manifest.Data
	picture, err := render.Picture(m.X.Row(i), m.X.Shape, d.Range[0], d.Range[1])
	if err != nil {
		return err
	}
	return publishPicture(path, force, picture, m.recipe.Of(m.Samples, i, d.Classes))
}

// publishPicture writes a picture together with what made it.
func publishPicture(path string, force bool, picture image.Image, recipe run.Recipe) error {
	var file bytes.Buffer
	if err := render.EncodePNG(&file, picture); err != nil {
		return err
	}
	return publish(path, force, func(w io.Writer) error { return recipe.WriteInto(w, file.Bytes()) })
}

// fileName makes a class's name part of a file's: letters, digits and dashes.
func fileName(class string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' {
			return r
		}
		return '-'
	}, class)
	if runes := []rune(name); len(runes) > 40 {
		name = string(runes[:40])
	}
	return name
}

func publish(path string, force bool, fill func(io.Writer) error) error {
	if force {
		return safefile.Through(path, fill)
	}
	return safefile.Create(path, fill)
}
