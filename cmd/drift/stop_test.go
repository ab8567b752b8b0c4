package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Commands stop while they read pictures, and write nothing.
func TestStopsWhileReading(t *testing.T) {
	dir := t.TempDir()
	photos(t, dir, 8)
	t.Chdir(dir)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	for _, line := range []string{
		"data check photos", "data show photos", "data group photos --out groups", "doctor photos",
		"compare photos photos --features random", "train photos --out run --steps 2", "train photos --out run --steps 2 --resume",
	} {
		var out, errs bytes.Buffer
		if code := execute(ctx, strings.Fields(line), &out, &errs); code != 130 || !strings.Contains(errs.String(), "stopped before it was done; nothing was written") {
			t.Errorf("%s: exit code %d, %q, %q", line, code, out.String(), errs.String())
		}
	}
	if left, err := filepath.Glob("*"); err != nil || len(left) != 1 {
		t.Errorf("found %q, %v, expected the photos alone", left, err)
	}
}

// Figures stop while they read what the run that they show was trained on.
func TestFiguresStopWhileReading(t *testing.T) {
	dir := t.TempDir()
	photos(t, dir, 8)
	t.Chdir(dir)
	mustDrift(t, dir, "train", "photos", "--out", "run", "--steps", "1", "--batch", "4", "--width", "8", "--blocks", "1")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, errs bytes.Buffer
	if code := execute(ctx, []string{"figures", "dissolve", "--run", "run", "--out", "pictures"}, &out, &errs); code != 130 || !strings.Contains(errs.String(), "nothing was written") {
		t.Errorf("exit code %d, %q, %q", code, out.String(), errs.String())
	}
}

// Reading is shown once it takes long.
func TestReadingIsShown(t *testing.T) {
	var errs bytes.Buffer
	c := &console{out: &bytes.Buffer{}, err: &errs}
	watch := c.reading()
	for i := range 8 {
		watch("reading pictures", i+1, 8)
	}
	if errs.Len() > 0 {
		t.Errorf("a quick one: found %q, expected nothing", errs.String())
	}
	longReading = 0
	defer func() { longReading = 2 * time.Second }()
	watch("reading pictures", 8, 8)
	if errs.String() != "reading pictures 8/8\n" {
		t.Errorf("a long one: found %q", errs.String())
	}
}
