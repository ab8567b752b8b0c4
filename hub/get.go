package hub

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"drift/dataset"
	"drift/internal/fetch"
	"drift/internal/safefile"
	"drift/internal/safetensors"
)

// GetOptions say where models are downloaded from and to. The zero value is good.
type GetOptions struct {
	Root     string // models lie below; dataset.Root() if empty
	Endpoint string // address of the server; HF_ENDPOINT, or https://huggingface.co, if empty
	Token    string // for private and gated models; HF_TOKEN if empty
	Most     int64  // bytes of weights; 32 GiB if 0
	Client   fetch.Client
}

// Get downloads what drift needs of a model, and opens it. A commit that is there already
// is opened without asking the server; so that it stays what it is, any other revision
// becomes the commit that it is at the moment. Files are held to the hashes that the
// server lists: the SHA-256 of large ones, the name in Git of small ones. Until all are
// there they lie in a folder of another name, where a later call goes on.
func Get(ctx context.Context, model Source, o GetOptions) (*Folder, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	if o.Root == "" {
		if o.Root, err = dataset.Root(); err != nil {
			return nil, err
		}
	}
	if o.Most == 0 {
		o.Most = 32 << 30
	}
	home := filepath.Join(o.Root, "hub", model.Owner, model.Name)
	if !model.pinned() || !there(filepath.Join(home, model.Revision)) {
		if model, err = s.pin(ctx, model); err != nil {
			return nil, err
		}
	}
	dir := filepath.Join(home, model.Revision)
	if !there(dir) {
		files, err := s.tree(ctx, model)
		if err != nil {
			return nil, err
		}
		d := download{server: s, model: model, files: files, left: o.Most, dir: dir + ".part"}
		if err := d.all(ctx); err != nil {
			return nil, err
		}
		if err := safefile.Publish(d.dir, dir); err != nil {
			return nil, err
		}
	}
	f, err := Open(dir)
	if err != nil {
		return nil, err
	}
	f.Source = model.String()
	f.Notes = append(f.Notes, "from "+f.Source)
	return f, nil
}

func there(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

// download is a model on its way into a folder.
type download struct {
	*server
	model Source
	files map[string]entry
	left  int64 // bytes that may still come
	dir   string
}

// all brings the index, and what the index says is needed.
func (d *download) all(ctx context.Context) error {
	if err := d.file(ctx, indexName, maxConfig); err != nil {
		return err
	}
	_, _, _, network, err := readIndex(d.dir)
	if err != nil {
		return fmt.Errorf("%s: %w", d.model, err)
	}
	weights, err := findWeights(d.model.String(), func(name string) bool { return d.has(d.part(network, name)) })
	if err != nil {
		return err
	}
	for _, name := range []string{d.part("scheduler", schedulerName), d.part(network, configName)} {
		if err := d.file(ctx, name, maxConfig); err != nil {
			return err
		}
	}
	return d.weights(ctx, d.part(network, weights))
}

// weights brings a file of weights, or those that an index names.
func (d *download) weights(ctx context.Context, name string) error {
	if err := d.file(ctx, name, d.left); err != nil || path.Ext(name) != ".json" {
		return err
	}
	shards, err := safetensors.Shards(filepath.Join(d.dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	for _, shard := range shards {
		if err := d.file(ctx, path.Join(path.Dir(name), shard), d.left); err != nil {
			return err
		}
	}
	return nil
}

func (d *download) has(name string) bool {
	_, ok := d.files[name]
	return ok
}

// part is where a file of a part of the pipeline lies: in the part's folder, or where that
// is not there in the pipeline's own, as [Folder.part] looks for it.
func (d *download) part(part, name string) string {
	for file := range d.files {
		if strings.HasPrefix(file, part+"/") {
			return part + "/" + name
		}
	}
	return name
}

// file brings one file of at most so many bytes.
func (d *download) file(ctx context.Context, name string, most int64) error {
	e, ok := d.files[name]
	if !ok {
		return fmt.Errorf("%s: found no file %s, expected the folder of a diffusers pipeline, with %s, a unet or transformer and a scheduler", d.model, name, indexName)
	}
	if most = min(most, d.left); e.Size < 0 || e.Size > most {
		return fmt.Errorf("%s: %s: found %d bytes, expected at most %d", d.model, name, e.Size, most)
	}
	d.left -= e.Size
	f := fetch.File{Name: filepath.FromSlash(name), Blob: e.OID, Bytes: e.Size, URLs: []string{d.model.file(d.endpoint, name)}}
	if e.LFS != nil {
		f.SHA256 = e.LFS.OID
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Join(d.dir, f.Name)), 0o755); err != nil {
		return fmt.Errorf("%s: cannot make its folder: %w", d.model, err)
	}
	if err := d.client.Get(ctx, f, d.dir); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%w; what there is of the model is kept in %s, and the same command goes on from there", d.explain(d.model, err), d.dir)
	}
	return nil
}
