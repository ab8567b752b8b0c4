package run

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"drift/internal/safefile"
)

// metricsLog is metrics.jsonl as it grows.
type metricsLog interface {
	io.WriteCloser
	Sync() error
}

// openMetrics opens metrics.jsonl for appending, without the lines of steps after
// step: a killed run may have noted more than its last checkpoint holds.
func openMetrics(path string, step int) (metricsLog, error) {
	events, err := ReadMetrics(path)
	if err != nil {
		return nil, err
	}
	err = safefile.Write(path, func(w io.Writer) error {
		for _, e := range events {
			if e.Step > step {
				continue
			}
			if err := writeLine(w, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
}

// ReadMetrics reads the metrics of a run. A line that is none, as the last one that was
// cut short by a kill, is left out; a missing file is an empty one.
func ReadMetrics(path string) ([]Event, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var events []Event
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e Event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		events = append(events, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return events, nil
}

// Metrics reads the metrics of the run.
func (d *Dir) Metrics() ([]Event, error) { return ReadMetrics(d.join("metrics.jsonl")) }

func writeLine(w io.Writer, e Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
