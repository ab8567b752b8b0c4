package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A name of a model is asked for at the server that HF_ENDPOINT names; package hub tests the rest.
func TestHubByName(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		http.NotFound(w, r)
	}))
	defer s.Close()
	dir := t.TempDir()
	t.Setenv("HF_ENDPOINT", s.URL)
	t.Setenv("DRIFT_DATA", dir)
	for _, args := range [][]string{{"hub", "import", "hf://org/cat"}, {"hub", "inspect", "org/cat"}} {
		if out, errs, code := driftOn(t, dir, args...); code != 1 || !strings.Contains(errs, "hf://org/cat@main: found nothing at "+s.URL+"/org/cat") {
			t.Errorf("drift %v: exit code %d: %s%s", args, code, out, errs)
		}
	}
	if len(asked) != 2 || asked[0] != "/api/models/org/cat/revision/main" {
		t.Errorf("asked for %q", asked)
	}
	if _, errs, code := driftOn(t, dir, "hub", "import", "hf://cat"); code != 1 || !strings.Contains(errs, "expected hf://OWNER/NAME") || len(asked) != 2 {
		t.Errorf("half a name: exit code %d: %s", code, errs)
	}
}
