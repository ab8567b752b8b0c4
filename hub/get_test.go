package hub_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drift/hub"
	"drift/internal/safetensors"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// site is a server of one model, org/cat, and another host that has its large files.
type site struct {
	*httptest.Server
	cdn    *httptest.Server
	files  map[string][]byte
	secret string // without which nothing is shown; empty for none
	gated  bool
	cut    int // bytes after which the next large file breaks off; 0 for never
	pages  bool
	asked  []string // paths, and "cdn" with a range
	leaked string   // what the other host was shown as a token
}

func large(name string) bool { return strings.HasSuffix(name, ".safetensors") }

func newSite(t *testing.T, dir string) *site {
	s := &site{files: map[string][]byte{"README.md": []byte("a cat"), "samples/big.png": make([]byte, 1000), "unet/diffusion_pytorch_model.bin": []byte("pickle")}}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		s.files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.cdn = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.leaked += r.Header.Get("Authorization")
		s.asked = append(s.asked, "cdn "+r.Header.Get("Range"))
		data := s.files[strings.TrimPrefix(r.URL.Path, "/")]
		if s.cut > 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			w.Write(data[:s.cut])
			w.(http.Flusher).Flush()
			s.cut = 0
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}))
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	t.Cleanup(s.cdn.Close)
	for _, name := range []string{"HF_TOKEN", "HF_ENDPOINT"} {
		t.Setenv(name, "")
	}
	return s
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.URL.Path)
	refuse := func(code int, why string) {
		w.Header().Set("X-Error-Code", why)
		http.Error(w, why, code)
	}
	name, isFile := strings.CutPrefix(r.URL.Path, "/org/cat/resolve/"+commit+"/")
	data, known := s.files[name]
	switch {
	case s.secret != "" && r.Header.Get("Authorization") != "Bearer "+s.secret:
		refuse(http.StatusUnauthorized, "RepoNotFound")
	case strings.HasPrefix(r.URL.Path, "/api/models/org/cat/revision/"):
		if rev := r.URL.Path[len("/api/models/org/cat/revision/"):]; rev != "main" && rev != "refs/pr/1" && rev != commit {
			refuse(http.StatusNotFound, "RevisionNotFound")
			return
		}
		fmt.Fprintf(w, `{"id": "org/cat", "sha": %q}`, commit)
	case r.URL.Path == "/api/models/org/cat/tree/"+commit && r.URL.Query().Get("recursive") == "true":
		s.tree(w, r)
	case isFile && s.gated:
		refuse(http.StatusForbidden, "GatedRepo")
	case isFile && known && large(name):
		http.Redirect(w, r, s.cdn.URL+"/"+name, http.StatusFound)
	case isFile && known:
		w.Write(data)
	default:
		refuse(http.StatusNotFound, "EntryNotFound")
	}
}

// tree lists the files; in two pages, if there are to be pages.
func (s *site) tree(w http.ResponseWriter, r *http.Request) {
	all := []map[string]any{{"type": "directory", "path": "unet", "size": 0, "oid": "00"}}
	for name, data := range s.files {
		blob := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(data), data))
		e := map[string]any{"type": "file", "path": name, "size": len(data), "oid": hex.EncodeToString(blob[:])}
		if large(name) {
			sum := sha256.Sum256(data)
			e["lfs"] = map[string]any{"oid": hex.EncodeToString(sum[:]), "size": len(data), "pointerSize": 130}
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b map[string]any) int { return strings.Compare(a["path"].(string), b["path"].(string)) })
	if s.pages && r.URL.Query().Get("cursor") == "" {
		w.Header().Set("Link", fmt.Sprintf(`<https://elsewhere.example%s?recursive=true&cursor=b>; rel="next"`, r.URL.Path))
		all = all[:2]
	} else if s.pages {
		all = all[2:]
	}
	json.NewEncoder(w).Encode(all)
}

func (s *site) options(root string) hub.GetOptions {
	return hub.GetOptions{Root: root, Endpoint: s.URL}
}

