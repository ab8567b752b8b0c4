package hub

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// Source is a model on a server that speaks as huggingface.co does.
type Source struct {
	Owner, Name string
	Revision    string // a branch, a tag or a commit
}

// scheme begins the names of models on a server.
const scheme = "hf://"

var (
	partOfName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}$`)
	commitName = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// IsSource says whether an argument names a model on a server and not a folder: it begins
// with hf://, or looks like OWNER/NAME where no such folder is.
func IsSource(arg string) bool {
	if strings.HasPrefix(arg, scheme) {
		return true
	}
	if _, err := os.Stat(arg); err == nil {
		return false
	}
	_, err := ParseSource(arg)
	return err == nil
}

// ParseSource reads hf://OWNER/NAME[@REVISION]; hf:// may be left out.
func ParseSource(text string) (Source, error) {
	name, revision, pinned := strings.Cut(strings.TrimPrefix(text, scheme), "@")
	owner, name, _ := strings.Cut(name, "/")
	s := Source{Owner: owner, Name: name, Revision: "main"}
	if pinned {
		s.Revision = revision
	}
	if !partOfName.MatchString(s.Owner) || !partOfName.MatchString(s.Name) || strings.Contains(s.Owner+s.Name, "..") {
		return s, fmt.Errorf("model: found %.80q, expected hf://OWNER/NAME or hf://OWNER/NAME@REVISION", text)
	}
	if s.Revision == "" || len(s.Revision) > 200 || strings.ContainsFunc(s.Revision, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return s, fmt.Errorf("model: found the revision %.80q, expected a branch, a tag or a commit", s.Revision)
	}
	return s, nil
}

// String is the source as [ParseSource] reads it.
func (s Source) String() string { return scheme + s.Owner + "/" + s.Name + "@" + s.Revision }

// pinned says whether the revision can never be another: it is a commit.
func (s Source) pinned() bool { return commitName.MatchString(s.Revision) }

// api is the address of what a server says about a model, below a path.
func (s Source) api(endpoint *url.URL, path string) string {
	return fmt.Sprintf("%s/api/models/%s/%s/%s/%s", endpoint, s.Owner, s.Name, path, url.PathEscape(s.Revision))
}

// file is the address of a file of a model.
func (s Source) file(endpoint *url.URL, path string) string {
	return fmt.Sprintf("%s/%s/%s/resolve/%s/%s", endpoint, s.Owner, s.Name, url.PathEscape(s.Revision), (&url.URL{Path: path}).EscapedPath())
}
