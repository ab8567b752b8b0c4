package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// A full disk is told, and what was there before stays whole.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=400k"); err != nil {
		t.Skipf("cannot mount a small disk here: %v", err)
	}
	defer syscall.Unmount(dir, 0)
	out, errs, code := driftOn(t, dir, tiny("--out", "run", "--steps", "2000", "--width", "64")...)
	if code != 1 || !strings.Contains(errs, "no space left") {
		t.Errorf("training: found exit code %d, %q, %q", code, out, errs)
	}
	for name := range files(t, dir+"/run/checkpoints/.tmp-*") {
		t.Errorf("%s: a half-written file was left", name)
	}
	mustDrift(t, "/tmp", "sample", dir+"/run", "-n", "2", "--steps", "2", "--out", t.TempDir()+"/s.csv")
	if _, errs, code := driftOn(t, dir, "sample", "run", "-n", "100000", "--steps", "1", "--out", "s.csv"); code != 1 || !strings.Contains(errs, "no space left") {
		t.Errorf("sampling: found exit code %d, %q", code, errs)
	}
	if _, err := os.Stat(dir + "/s.csv"); err == nil {
		t.Error("a half-written file was left under its final name")
	}
}

// A folder that cannot be written to is told.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	mustDrift(t, dir, tiny("--out", "run", "--steps", "3")...)
	if err := syscall.Mount("tmpfs", dir+"/run/checkpoints", "tmpfs", syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("cannot mount a read-only folder here: %v", err)
	}
	defer syscall.Unmount(dir+"/run/checkpoints", 0)
	if _, errs, code := driftOn(t, dir, "sample", "run", "-n", "1", "--out", "run/checkpoints/s.csv"); code != 1 || !strings.Contains(errs, "s.csv: cannot write") || strings.Contains(errs, "sampling") {
		t.Errorf("found exit code %d, %q; expected an error before the work", code, errs)
	}
	if _, errs, code := driftOn(t, dir, tiny("--out", "run/checkpoints/other", "--steps", "3")...); code != 1 || !strings.Contains(errs, "read-only") {
		t.Errorf("found exit code %d, %q", code, errs)
	}
}
