// Package safefile writes files that are either whole or not there: to a temporary
// name in the same folder, synced, then renamed; and reads files of bounded size. Their
// permissions are what the umask leaves of rw-rw-rw-. It imports nothing of drift.
package safefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Write calls fill with a temporary file and gives it the name path once it is
// safely on disk, replacing what was there, also a symbolic link. If anything fails, path
// is untouched and the temporary file is gone.
func Write(path string, fill func(io.Writer) error) error {
	return write(path, fill, os.Rename)
}

// Through is Write for a path that a user named: a symbolic link stays, and the file that
// it points to is replaced, or made; what is there and no regular file is an error.
func Through(path string, fill func(io.Writer) error) error {
	to, err := target(path)
	if err != nil {
		return err
	}
	return Write(to, fill)
}

// Create is Write, except that an existing path is an error and stays as it is.
func Create(path string, fill func(io.Writer) error) error {
	if err := Ready(path, false); err != nil {
		return err
	}
	return write(path, fill, func(from, to string) error {
		err := os.Link(from, to) // unlike Rename, fails if another process was quicker
		if errors.Is(err, os.ErrExist) {
			return existing(path)
		}
		if err != nil {
			return os.Rename(from, to) // a file system without hard links
		}
		return os.Remove(from)
	})
}

// Ready reports early what would keep a later Through, or without force Create, from
// succeeding: a folder that is not there or cannot be written into, or something at path
// that must not be replaced.
func Ready(path string, force bool) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%s: found no folder %s to write it into", path, dir)
	}
	to, err := target(path)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil && !force {
		return existing(path)
	}
	f, err := temporary(to)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func existing(path string) error {
	return fmt.Errorf("%s: found an existing file, expected none (use --force to overwrite)", path)
}

// target is what Through makes or replaces: path, or what a link there points to.
func target(path string) (string, error) {
	switch info, err := os.Stat(path); {
	case err != nil: // nothing yet, or a link to nothing yet
	case info.IsDir():
		return "", fmt.Errorf("%s: found a folder, expected a file", path)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: found no regular file, expected one", path)
	}
	at := path
	for range 40 {
		to, err := os.Readlink(at)
		if err != nil { // no link
			return at, nil
		}
		if !filepath.IsAbs(to) {
			dir, err := filepath.EvalSymlinks(filepath.Dir(at)) // from which ".." leads elsewhere
			if err != nil {
				return "", fmt.Errorf("%s: cannot follow the link: %w", path, err)
			}
			to = filepath.Join(dir, to)
		}
		at = to
	}
	return "", fmt.Errorf("%s: found a link that leads to no end, expected a file", path)
}

// Sweep removes the temporary files that killed processes left in a folder. Call it
// only where no other process is writing.
func Sweep(dir string) error {
	left, err := Named(dir, tempPrefix, "")
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// Named lists the paths of what lies in a folder under names that begin and end so, in
// their order; nothing if there is no such folder.
func Named(dir, prefix, suffix string) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if name := e.Name(); len(name) >= len(prefix)+len(suffix) && strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	return paths, err
}

// tempPrefix begins the names of files that are not whole yet.
const tempPrefix = ".tmp-"

// temporary makes a file beside path, for this process alone.
func temporary(path string) (f *os.File, err error) {
	for range 100 {
		name := fmt.Sprintf("%s%08x-%s", tempPrefix, rand.Uint32(), filepath.Base(path))
		f, err = os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666) // os.CreateTemp knows no umask
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return nil, fmt.Errorf("%s: cannot write: %w", path, err)
}

func write(path string, fill func(io.Writer) error, publish func(from, to string) error) (err error) {
	f, err := temporary(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := fill(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := publish(f.Name(), path); err != nil {
		return err
	}
	lasting(path)
	return nil
}

// Publish gives a file that is whole and synced, or a folder of such files, its name.
func Publish(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	lasting(to)
	return nil
}

// lasting makes a rename itself last; not every system can.
func lasting(path string) {
	if d, err := os.Open(filepath.Dir(path)); err == nil {
		d.Sync()
		d.Close()
	}
}

// Text is Read without the byte order mark, U+FEFF, that some editors begin a text with.
func Text(path string, limit int64) ([]byte, error) {
	data, err := Read(path, limit)
	return bytes.TrimPrefix(data, []byte("\ufeff")), err
}

// Read is the contents of a regular file of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read: %w", path, errors.Unwrap(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: found no regular file, expected one", path)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: found %d bytes, expected at most %d", path, info.Size(), limit)
	}
	return os.ReadFile(path)
}
