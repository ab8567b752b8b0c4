package feature

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"drift/dataset"
	"drift/internal/safefile"
	"drift/internal/tensorfile"

	"github.com/gomlx/compute"
)

// cardKey is where a file of tensors keeps a classifier's card.
const cardKey = "classifier"

// largest is how many bytes a stored classifier may have.
const largest = 64 << 20

// Folder is where classifiers are kept: below DRIFT_DATA, if that is set, else below the
// user's folder for caches.
func Folder() (string, error) {
	root := os.Getenv("DRIFT_DATA")
	if root == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("classifiers: found no folder to keep them in (%w); set DRIFT_DATA to one", err)
		}
		root = filepath.Join(cache, "drift")
	}
	return filepath.Join(root, "classifiers"), nil
}

// Open is the classifier of a data set: the one that was trained on it before, found by the
// data's hash, or else one that is trained now and kept, while watch is told. A stored file
// that is damaged is replaced. One that cannot be kept is as good, and [Classifier.Unkept] says why.
func Open(ctx context.Context, engine compute.Backend, set *dataset.Set, watch Watch) (*Classifier, error) {
	folder, unkept := Folder()
	path := filepath.Join(folder, fmt.Sprintf("%.16s-%d.safetensors", set.SHA256(), recipe))
	if unkept == nil {
		if c, err := read(engine, path, set); err == nil {
			return c, nil
		}
	}
	c, err := Learn(ctx, engine, set, watch)
	if err != nil {
		return nil, err
	}
	if unkept == nil {
		unkept = c.write(path)
	}
	if unkept != nil {
		c.unkept = fmt.Errorf("classifier of %s: cannot keep it, so that it will be trained again: %w", set.Name, unkept)
	}
	return c, nil
}

// write stores a classifier, in a folder that is made if it is not there.
func (c *Classifier) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	card, err := json.Marshal(c.card)
	if err != nil {
		return err
	}
	return safefile.Write(path, func(w io.Writer) error {
		return tensorfile.Encode(w, c.weights, map[string]string{cardKey: string(card)})
	})
}

// read is the classifier in a file, if that has learned this data set by this recipe.
func read(engine compute.Backend, path string, set *dataset.Set) (*Classifier, error) {
	data, err := safefile.Read(path, largest)
	if err != nil {
		return nil, err
	}
	info, err := tensorfile.Metadata(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	weights, err := tensorfile.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var card Card
	if err := json.Unmarshal([]byte(info[cardKey]), &card); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", path, cardKey, err)
	}
	if err := card.fits(set); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := weights.Finite(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return newClassifier(engine, card, weights)
}

// fits checks that a stored card is of this data set.
func (c Card) fits(set *dataset.Set) error {
	switch {
	case c.Recipe != recipe:
		return fmt.Errorf("found recipe %d, expected %d", c.Recipe, recipe)
	case c.Data != set.SHA256() || !slices.Equal(c.Shape, set.X.Shape) || !slices.Equal(c.Classes, set.Classes):
		return errors.New("found a classifier of another data set")
	case len(c.Scale.Mean) != 1 || len(c.Scale.Std) != 1 || !(c.Scale.Std[0] > 0):
		return fmt.Errorf("found scale %v, expected one mean and one standard deviation above 0", c.Scale)
	}
	return checkPictures(c.Shape)
}
