package hub

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drift/internal/safefile"
)

// maxConfig bounds the bytes of a JSON file of settings.
const maxConfig = 4 << 20

// settings is a JSON object of settings, and which of them were asked for.
type settings struct {
	file string
	all  map[string]json.RawMessage
	used map[string]bool
	err  error // the first
}

func readSettings(file string) (*settings, error) {
	text, err := safefile.Text(file, maxConfig)
	if err != nil {
		return nil, err
	}
	return parseSettings(file, text)
}

func parseSettings(file string, text []byte) (*settings, error) {
	s := &settings{file: file, used: map[string]bool{}}
	if err := json.Unmarshal(plainNumbers(text), &s.all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if s.all == nil {
		return nil, fmt.Errorf("%s: found null, expected an object", file)
	}
	return s, nil
}

// plainNumbers puts words that Python writes for numbers, and JSON does not know, in
// quotation marks.
func plainNumbers(text []byte) []byte {
	var out bytes.Buffer
	for i := 0; i < len(text); {
		if text[i] == '"' {
			end := i + 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(text))
			out.Write(text[i:end])
			i = end
			continue
		}
		if word := pythonNumber(text[i:]); word != "" {
			fmt.Fprintf(&out, "%q", word)
			i += len(word)
			continue
		}
		out.WriteByte(text[i])
		i++
	}
	return out.Bytes()
}

func pythonNumber(text []byte) string {
	for _, word := range []string{"-Infinity", "Infinity", "NaN"} {
		if bytes.HasPrefix(text, []byte(word)) {
			return word
		}
	}
	return ""
}

// get is a setting, or what stands where it is left out or null.
func get[T any](s *settings, key string, otherwise T) T {
	s.used[key] = true
	raw, ok := s.all[key]
	if !ok || string(raw) == "null" {
		return otherwise
	}
	value := otherwise
	if err := json.Unmarshal(raw, &value); err != nil {
		s.fail("%s: found %s, expected %s", key, short(raw), kindOf(otherwise))
		return otherwise
	}
	return value
}

func kindOf(v any) string {
	switch v.(type) {
	case bool:
		return "true or false"
	case int:
		return "a whole number"
	case float64:
		return "a number"
	case string:
		return "a string"
	}
	return fmt.Sprintf("a JSON value that fits %T", v)
}

func short(raw []byte) string {
	if len(raw) > 40 {
		return string(raw[:40]) + "…"
	}
	return string(raw)
}

// choice is a setting that must be one of some.
func choice(s *settings, key, otherwise string, known ...string) string {
	value := get(s, key, otherwise)
	if !slices.Contains(known, value) {
		s.fail("%s: found %q, supported: %s", key, value, strings.Join(known, ", "))
	}
	return value
}

// only fails unless a setting is what it is by default: drift cannot do otherwise.
func only[T comparable](s *settings, key string, value T) {
	if found := get(s, key, value); found != value {
		s.fail("%s: found %v, supported: %v", key, found, value)
	}
}

// absent fails if a setting is there and not null.
func absent(s *settings, keys ...string) {
	for _, key := range keys {
		s.used[key] = true
		if raw, ok := s.all[key]; ok && string(raw) != "null" {
			s.fail("%s: found %s, supported: null", key, short(raw))
		}
	}
}

func (s *settings) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%s: %s", s.file, fmt.Sprintf(format, args...))
	}
}

// rest notes the settings that nothing asked for; diffusers ignores them too.
func (s *settings) rest() (notes []string) {
	for _, key := range slices.Sorted(maps.Keys(s.all)) {
		if !s.used[key] && !strings.HasPrefix(key, "_") {
			notes = append(notes, fmt.Sprintf("%s: %s: ignored, as diffusers does: the class has no such setting", s.file, key))
		}
	}
	return notes
}
