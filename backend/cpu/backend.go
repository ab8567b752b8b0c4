package cpu

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"drift/backend/cpu/internal/isa"
	"drift/backend/cpu/internal/pool"
	"drift/backend/cpu/internal/program"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/pkg/errors"
)

// Name is what GOMLX_BACKEND calls this backend.
const Name = "cpu"

// ThreadsEnv names the variable that bounds the threads of an operation.
const ThreadsEnv = "DRIFT_CPU_THREADS"

func init() {
	compute.Register(Name, func(config string) (compute.Backend, error) { return New(config) })
}

// Backend runs computations on the processor. It is safe for concurrent use.
type Backend struct {
	stock   compute.Backend // carries out what has no kernel here
	pool    *pool.Pool
	buffers store
	ended   atomic.Bool
	profile atomic.Pointer[Profile]
}

// Profile collects how long the steps of computations take, as a table or as a trace
// for Chrome.
type Profile = program.Profile

// Record begins a new profile of all that the backend runs from now on.
func (b *Backend) Record() *Profile {
	p := program.NewProfile()
	b.profile.Store(p)
	return p
}

// StopRecording ends the profile.
func (b *Backend) StopRecording() { b.profile.Store(nil) }

// New makes a backend. config is empty or "threads=N", with N at least 1; the
// default is what [ThreadsEnv] says, and GOMAXPROCS without it.
func New(config string) (*Backend, error) {
	threads, source := os.Getenv(ThreadsEnv), ThreadsEnv
	n := 0
	if config != "" {
		var ok bool
		if threads, ok = strings.CutPrefix(config, "threads="); !ok {
			return nil, errors.Errorf("%s backend: found configuration %q, expected \"threads=N\"", Name, config)
		}
		source = Name + ":threads"
	}
	if config != "" || threads != "" {
		var err error
		if n, err = strconv.Atoi(threads); err != nil || n < 1 || n > 1024 {
			return nil, errors.Errorf("%s: found %q, expected a number from 1 to 1024", source, threads)
		}
	}
	if _, err := isa.Best(); err != nil {
		return nil, err
	}
	stock, err := gobackend.New("ops_sequential")
	if err != nil {
		return nil, err
	}
	return &Backend{stock: stock, pool: pool.New(n)}, nil
}

// Name is the short name of the backend.
func (b *Backend) Name() string { return Name }

func (b *Backend) String() string { return Name }

// Description says what the backend runs on.
func (b *Backend) Description() string {
	set, _ := isa.Best()
	return fmt.Sprintf("drift CPU backend: %v, %d threads", set, b.pool.Threads())
}

// NumDevices is 1: the processor.
func (b *Backend) NumDevices() int { return 1 }

// DeviceDescription describes the processor.
func (b *Backend) DeviceDescription(compute.DeviceNum) string { return b.Description() }

// Capabilities are those of GoMLX's Go backend, to which the rest is handed.
func (b *Backend) Capabilities() compute.Capabilities { return b.stock.Capabilities().Clone() }

// Finalize ends the backend's workers and frees its memory.
func (b *Backend) Finalize() {
	if b.ended.CompareAndSwap(false, true) {
		b.pool.Close()
		b.buffers.clear()
		b.stock.Finalize()
	}
}

// IsFinalized says whether Finalize was called.
func (b *Backend) IsFinalized() bool { return b.ended.Load() }

var _ compute.Backend = (*Backend)(nil)
