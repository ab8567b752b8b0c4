package nn

import (
	"fmt"
	"math"
	"slices"

	"drift"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Scope is where the weights of a network lie in a store.
const Scope = "/model"

// Model is a network with its weights, ready to denoise. It may be used from
// several goroutines at once.
type Model struct {
	predict drift.Prediction
	sees    Signature
	tiles   tiles
	store   *model.Store
	exec    *model.Exec
}

// NewModel makes a model of a network and its weights, a [State] with paths below
// [Scope].
func NewModel(engine compute.Backend, net Network, predict drift.Prediction, sees Signature, weights State) (*Model, error) {
	store := model.NewStore()
	m, err := ModelOn(engine, store, "", net, predict, sees)
	if err != nil {
		return nil, err
	}
	if err := Guard("network", func() (err error) {
		if _, err = m.exec.Compile(sees.Shapes(m.tiles.most)...); err != nil {
			return err
		}
		if err := Load(store, weights); err != nil {
			return err
		}
		// Nothing is left to draw; this clears the store's mark that says otherwise.
		return store.InitializeVariables(engine, nil)
	}); err != nil {
		if plain := Check(engine, net, sees, weights); plain != nil {
			err = plain // the same in words of the network, without those of what compiles it
		}
		return nil, err
	}
	return m, nil
}

// ModelOn is the model of weights in a store that others change, below a prefix as
// "/ema" and [Scope]. It is not to be used while they do.
func ModelOn(engine compute.Backend, store *model.Store, prefix string, net Network, predict drift.Prediction, sees Signature) (*Model, error) {
	m := &Model{predict: predict, sees: sees, tiles: tilesOf(engine, sees.Shape), store: store}
	err := Guard("network", func() (err error) {
		m.exec, err = model.NewExec(engine, store, func(_ *model.Scope, nodes []*graph.Node) *graph.Node {
			in, _ := sees.Input(nodes)
			return net.Forward(store.Scope(prefix+Scope), in)
		})
		if err == nil {
			m.exec.SetMaxCache(-1) // there are few sizes of tiles
		}
		return err
	})
	return m, err
}

// Sees is what the model sees.
func (m *Model) Sees() Signature { return m.sees }

// SetWeights gives the model other weights. Nobody may be using it meanwhile.
func (m *Model) SetWeights(weights State) error { return Load(m.store, weights) }

// Denoiser binds class labels, one a sample, to the model; -1 stands for no
// condition, and nil for none anywhere.
func (m *Model) Denoiser(labels []int) drift.Denoiser {
	return m.Conditioned(Condition{Labels: labels})
}

// Conditioned binds a condition to the model.
//
// Networks run on tiles of a few numbers of samples, the last one padded: a sample's
// result depends neither on who shares its batch nor on its place there.
func (m *Model) Conditioned(c Condition) drift.Denoiser {
	return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		return m.denoise(dst, x, c, func(int) drift.Level { return at })
	})
}

// DenoiseEach writes D(x) for samples that stand at levels of their own.
func (m *Model) DenoiseEach(dst, x *drift.Batch, c Condition, at []drift.Level) error {
	if len(at) != x.N {
		return fmt.Errorf("levels: found %d, expected one for each of %d samples", len(at), x.N)
	}
	return m.denoise(dst, x, c, func(i int) drift.Level { return at[i] })
}

func (m *Model) denoise(dst, x *drift.Batch, c Condition, at func(i int) drift.Level) error {
	if err := m.check(dst, x, c); err != nil {
		return err
	}
	for lo := 0; lo < x.N; lo += m.tiles.most {
		hi := min(lo+m.tiles.most, x.N)
		if err := m.denoiseTile(dst.Slice(lo, hi), x.Slice(lo, hi), c.Slice(lo, hi), func(i int) drift.Level { return at(lo + i) }); err != nil {
			return err
		}
	}
	return nil
}

// denoiseTile is D(x) = skip·x + out·F(in·x; noise, condition) for at most one tile.
func (m *Model) denoiseTile(dst, x *drift.Batch, c Condition, at func(i int) drift.Level) error {
	tile := m.tiles.of(x.N)
	e := m.sees.Example(tile)
	dim := x.Dim()
	for i := range x.N {
		_, _, in, noise := m.predict.Precond(at(i))
		e.Noise[i] = float32(noise)
		for j, v := range x.Row(i) {
			e.X[i*dim+j] = float32(in * v)
		}
		e.SetCondition(i, c, i)
	}
	return Guard("network", func() error {
		f, err := m.exec.Call1(e.Tensors()...)
		if err != nil {
			return err
		}
		defer f.FinalizeAll()
		return tensors.ConstFlatData(f, func(flat []float32) {
			for i := range x.N {
				skip, out, _, _ := m.predict.Precond(at(i))
				row := dst.Row(i)
				for j, v := range x.Row(i) {
					row[j] = out * float64(flat[i*dim+j])
					if skip != 0 {
						row[j] += skip * v
					}
				}
			}
		})
	})
}

func (m *Model) check(dst, x *drift.Batch, c Condition) error {
	if err := drift.SameShape(dst, x); err != nil {
		return err
	}
	if !slices.Equal(x.Shape, m.sees.Shape) {
		return fmt.Errorf("samples: found shape %v, expected %v", x.Shape, m.sees.Shape)
	}
	return c.check(m.sees, x.N)
}

// Finite reports the first variable of a state that holds a float that is not finite.
func (s State) Finite() error {
	for _, name := range s.Names() {
		t := s[name]
		if t.DType != "Float32" {
			continue
		}
		for i := 0; i+4 <= len(t.Data); i += 4 {
			bits := uint32(t.Data[i]) | uint32(t.Data[i+1])<<8 | uint32(t.Data[i+2])<<16 | uint32(t.Data[i+3])<<24
			if v := float64(math.Float32frombits(bits)); math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("tensor %q: found %v at position %d, expected finite numbers", name, v, i/4)
			}
		}
	}
	return nil
}
