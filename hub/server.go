package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"drift/internal/fetch"
)

// server is where models are downloaded from.
type server struct {
	endpoint *url.URL
	client   fetch.Client
}

// newServer is that of the options, or of HF_ENDPOINT and HF_TOKEN. The token goes to the
// endpoint's own host alone, whatever answers redirect to.
func newServer(o GetOptions) (*server, error) {
	text := strings.TrimRight(cmp.Or(o.Endpoint, os.Getenv("HF_ENDPOINT"), "https://huggingface.co"), "/")
	endpoint, err := url.Parse(text)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "https" && endpoint.Scheme != "http" || endpoint.RawQuery != "" || endpoint.User != nil {
		return nil, fmt.Errorf("HF_ENDPOINT: found %.80q, expected an address such as https://huggingface.co", text)
	}
	s := &server{endpoint: endpoint, client: o.Client}
	plain := o.Client.HTTP
	if plain == nil {
		plain = http.DefaultClient
	}
	own := *plain
	own.CheckRedirect = stay
	own.Transport = bearer{of: endpoint, token: strings.TrimSpace(cmp.Or(o.Token, os.Getenv("HF_TOKEN"))), rest: plain.Transport}
	s.client.HTTP = &own
	return s, nil
}

// stay bounds redirects, and refuses those that leave HTTPS.
func stay(request *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("found 10 redirects, expected fewer")
	}
	if via[0].URL.Scheme == "https" && request.URL.Scheme != "https" {
		return fmt.Errorf("found a redirect to %s by %s, expected https", request.URL.Host, request.URL.Scheme)
	}
	return nil
}

// bearer shows a token to one host. It does so below the client, which would copy the
// headers of a request to where that is redirected.
type bearer struct {
	of    *url.URL
	token string
	rest  http.RoundTripper
}

func (b bearer) RoundTrip(request *http.Request) (*http.Response, error) {
	rest := b.rest
	if rest == nil {
		rest = http.DefaultTransport
	}
	if b.token == "" || request.URL.Host != b.of.Host || request.URL.Scheme != b.of.Scheme {
		return rest.RoundTrip(request)
	}
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+b.token)
	return rest.RoundTrip(request)
}

// pin finds the commit that a revision is.
func (s *server) pin(ctx context.Context, model Source) (Source, error) {
	text, _, err := s.client.Read(ctx, model.api(s.endpoint, "revision"), maxConfig)
	if err != nil {
		return model, s.explain(model, err)
	}
	var answer struct{ SHA string }
	if err := json.Unmarshal(text, &answer); err != nil || !commitName.MatchString(answer.SHA) {
		return model, fmt.Errorf("%s: %s: found %.80q, expected JSON with the sha of a commit", model, s.endpoint.Host, text)
	}
	if model.pinned() && answer.SHA != model.Revision {
		return model, fmt.Errorf("%s: %s: found the commit %s, expected the one that was asked for", model, s.endpoint.Host, answer.SHA)
	}
	model.Revision = answer.SHA
	return model, nil
}

// entry is a file of a model.
type entry struct {
	Type, Path string
	OID        string // its name in Git
	Size       int64
	LFS        *struct{ OID string } // SHA-256, of a large file
}

const mostPages = 20 // of a thousand files each

// tree lists the files of a model by their paths.
func (s *server) tree(ctx context.Context, model Source) (map[string]entry, error) {
	files := map[string]entry{}
	address := model.api(s.endpoint, "tree") + "?recursive=true"
	for range mostPages {
		text, header, err := s.client.Read(ctx, address, maxConfig)
		if err != nil {
			return nil, s.explain(model, err)
		}
		var page []entry
		if err := json.Unmarshal(text, &page); err != nil {
			return nil, fmt.Errorf("%s: %s: list of files: %w", model, s.endpoint.Host, err)
		}
		for _, e := range page {
			if e.Type != "file" {
				continue
			}
			if !fs.ValidPath(e.Path) || !filepath.IsLocal(filepath.FromSlash(e.Path)) {
				return nil, fmt.Errorf("%s: %s: found the file %q in the list, expected one that lies in the model's folder", model, s.endpoint.Host, e.Path)
			}
			files[e.Path] = e
		}
		query := nextPage(header)
		if query == "" {
			return files, nil
		}
		address = model.api(s.endpoint, "tree") + "?" + query
	}
	return nil, fmt.Errorf("%s: found a list of files of more than %d pages, expected fewer", model, mostPages)
}

// nextPage is the query of the page that comes next by an answer's Link header.
func nextPage(header http.Header) string {
	for _, link := range strings.Split(header.Get("Link"), ",") {
		target, rel, _ := strings.Cut(link, ";")
		if strings.Contains(rel, `rel="next"`) {
			if next, err := url.Parse(strings.Trim(target, " <>")); err == nil {
				return next.RawQuery
			}
		}
	}
	return ""
}

// explain says what people can do about an error of the server or the network.
func (s *server) explain(model Source, err error) error {
	var answer *fetch.AnswerError
	var unreachable net.Error
	page := fmt.Sprintf("%s/%s/%s", s.endpoint, model.Owner, model.Name)
	switch {
	case errors.As(err, &answer) && answer.Header.Get("X-Error-Code") == "RevisionNotFound":
		return fmt.Errorf("%s: found no such revision, expected a branch, a tag or a commit of %s", model, page)
	case errors.As(err, &answer) && answer.Header.Get("X-Error-Code") == "GatedRepo" || errors.As(err, &answer) && answer.Code == http.StatusForbidden:
		return fmt.Errorf("%s: found a gated model (%s), expected one that may be read: accept its terms at %s, and set HF_TOKEN to a token of that account", model, answer.Status, page)
	case errors.As(err, &answer) && answer.Code == http.StatusUnauthorized:
		return fmt.Errorf("%s: found no such public model at %s (%s); a private or gated one needs HF_TOKEN", model, s.endpoint, answer.Status)
	case errors.As(err, &answer) && answer.Code == http.StatusNotFound:
		return fmt.Errorf("%s: found nothing at %s (%s), expected a model", model, page, answer.Status)
	case errors.As(err, &answer):
		return fmt.Errorf("%s: %s: found the answer %q, expected a model", model, s.endpoint.Host, answer.Status)
	case errors.As(err, &unreachable):
		return fmt.Errorf("%s: cannot reach %s: %w; without the network, name a folder, or the commit of a model that was downloaded before", model, s.endpoint, err)
	}
	return fmt.Errorf("%s: %w", model, err)
}