func source(t *testing.T, text string) hub.Source {
	t.Helper()
	s, err := hub.ParseSource(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// whole is the folder of a pipeline with all of its weights.
func whole(t *testing.T) string {
	var p pipelines
	read(t, "pipelines.json", &p)
	return folder(t, p, "unet", map[string]any{"_class_name": "DDIMScheduler"})
}

// Only what is needed is downloaded, once, by a commit that the run remembers.
func TestGet(t *testing.T) {
	s, root := newSite(t, whole(t)), t.TempDir()
	s.secret, s.pages = "hf_secret", true
	t.Setenv("HF_TOKEN", s.secret)
	t.Setenv("HF_ENDPOINT", s.URL+"/")
	f, err := hub.Get(t.Context(), source(t, "org/cat@refs/pr/1"), hub.GetOptions{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if s.leaked != "" {
		t.Errorf("the other host was shown %q", s.leaked)
	}
	asked := strings.Join(s.asked, "\n")
	for _, needless := range []string{"README", "samples", ".bin"} {
		if strings.Contains(asked, needless) {
			t.Errorf("asked for\n%s\nexpected nothing of %s", asked, needless)
		}
	}
	d, err := f.Import(engine(t), filepath.Join(t.TempDir(), "run"), hub.ImportOptions{Name: "cat"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "hf://org/cat@" + commit; d.Manifest.Source != want || !slices.Contains(f.Notes, "from "+want) {
		t.Errorf("found source %q and notes %q, expected %s", d.Manifest.Source, f.Notes, want)
	}
	if all, _ := filepath.Glob(filepath.Join(root, "hub/org/cat/*")); len(all) != 1 || filepath.Base(all[0]) != commit {
		t.Errorf("found %v, expected one folder %s", all, commit)
	}
	s.Close() // what is there needs no server
	if _, err := hub.Get(t.Context(), source(t, "hf://org/cat@"+commit), s.options(root)); err != nil {
		t.Error(err)
	}
	if _, err := hub.Get(t.Context(), source(t, "hf://org/cat"), s.options(root)); err == nil || !strings.Contains(err.Error(), "cannot reach "+s.URL) {
		t.Errorf("without a server: found error %v", err)
	}
}

// A download goes on where it was cut off, behind a redirect too, and half a model is none.
func TestGetResumes(t *testing.T) {
	s, root := newSite(t, whole(t)), t.TempDir()
	s.cut = 1000
	_, err := hub.Get(t.Context(), source(t, "org/cat"), s.options(root))
	if err == nil || !strings.Contains(err.Error(), "cut off after 1000 bytes") || !strings.Contains(err.Error(), "the same command goes on from there") {
		t.Fatalf("found error %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, "hub/org/cat", commit)); err == nil {
		t.Error("half a model got its name")
	}
	f, err := hub.Get(t.Context(), source(t, "org/cat"), s.options(root))
	if err != nil {
		t.Fatal(err)
	}
	if last := s.asked[len(s.asked)-1]; last != "cdn bytes=1000-" {
		t.Errorf("asked for %q, expected the rest", last)
	}
	if _, err := f.Weights(); err != nil {
		t.Error(err)
	}
}

// Weights in several files, with the network and scheduler beside the index as in the
// oldest models, come with their index.
func TestGetShards(t *testing.T) {
	s := newSite(t, whole(t))
	name := "unet/diffusion_pytorch_model.safetensors"
	set, err := safetensors.OpenSet(filepath.Join(writeAll(t, s.files), name))
	if err != nil {
		t.Fatal(err)
	}
	parts, index := [2][]safetensors.Tensor{}, map[string]string{}
	for i, tensor := range set.Names() {
		values, err := set.Float32s(tensor)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := set.Info(tensor)
		var data []byte
		for _, v := range values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		parts[i%2] = append(parts[i%2], safetensors.Tensor{Name: tensor, DType: "F32", Shape: info.Shape, Data: data})
		index[tensor] = fmt.Sprintf("part-%d.safetensors", i%2)
	}
	set.Close()
	for i, tensors := range parts {
		var out bytes.Buffer
		if err := safetensors.Write(&out, nil, tensors); err != nil {
			t.Fatal(err)
		}
		s.files[fmt.Sprintf("part-%d.safetensors", i)] = out.Bytes()
	}
	text, _ := json.Marshal(map[string]any{"weight_map": index})
	s.files["diffusion_pytorch_model.safetensors.index.json"] = text
	for _, moved := range []string{"unet/config.json", "scheduler/scheduler_config.json"} {
		s.files[filepath.Base(moved)] = s.files[moved]
		delete(s.files, moved)
	}
	delete(s.files, name)
	delete(s.files, "unet/diffusion_pytorch_model.bin")
	f, err := hub.Get(t.Context(), source(t, "org/cat"), s.options(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if weights, err := f.Weights(); err != nil || len(weights) != len(index) {
		t.Errorf("found %d tensors, %v; expected %d", len(weights), err, len(index))
	}
}

// What keeps a model from being downloaded is told, and nothing is left that looks like one.
func TestGetRefuses(t *testing.T) {
	dir := whole(t)
	weights := "unet/diffusion_pytorch_model.safetensors"
	for want, change := range map[string]func(s *site, model *string, o *hub.GetOptions){
		"accept its terms at":        func(s *site, _ *string, _ *hub.GetOptions) { s.gated = true },
		"found no such public":       func(s *site, _ *string, o *hub.GetOptions) { s.secret, o.Token = "right", "wrong" },
		"found nothing at":           func(_ *site, model *string, _ *hub.GetOptions) { *model = "org/dog" },
		"found no such revisio":      func(_ *site, model *string, _ *hub.GetOptions) { *model = "org/cat@v9" },
		"bytes, expected at most 90": func(_ *site, _ *string, o *hub.GetOptions) { o.Most = 9999 },
		"may run programs":           func(s *site, _ *string, _ *hub.GetOptions) { delete(s.files, weights) },
		"found no file model_i":      func(s *site, _ *string, _ *hub.GetOptions) { delete(s.files, "model_index.json") },
		"found no file unet/co":      func(s *site, _ *string, _ *hub.GetOptions) { delete(s.files, "unet/config.json") },
		"vae: found Autoenc": func(s *site, _ *string, _ *hub.GetOptions) {
			s.files["model_index.json"] = []byte(`{"vae": ["diffusers", "AutoencoderKL"]}`)
		},
		"found content with the SHA-256": func(s *site, _ *string, _ *hub.GetOptions) {
			s.cdn.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("other weights")) })
		},
		"HF_ENDPOINT: found": func(_ *site, _ *string, o *hub.GetOptions) { o.Endpoint = "ftp://there" },
		"found 10 redirects": func(s *site, _ *string, _ *hub.GetOptions) {
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
		},
		"expected one that lies in the model's folder": func(s *site, _ *string, _ *hub.GetOptions) {
			s.files["../../../.docker/config.json"] = []byte("{}")
		},
		"with the sha of a commit": func(s *site, _ *string, _ *hub.GetOptions) {
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(`{"sha": "../../x"}`)) })
		},
	} {
		s, model, root := newSite(t, dir), "org/cat", t.TempDir()
		o := s.options(root)
		change(s, &model, &o)
		if _, err := hub.Get(t.Context(), source(t, model), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected %q", err, want)
		} else if strings.Contains(err.Error(), "right") || strings.Contains(err.Error(), "wrong") {
			t.Errorf("found the token in %v", err)
		}
		if _, err := os.Stat(filepath.Join(root, "hub/org/cat", commit)); err == nil {
			t.Errorf("%s: left a folder that looks like a model", want)
		}
	}
}

// An answer by HTTPS may not lead elsewhere by plain HTTP.
func TestGetStaysOnHTTPS(t *testing.T) {
	s := newSite(t, t.TempDir())
	safe := httptest.NewTLSServer(http.RedirectHandler(s.URL, http.StatusFound))
	defer safe.Close()
	o := hub.GetOptions{Root: t.TempDir(), Endpoint: safe.URL, Token: "hf_secret"}
	o.Client.HTTP = safe.Client()
	if _, err := hub.Get(t.Context(), source(t, "org/cat"), o); err == nil || !strings.Contains(err.Error(), "expected https") || len(s.asked) > 0 {
		t.Errorf("found error %v, and %q asked for", err, s.asked)
	}
}

func TestSources(t *testing.T) {
	if s := source(t, "hf://google/ddpm-cifar10-32"); s.String() != "hf://google/ddpm-cifar10-32@main" {
		t.Errorf("found %s", s)
	}
	for _, bad := range []string{"", "hf://", "cat", "a/b/c", "../x", "a/..", "a/b@", "a/b@x y", "/a/b", "a/b..c", "hf://a/b?c", "a\\b/c"} {
		if s, err := hub.ParseSource(bad); err == nil {
			t.Errorf("%q: found %v, expected an error", bad, s)
		}
	}
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.MkdirAll("org/cat", 0o755); err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]bool{"org/cat": false, "org/dog": true, "hf://org/cat": true, "hf://nonsense": true, "./org": false, "org/cat/unet": false} {
		if hub.IsSource(arg) != want {
			t.Errorf("%s: found %v, expected %v", arg, !want, want)
		}
	}
}

// writeAll writes files into a folder.
func writeAll(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, data)
	}
	return dir
}
