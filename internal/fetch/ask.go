package fetch

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// AnswerError is an answer of a server that is not what was asked for.
type AnswerError struct {
	Code   int
	Status string
	Header http.Header
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("found the answer %q, expected the file", e.Status)
}

// Read asks for something small, of at most limit bytes, whose content nobody knows
// beforehand.
func (c Client) Read(ctx context.Context, url string, limit int64) ([]byte, http.Header, error) {
	ctx, alarm, stop := c.patient(ctx)
	defer stop()
	response, err := c.ask(ctx, url, 0)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nil, &AnswerError{response.StatusCode, response.Status, response.Header}
	}
	body := &watched{r: response.Body, alarm: alarm, stall: c.stall(), seen: func(int64) {}}
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, nil, unreached(ctx, err)
	}
	if int64(len(data)) > limit {
		return nil, nil, fmt.Errorf("found an answer of more than %d bytes, expected at most so many", limit)
	}
	return data, response.Header, nil
}

// ask sends a request for what lies at a URL, from byte at on.
func (c Client) ask(ctx context.Context, url string, at int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if at > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", at))
	}
	request.Header.Set("Accept-Encoding", "identity")
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, unreached(ctx, err)
	}
	return response, nil
}

// patient is a context that ends when the alarm, which whoever reads puts off, goes off.
func (c Client) patient(ctx context.Context) (within context.Context, alarm *time.Timer, stop func()) {
	within, cancel := context.WithCancelCause(ctx)
	stall := c.stall()
	alarm = time.AfterFunc(stall, func() { cancel(fmt.Errorf("found no data for %v, expected some", stall)) })
	return within, alarm, func() { alarm.Stop(); cancel(nil) }
}

func (c Client) stall() time.Duration { return cmp.Or(c.Stall, time.Minute) }
