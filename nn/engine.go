package nn

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	_ "drift/backend/cpu" // registers the engine "cpu", and "go" that it falls back on
	"github.com/gomlx/compute"
)

// defaultEngine is the GoMLX backend that networks run on unless the environment
// variable GOMLX_BACKEND names another.
const defaultEngine = "cpu"

// Engine starts the GoMLX backend that networks run on: the one that GOMLX_BACKEND
// names, or drift's default.
func Engine() (compute.Backend, error) {
	name := os.Getenv("GOMLX_BACKEND")
	if name == "" {
		name = defaultEngine
	}
	return EngineByName(name)
}

// EngineByName starts a GoMLX backend by its name, which may be followed by a colon and
// the backend's own settings.
func EngineByName(name string) (engine compute.Backend, err error) {
	err = Guard("engine "+name, func() error {
		engine, err = compute.NewWithConfig(name)
		return err
	})
	return engine, err
}

// Guard runs f and turns its panics into errors that begin with what. GoMLX panics
// on malformed graphs; none of that may reach a user of drift.
func Guard(what string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if os.Getenv("DRIFT_DEBUG") != "" {
				os.Stderr.Write(debug.Stack())
			}
			err = fmt.Errorf("%s: %v", what, r)
		}
	}()
	if err := f(); err != nil {
		if strings.HasPrefix(err.Error(), what) {
			return err
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
