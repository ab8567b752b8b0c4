package dataset

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"drift/picture"
)

// Opening stops at the next file or line when its context ends, and says until then how far
// it has come.
func TestOpenStops(t *testing.T) {
	const n = 300
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("%03d.png", i)] = grey(uint8(i))
	}
	for _, path := range []string{folder(t, files), archive(t, files)} {
		for what, o := range map[string]Options{"sizes of pictures": {}, "reading pictures": {Pictures: Pictures{Size: "4"}}} {
			ctx, stop := context.WithCancel(context.Background())
			seen := 0
			o.Watch = func(stage string, done, total int) {
				if seen++; stage != what || done != seen || total != n {
					t.Errorf("%s: found %s at %d of %d, expected %d of %d", what, stage, done, total, seen, n)
				}
				if done == 3 {
					stop()
				}
			}
			if s, err := OpenContext(ctx, path, o); !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), path+": ") || seen > 3+runtime.GOMAXPROCS(0) {
				t.Errorf("%s: found %v, error %v after %d pictures, expected a stop behind the third", what, s, err, seen)
			}
		}
	}
	last := map[string]int{}
	open(t, folder(t, files), Options{Watch: func(what string, done, _ int) { last[what] = done }})
	if len(last) != 2 || last["sizes of pictures"] != n || last["reading pictures"] != n {
		t.Errorf("found %v, expected all %d pictures in two stages", last, n)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	for _, path := range []string{folder(t, map[string]string{"a.png": grey(1)}), file(t, "a.csv", strings.Repeat("1,2\n", 9)), "../internal/hfparquet/testdata/huggingface.parquet"} {
		if _, err := OpenContext(ctx, path, Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: found error %v", path, err)
		}
	}
}

// A panic while pictures are read comes to whoever opens them, and leaves nothing behind
// that others wait for.
func TestPanicsWhileReading(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	const n = 300
	for _, what := range []string{"watch", "decoder"} {
		var begun, closed atomic.Int32
		s := shelf{n: n, item: func(i int) string { return fmt.Sprint(i) }, begin: func() reader {
			begun.Add(1)
			return reader{read: func(i int) (picture.Picture, error) {
				if what == "decoder" && i%50 == 3 {
					panic("broken")
				}
				return picture.New(1, 1, 1), nil
			}, close: func() { closed.Add(1) }}
		}}
		o := Options{Watch: func(_ string, done, _ int) {
			if what == "watch" && done >= 3 {
				panic("broken")
			}
		}}
		func() {
			defer func() {
				if r := recover(); r != "broken" {
					t.Errorf("%s: found panic %v", what, r)
				}
			}()
			s.set(o, format{h: 1, w: 1})
			t.Errorf("%s: found no panic", what)
		}()
		if begun.Load() < 2 || begun.Load() != closed.Load() {
			t.Errorf("%s: found %d readers of which %d were closed, expected several, and all", what, begun.Load(), closed.Load())
		}
	}
}
