package dataset

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"drift/internal/fetch"
	"drift/internal/near"
	"drift/internal/safefile"
)

// GetOptions say where Get takes files from and where it puts them.
type GetOptions struct {
	From   string // a folder that holds the files, or the only file itself; mirrors if empty
	Root   string // Root() if empty
	Client fetch.Client
}

// Get brings a data set that others publish and returns the folder that it lies in. A
// set that is there already stays as it is. The files are checked by SHA-256; until
// all are there, they lie in a folder of another name, where a later call goes on.
func Get(ctx context.Context, name string, o GetOptions) (string, error) {
	r, test, known := remoteNamed(name)
	if !known {
		var names []string
		for _, r := range remotes {
			names = append(names, r.Name)
		}
		return "", fmt.Errorf("data set: found %q%s, expected one of %s", name, near.Hint(name, names), strings.Join(names, ", "))
	}
	if test {
		return "", fmt.Errorf("data set: found %q, expected %s, which brings both parts", name, r.Name)
	}
	if o.Root == "" {
		var err error
		if o.Root, err = Root(); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(o.Root, r.Name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, r.get(ctx, dir, o)
}

func (r remote) get(ctx context.Context, dir string, o GetOptions) error {
	part := dir + ".part"
	if err := os.MkdirAll(part, 0o755); err != nil {
		return fmt.Errorf("data set %s: cannot make its folder: %w", r.Name, err)
	}
	for _, f := range r.files {
		if o.From != "" {
			if err := take(f, o.From, part); err != nil {
				return fmt.Errorf("data set %s: %w", r.Name, err)
			}
			continue
		}
		if err := o.Client.Get(ctx, f, part); err != nil {
			if ctx.Err() != nil {
				return err
			}
			return fmt.Errorf("data set %s: %s: cannot download; what there is of it is kept in %s, and the same command goes on from there; "+
				"with --from PATH the files are taken from a folder: %w", r.Name, f.Name, part, err)
		}
	}
	if r.unpack != nil {
		if err := untar(filepath.Join(part, r.files[0].Name), part, r.unpack); err != nil {
			return fmt.Errorf("data set %s: %w", r.Name, err)
		}
		if err := os.Remove(filepath.Join(part, r.files[0].Name)); err != nil {
			return err
		}
	}
	left, err := safefile.Named(part, "", ".part") // of mirrors that were given up
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		return err
	}
	return safefile.Publish(part, dir)
}

// take copies a file from a folder, packed or not, or from the path of the file itself.
func take(f fetch.File, from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return fmt.Errorf("%s: cannot read: %w", from, cause(err))
	}
	if !info.IsDir() {
		return f.Copy(from, to)
	}
	plain := strings.TrimSuffix(f.Name, ".gz")
	for _, name := range []string{f.Name, plain, strings.Replace(plain, "-idx", ".idx", 1)} {
		if path := filepath.Join(from, name); beside(path) {
			return f.Copy(path, to)
		}
	}
	return fmt.Errorf("%s: found no file %s, expected it there", from, f.Name)
}

// untar unpacks the files of the given names, wherever they lie in a tar archive,
// each of at most 64 MiB.
func untar(archive, dir string, names []string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: cannot unpack: %w", filepath.Base(archive), err)
	}
	in := tar.NewReader(z)
	missing := slices.Clone(names)
	for len(missing) > 0 {
		head, err := in.Next()
		if err == io.EOF {
			return fmt.Errorf("%s: found no %s within, expected it", filepath.Base(archive), strings.Join(missing, ", "))
		}
		if err != nil {
			return fmt.Errorf("%s: cannot unpack: %w", filepath.Base(archive), err)
		}
		name := path.Base(head.Name)
		i := slices.Index(missing, name)
		if i < 0 || head.Typeflag != tar.TypeReg {
			continue
		}
		if head.Size > 64<<20 {
			return fmt.Errorf("%s: found %s of %d bytes, expected at most 64 MiB", filepath.Base(archive), name, head.Size)
		}
		missing = slices.Delete(missing, i, i+1)
		err = safefile.Write(filepath.Join(dir, name), func(w io.Writer) error { _, err := io.Copy(w, in); return err })
		if err != nil {
			return err
		}
	}
	return nil
}
