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

// DumpEnv names the variable that says in which folder to leave a file for each computation
// that is compiled, with what each pass made of it.
const DumpEnv = "DRIFT_CPU_DUMP"

// PrecisionEnv names the variable that says what operands of products may be rounded to.
const PrecisionEnv = "DRIFT_CPU_PRECISION"

func init() {
	compute.Register(Name, func(config string) (compute.Backend, error) { return New(config) })
}

// Backend runs computations on the processor. It is safe for concurrent use.
type Backend struct {
	stock   compute.Backend // carries out what has no kernel here
	pool    *pool.Pool
	bf16    bool   // products may round their operands
	dumps   string // a folder, or none
	dumped  atomic.Int64
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

// New makes a backend. config is empty or settings with commas between them:
//
//   - "threads=N", with N from 1 to 1024: the threads of an operation. The default is what
//     [ThreadsEnv] says, and GOMAXPROCS without it.
//   - "precision=float32" or "precision=bfloat16": what the operands of products and
//     convolutions of float32 may be rounded to; sums stay float32. The default is what
//     [PrecisionEnv] says, and float32 without it. bfloat16 needs a processor with AVX512_BF16.
func New(config string) (*Backend, error) {
	set := map[string]string{"threads": os.Getenv(ThreadsEnv), "precision": os.Getenv(PrecisionEnv)}
	source := map[string]string{"threads": ThreadsEnv, "precision": PrecisionEnv}
	for _, s := range strings.Split(config, ",") {
		key, value, ok := strings.Cut(s, "=")
		if _, known := set[key]; config != "" && (!ok || !known) {
			return nil, errors.Errorf("%s backend: found configuration %q, expected \"threads=N\" or \"precision=float32|bfloat16\"", Name, s)
		} else if ok {
			set[key], source[key] = value, Name+":"+key
		}
	}
	n := 0
	if set["threads"] != "" || source["threads"] != ThreadsEnv {
		var err error
		if n, err = strconv.Atoi(set["threads"]); err != nil || n < 1 || n > 1024 {
			return nil, errors.Errorf("%s: found %q, expected a number from 1 to 1024", source["threads"], set["threads"])
		}
	}
	if _, err := isa.Best(); err != nil {
		return nil, err
	}
	bf16, err := bfloat16(set["precision"], source["precision"])
	if err != nil {
		return nil, err
	}
	stock, err := gobackend.New("ops_sequential")
	if err != nil {
		return nil, err
	}
	dumps := os.Getenv(DumpEnv)
	if dumps != "" {
		if err := os.MkdirAll(dumps, 0o755); err != nil {
			return nil, errors.WithMessage(err, DumpEnv)
		}
	}
	return &Backend{stock: stock, pool: pool.New(n), bf16: bf16, dumps: dumps}, nil
}

// bfloat16 reads a precision, and says whether the machine has it.
func bfloat16(precision, source string) (bool, error) {
	switch precision {
	case "float32":
		return false, nil
	case "":
		if source == PrecisionEnv {
			return false, nil
		}
	case "bfloat16":
		return true, errors.WithMessage(isa.BF16(), source)
	}
	return false, errors.Errorf("%s: found %q, expected float32 or bfloat16", source, precision)
}

// Name is the short name of the backend.
func (b *Backend) Name() string { return Name }

func (b *Backend) String() string { return Name }

// Description says what the backend runs on.
func (b *Backend) Description() string {
	set, _ := isa.Best()
	precision := ""
	if b.bf16 {
		precision = ", bfloat16 products"
	}
	return fmt.Sprintf("drift CPU backend: %v, %d threads%s", set, b.pool.Threads(), precision)
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
