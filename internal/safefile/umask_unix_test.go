//go:build unix

package safefile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A file is open to those whom the umask lets in.
func TestUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	for mask, want := range map[int]os.FileMode{0o077: 0o600, 0o022: 0o644, 0o002: 0o664} {
		syscall.Umask(mask)
		path := filepath.Join(t.TempDir(), "a.txt")
		if err := Write(path, text("one")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if found := info.Mode().Perm(); found != want {
			t.Errorf("umask %03o: found %v, expected %v", mask, found, want)
		}
	}
}
