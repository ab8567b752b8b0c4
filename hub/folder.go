package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"drift/internal/safetensors"
	"drift/nn"
	"drift/run"
)

// Folder is what a folder of diffusers holds.
type Folder struct {
	Path      string
	Class     string // of the pipeline
	Network   nn.Spec
	Shape     []int    // of a picture: height, width, channels
	Labels    int      // classes that the network knows
	Classes   []string // their names, if the folder says them
	Scheduler *Scheduler
	Notes     []string
	Source    string // where it was downloaded from, with the commit; empty for a folder

	weights string // the file of weights, or their index
}

// What diffusers calls the files of a pipeline.
const (
	indexName     = "model_index.json"
	configName    = "config.json"
	schedulerName = "scheduler_config.json"
	weightsName   = "diffusion_pytorch_model.safetensors"
)

// maxLabels bounds the classes of a network, each of which gets a name.
const maxLabels = 1 << 17

// Open reads what a folder holds, but for the values of its weights.
func Open(path string) (*Folder, error) {
	f, index, parts, network, err := readIndex(path)
	if err != nil {
		return nil, err
	}
	if err := f.readNetwork(f.part(network), parts[network]); err != nil {
		return nil, err
	}
	s, err := readSettings(filepath.Join(f.part("scheduler"), schedulerName))
	if err != nil {
		return nil, err
	}
	if f.Scheduler, err = readScheduler(s, index.file, parts["scheduler"]); err != nil {
		return nil, err
	}
	f.Notes = append(f.Notes, f.Scheduler.Notes...)
	return f, f.readLabels(index)
}

// readIndex reads which parts a pipeline has, and which of them is the network.
func readIndex(path string) (f *Folder, index *settings, parts map[string]string, network string, err error) {
	if index, err = readSettings(filepath.Join(path, indexName)); err != nil {
		return nil, nil, nil, "", fmt.Errorf("%w; expected the folder of a diffusers pipeline, with %s, a unet or transformer and a scheduler", err, indexName)
	}
	f = &Folder{Path: path, Class: get(index, "_class_name", "")}
	parts = components(index)
	if network, err = f.network(index, parts); err == nil && parts["scheduler"] == "" {
		err = fmt.Errorf("%s: found no scheduler, expected one", index.file)
	}
	return f, index, parts, network, err
}

// components are the classes of a pipeline's parts.
func components(index *settings) map[string]string {
	parts := map[string]string{}
	for key, raw := range index.all {
		var pair []*string
		if json.Unmarshal(raw, &pair) == nil && len(pair) == 2 && pair[1] != nil {
			parts[key] = *pair[1]
		}
	}
	return parts
}

// network is the name of the one part that is a network; others mean a pipeline that
// drift has no use for.
func (f *Folder) network(index *settings, parts map[string]string) (string, error) {
	found := ""
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		class := parts[name]
		switch {
		case name == "scheduler":
		case class == "UNet2DModel" || class == "DiTTransformer2DModel" || class == "Transformer2DModel" && f.Class == "DiTPipeline":
			found = name
		case name == "vae" || name == "vqvae":
			return "", fmt.Errorf("%s: %s: found %s: the network works on codes of pictures, which drift cannot decode; expected a pipeline that works on pixels", index.file, name, class)
		default:
			return "", fmt.Errorf("%s: %s: found %s, expected nothing beside a scheduler and a unet of UNet2DModel or a transformer of DiTTransformer2DModel", index.file, name, class)
		}
	}
	if found == "" {
		return "", fmt.Errorf("%s: found no network, expected a unet of UNet2DModel or a transformer of DiTTransformer2DModel", index.file)
	}
	return found, nil
}

// part is the folder of a part of the pipeline, which may be the pipeline's own.
func (f *Folder) part(name string) string {
	dir := filepath.Join(f.Path, name)
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return dir
	}
	return f.Path
}

// readNetwork reads the settings of a network and finds its weights.
func (f *Folder) readNetwork(dir, class string) error {
	s, err := readSettings(filepath.Join(dir, configName))
	if err != nil {
		return err
	}
	if own := get(s, "_class_name", class); own != class {
		return fmt.Errorf("%s: _class_name: found %q, expected %q as in model_index.json", s.file, own, class)
	}
	var sides []int
	if class == "UNet2DModel" {
		net := nn.DefaultUNet2D()
		if err := f.fill(s, &net); err != nil {
			return err
		}
		if string(s.all["norm_num_groups"]) == "null" {
			if err := ownGroups(&net); err != nil {
				return fmt.Errorf("%s: %w", s.file, err)
			}
		}
		f.Network = nn.Spec{Kind: "unet", UNet: &net}
		sides = net.SampleSize
		f.Shape, f.Labels = []int{0, 0, net.InChannels}, unetLabels(net)
		if net.ClassEmbedding != nil && *net.ClassEmbedding == "identity" {
			return fmt.Errorf("%s: class_embed_type: found \"identity\", supported: null and \"timestep\"", s.file)
		}
		if net.ClassEmbedding != nil && net.ClassEmbeddings == nil {
			return fmt.Errorf("%s: num_class_embeds: found null beside class_embed_type %q, expected how many classes there are", s.file, *net.ClassEmbedding)
		}
	} else {
		net := nn.DefaultDiT()
		if err := f.fill(s, &net); err != nil {
			return err
		}
		f.Network = nn.Spec{Kind: "dit", DiT: &net}
		sides = []int{net.SampleSize}
		f.Shape, f.Labels = []int{0, 0, net.InChannels}, net.ClassEmbeddings
	}
	if len(sides) < 1 || len(sides) > 2 || slices.Min(sides) < 1 || slices.Max(sides) > 1<<13 {
		return fmt.Errorf("%s: sample_size: found %v, expected the side of a square, or height and width, from 1 to %d", s.file, sides, 1<<13)
	}
	f.Shape[0], f.Shape[1] = sides[0], sides[len(sides)-1]
	if err := f.Network.Validate(); err != nil {
		return fmt.Errorf("%s: %w", s.file, err)
	}
	if f.Shape[0]*f.Shape[1] > run.MaxValues/f.Shape[2] {
		return fmt.Errorf("%s: sample_size and in_channels: found %v and %d, expected at most %d values", s.file, sides, f.Shape[2], run.MaxValues)
	}
	if f.Labels > maxLabels {
		return fmt.Errorf("%s: found %d classes, expected at most %d", s.file, f.Labels, maxLabels)
	}
	name, err := findWeights(dir, func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	})
	f.weights = filepath.Join(dir, name)
	return err
}

