package fetch

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"drift/internal/safefile"
)

// File is something to download.
type File struct {
	Name   string   // what it is called once it is there
	SHA256 string   // of its content, in hexadecimal
	Blob   string   // where no SHA256 is known: the name of its content in Git, a SHA-1 in hexadecimal
	Packed bool     // the content is what gzip unpacks, since mirrors pack in their own ways
	Bytes  int64    // of the file as it is downloaded, about; more than twice as many are refused
	URLs   []string // mirrors, the best first
}

// Client downloads. The zero value uses the environment's proxies.
type Client struct {
	HTTP  *http.Client  // http.DefaultClient if nil
	Stall time.Duration // a connection that sends nothing for so long is given up; a minute if 0
	Watch func(name string, done, total int64)
}

// Get brings a file into a folder, unless it is there already. A download that was cut
// off stays in the folder under another name, and the next call goes on with it.
func (c Client) Get(ctx context.Context, f File, dir string) error {
	to := filepath.Join(dir, f.Name)
	if _, err := os.Stat(to); err == nil && f.Check(to) == nil {
		return nil
	}
	var failed []error
	for _, url := range f.URLs {
		err := c.from(ctx, url, f, to)
		if err == nil || ctx.Err() != nil {
			return err
		}
		failed = append(failed, fmt.Errorf("%s: %w", url, err))
	}
	return errors.Join(failed...)
}

// from downloads from one mirror. A file that goes on from an earlier part and turns
// out wrong is downloaded anew, once.
func (c Client) from(ctx context.Context, url string, f File, to string) error {
	part := partial(to, url)
	for {
		resumed, err := c.download(ctx, url, f, part)
		if err != nil {
			return err
		}
		err = f.Check(part)
		if err == nil {
			return safefile.Publish(part, to)
		}
		if removed := os.Remove(part); removed != nil {
			return removed
		}
		if !resumed {
			return err
		}
	}
}

// partial is the name of a download on its way, another for each mirror.
func partial(to, url string) string {
	h := fnv.New32a()
	io.WriteString(h, url)
	return fmt.Sprintf("%s.%08x.part", to, h.Sum32())
}

// download fetches what is missing of a part.
func (c Client) download(ctx context.Context, url string, f File, part string) (resumed bool, err error) {
	ctx, alarm, stop := c.patient(ctx)
	defer stop()
	out, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	at, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}
	response, err := c.ask(ctx, url, at)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusRequestedRangeNotSatisfiable && at > 0:
		return true, nil // it is whole already, or wrong
	case response.StatusCode == http.StatusPartialContent && at > 0 && starts(response, at):
	case response.StatusCode == http.StatusOK:
		if at = 0; out.Truncate(0) != nil {
			return false, errors.New("cannot empty the earlier download")
		}
	default:
		return false, &AnswerError{response.StatusCode, response.Status, response.Header}
	}
	if _, err := out.Seek(at, io.SeekStart); err != nil {
		return false, err
	}
	body := &watched{r: response.Body, alarm: alarm, stall: c.stall(), seen: func(n int64) {
		if c.Watch != nil {
			c.Watch(f.Name, at+n, max(at+response.ContentLength, at+n))
		}
	}}
	n, err := io.Copy(out, io.LimitReader(body, 2*f.Bytes+1-at))
	if err != nil {
		return false, fmt.Errorf("cut off after %d bytes, which are kept: %w", at+n, unreached(ctx, err))
	}
	if at+n > 2*f.Bytes {
		return false, errors.Join(fmt.Errorf("found more than %d bytes, expected about %d", 2*f.Bytes, f.Bytes), out.Truncate(0))
	}
	return at > 0, out.Sync()
}

// starts says whether an answer holds the bytes from at on.
func starts(response *http.Response, at int64) bool {
	var first int64
	_, err := fmt.Sscanf(response.Header.Get("Content-Range"), "bytes %d-", &first)
	return err == nil && first == at
}

// unreached is an error of the network without the address, which stands before it.
func unreached(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// watched counts what is read and puts the alarm off.
type watched struct {
	r     io.Reader
	alarm *time.Timer
	stall time.Duration
	n     int64
	seen  func(n int64)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.alarm.Reset(w.stall)
	w.n += int64(n)
	w.seen(w.n)
	return n, err
}

// Copy brings a file into a folder from another path, which must hold the same.
func (f File) Copy(from, dir string) error {
	if err := f.Check(from); err != nil {
		return err
	}
	return safefile.Write(filepath.Join(dir, f.Name), func(w io.Writer) error {
		in, err := os.Open(from)
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = io.Copy(w, in)
		return err
	})
}

// Check is an error unless the file at a path is what it should be. A packed file may
// lie there unpacked too.
func (f File) Check(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<16)
	var content io.Reader = in
	if magic, _ := in.Peek(2); f.Packed && string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%s: found a damaged gzip file: %w", f.Name, err)
		}
		content = z
	}
	want, kind, h := f.SHA256, "SHA-256", sha256.New()
	if want == "" {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		want, kind, h = f.Blob, "Git hash", sha1.New()
		fmt.Fprintf(h, "blob %d\x00", info.Size())
	}
	most := 64*f.Bytes + 1<<20 // what unpacks to more is none of ours
	if _, err := io.Copy(h, io.LimitReader(content, most)); err != nil {
		return fmt.Errorf("%s: found a damaged file: %w", f.Name, err)
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != want {
		return fmt.Errorf("%s: found content with the %s %s, expected %s", f.Name, kind, sum, want)
	}
	return nil
}
