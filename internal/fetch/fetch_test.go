package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var content = []byte(strings.Repeat("0123456789abcdef", 1<<12))

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// mirror serves content, and counts the bytes it was asked for.
type mirror struct {
	*httptest.Server
	data    []byte
	cut     int  // bytes after which the first answers break off; 0 for never
	cuts    int  // how many do
	whole   bool // ranges are not understood
	asked   []string
	handler http.HandlerFunc
}

func newMirror(t *testing.T, data []byte) *mirror {
	m := &mirror{data: data}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.asked = append(m.asked, r.Header.Get("Range"))
		switch {
		case m.handler != nil:
			m.handler(w, r)
		case m.cuts > 0:
			m.cuts--
			w.Header().Set("Content-Length", fmt.Sprint(len(m.data)))
			w.Write(m.data[:m.cut])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case m.whole:
			w.Write(m.data)
		default:
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(m.data))
		}
	}))
	t.Cleanup(m.Close)
	return m
}

func fileOf(data []byte, urls ...string) File {
	return File{Name: "a.bin", SHA256: sum(data), Bytes: int64(len(data)), URLs: urls}
}

// holds fails unless a folder holds the file and nothing else.
func holds(t *testing.T, dir string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(dir, "a.bin"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("found %d bytes, %v; expected %d", len(got), err, len(want))
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("found %v, expected one file", all)
	}
}

func TestGet(t *testing.T) {
	m, dir := newMirror(t, content), t.TempDir()
	var last, total int64
	c := Client{Watch: func(name string, done, all int64) { last, total = done, all }}
	for range 2 { // the second time it is there
		if err := c.Get(context.Background(), fileOf(content, m.URL), dir); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, content)
	}
	if len(m.asked) != 1 || last != int64(len(content)) || total != last {
		t.Errorf("asked %d times, saw %d of %d bytes", len(m.asked), last, total)
	}
}

func TestGetGoesOnWhereItWasCutOff(t *testing.T) {
	for _, whole := range []bool{false, true} {
		m, dir := newMirror(t, content), t.TempDir()
		m.cut, m.cuts, m.whole = 1000, 1, whole
		f := fileOf(content, m.URL)
		err := Client{}.Get(context.Background(), f, dir)
		if err == nil || !strings.Contains(err.Error(), "cut off after 1000 bytes, which are kept: unexpected EOF") || !strings.Contains(err.Error(), m.URL) {
			t.Fatalf("found error %v", err)
		}
		if _, err := os.Stat(filepath.Join(dir, "a.bin")); err == nil {
			t.Error("half a file got its name")
		}
		if err := (Client{}).Get(context.Background(), f, dir); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, content)
		if len(m.asked) != 2 || m.asked[1] != "bytes=1000-" {
			t.Errorf("asked for %q", m.asked)
		}
	}
}

// What was kept may be of another version, whole, or too long: then it is downloaded
// anew.
func TestGetMistrustsWhatWasKept(t *testing.T) {
	for name, kept := range map[string][]byte{"other": []byte("something else"), "whole": content, "too long": append(bytes.Clone(content), "more"...)} {
		m, dir := newMirror(t, content), t.TempDir()
		if err := os.WriteFile(partial(filepath.Join(dir, "a.bin"), m.URL), kept, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (Client{}).Get(context.Background(), fileOf(content, m.URL), dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		holds(t, dir, content)
	}
}

func TestGetTriesEveryMirror(t *testing.T) {
	broken, wrong, good, dir := newMirror(t, content), newMirror(t, []byte("nonsense")), newMirror(t, content), t.TempDir()
	broken.cut, broken.cuts = 10, 9
	gone := newMirror(t, nil)
	gone.handler = http.NotFound
	moved := newMirror(t, nil)
	moved.handler = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, good.URL, http.StatusFound) }
	err := Client{}.Get(context.Background(), fileOf(content, gone.URL, wrong.URL, broken.URL), dir)
	for _, want := range []string{gone.URL + `: found the answer "404 Not Found", expected the file`, "found content with the SHA-256 " + sum([]byte("nonsense")) + ", expected " + sum(content), broken.URL + ": cut off"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, want %q", err, want)
		}
	}
	if err := (Client{}).Get(context.Background(), fileOf(content, gone.URL, wrong.URL, moved.URL), dir); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "a.bin")); !bytes.Equal(got, content) {
		t.Error("not the content of the mirror that was moved to")
	}
}