// ownGroups sets the groups of normalisation of a U-Net that has none of its own: a quarter
// of the channels, at most 32, of the first level at the end and of the last in the middle.
// Other blocks than those with "Skip" in their names must have some.
func ownGroups(net *nn.UNet2D) error {
	for _, name := range slices.Concat(net.DownBlocks, net.UpBlocks) {
		if !strings.Contains(name, "Skip") {
			return fmt.Errorf("norm_num_groups: found null beside %s, expected a number", name)
		}
	}
	if len(net.BlockChannels) == 0 {
		return nil // which Validate tells
	}
	first, last := min(net.BlockChannels[0]/4, 32), min(net.BlockChannels[len(net.BlockChannels)-1]/4, 32)
	if first != last && net.MidBlock != nil {
		return fmt.Errorf("norm_num_groups: found null, which stands for %d groups at the end and %d in the middle, supported: one number for both", first, last)
	}
	net.NormGroups = first
	return nil
}

// unetLabels is how many classes a U-Net knows.
func unetLabels(net nn.UNet2D) int {
	if net.ClassEmbeddings == nil {
		return 0
	}
	return *net.ClassEmbeddings
}

// fill sets the fields of a network's settings, and notes keys that they do not have.
func (f *Folder) fill(s *settings, into any) error {
	known := reflect.TypeOf(into).Elem()
	for i := range known.NumField() {
		key, _, _ := strings.Cut(known.Field(i).Tag.Get("json"), ",")
		s.used[key] = true
		raw, ok := s.all[key]
		if !ok || key == "-" {
			continue
		}
		if err := json.Unmarshal(raw, reflect.ValueOf(into).Elem().Field(i).Addr().Interface()); err != nil {
			return fmt.Errorf("%s: %s: found %s: %w", s.file, key, short(raw), err)
		}
	}
	f.Notes = append(f.Notes, s.rest()...)
	return nil
}

// findWeights is the name of the file of a network's weights, or of the index of several,
// in a folder where has says which files there are.
func findWeights(where string, has func(name string) bool) (string, error) {
	for _, name := range []string{weightsName, weightsName + ".index.json", "diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.non_ema.safetensors"} {
		if has(name) {
			return name, nil
		}
	}
	for _, name := range []string{"diffusion_pytorch_model.bin", "diffusion_pytorch_model.bin.index.json"} {
		if has(name) {
			return "", fmt.Errorf("%s: found %s, which may run programs when it is read, expected %s; diffusers' save_pretrained(…, safe_serialization=True) writes it", where, name, weightsName)
		}
	}
	return "", fmt.Errorf("%s: found no %s, expected one", where, weightsName)
}

// readLabels reads the names of classes that the index of a DiT holds.
func (f *Folder) readLabels(index *settings) error {
	names := get[map[string]string](index, "id2label", nil)
	if index.err != nil || len(names) == 0 || len(names) != f.Labels {
		return index.err
	}
	f.Classes = make([]string, len(names))
	for key, name := range names {
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(names) {
			return fmt.Errorf("%s: id2label: found class %q, expected 0 to %d", index.file, key, len(names)-1)
		}
		f.Classes[i] = name
	}
	return nil
}

// Parameters is how many values the folder's weights have.
func (f *Folder) Parameters() (n int, err error) {
	set, err := safetensors.OpenSet(f.weights)
	if err != nil {
		return 0, err
	}
	for _, name := range set.Names() {
		info, _ := set.Info(name)
		n += info.Size()
	}
	return n, set.Close()
}

// Weights reads the weights as variables of the network.
func (f *Folder) Weights() (state nn.State, err error) {
	set, err := safetensors.OpenSet(f.weights)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	state = nn.State{}
	for _, name := range set.Names() {
		values, err := set.Float32s(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.weights, err)
		}
		info, _ := set.Info(name)
		path, t, err := nn.FromDiffusers(name, nn.Floats(info.Shape, values))
		if err != nil {
			return nil, fmt.Errorf("%s: tensor %q: %w", f.weights, name, err)
		}
		if _, twice := state[path]; twice {
			return nil, fmt.Errorf("%s: tensor %q: found twice under two names", f.weights, name)
		}
		state[path] = t
	}
	return state, nil
}