func TestGetEnds(t *testing.T) {
	m, dir := newMirror(t, nil), t.TempDir()
	stop := make(chan struct{})
	defer close(stop)
	m.handler = func(w http.ResponseWriter, r *http.Request) {
		w.Write(content[:100])
		w.(http.Flusher).Flush()
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}
	err := Client{Stall: 50 * time.Millisecond}.Get(context.Background(), fileOf(content, m.URL), dir)
	if err == nil || !strings.Contains(err.Error(), "found no data for 50ms") {
		t.Errorf("a stalled mirror: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := Client{Watch: func(string, int64, int64) { cancel() }}
	if err := c.Get(ctx, fileOf(content, m.URL, m.URL), dir); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("stopped: %v", err)
	}
	m.handler = func(w http.ResponseWriter, r *http.Request) {
		for range 1000 {
			w.Write(content)
		}
	}
	if err := (Client{}).Get(context.Background(), fileOf(content, m.URL), t.TempDir()); err == nil || !strings.Contains(err.Error(), "found more than 131072 bytes, expected about 65536") {
		t.Errorf("an endless file: %v", err)
	}
	if err := (Client{}).Get(context.Background(), fileOf(content, "http://127.0.0.1:1/a"), t.TempDir()); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestPackedFiles(t *testing.T) {
	pack := func(level int) []byte {
		var out bytes.Buffer
		z, _ := gzip.NewWriterLevel(&out, level)
		z.Write(content)
		z.Close()
		return out.Bytes()
	}
	f := File{Name: "a.bin", SHA256: sum(content), Packed: true, Bytes: int64(len(content))}
	for _, data := range [][]byte{pack(1), pack(9), content} {
		dir, from := t.TempDir(), filepath.Join(t.TempDir(), "b")
		if err := os.WriteFile(from, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.Copy(from, dir); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, data)
		if err := os.WriteFile(from, data[:len(data)-9], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.Copy(from, t.TempDir()); err == nil {
			t.Error("a file cut short was copied")
		}
	}
}

// A file that is known by its name in Git is held to that: `git hash-object` of "hello\n" is
// ce013625030ba8dba906f756967f9e9ca394464a.
func TestGitNames(t *testing.T) {
	m, dir := newMirror(t, []byte("hello\n")), t.TempDir()
	f := File{Name: "a.bin", Blob: "ce013625030ba8dba906f756967f9e9ca394464a", Bytes: 6, URLs: []string{m.URL}}
	if err := (Client{}).Get(context.Background(), f, dir); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, m.data)
	m.data = []byte("hullo\n")
	if err := (Client{}).Get(context.Background(), f, t.TempDir()); err == nil || !strings.Contains(err.Error(), "found content with the Git hash") {
		t.Errorf("other content: found error %v", err)
	}
	f.Blob = ""
	if err := f.Check(filepath.Join(dir, "a.bin")); err == nil {
		t.Error("a file of which nothing is known was taken")
	}
}

func TestRead(t *testing.T) {
	m := newMirror(t, content)
	if data, _, err := (Client{}).Read(context.Background(), m.URL, int64(len(content))); err != nil || !bytes.Equal(data, content) {
		t.Errorf("found %d bytes, %v; expected %d", len(data), err, len(content))
	}
	if _, _, err := (Client{}).Read(context.Background(), m.URL, int64(len(content)-1)); err == nil || !strings.Contains(err.Error(), "more than 65535 bytes") {
		t.Errorf("a long answer: found error %v", err)
	}
	m.handler = http.NotFound
	var answer *AnswerError
	if _, _, err := (Client{}).Read(context.Background(), m.URL, 9); !errors.As(err, &answer) || answer.Code != http.StatusNotFound {
		t.Errorf("nothing there: found error %v", err)
	}
}
