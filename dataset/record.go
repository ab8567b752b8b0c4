package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxLine bounds one line of a file, and one record that quoted line breaks spread
// over several, in bytes.
const maxLine = 16 << 20

// records reads a delimited text file one record at a time, in memory bounded by
// maxLine. Blank lines and lines that begin with # are left out.
type records struct {
	in    *bufio.Reader
	comma byte // between fields; 0 until the first record shows what it is
	line  int  // of the line read last, from 1
	start int  // first line of the record read last
}

// next is the fields of the next record, or io.EOF. Errors name the line.
func (r *records) next() ([]string, error) {
	for {
		line, err := r.readLine(0)
		if err != nil {
			return nil, err
		}
		if r.line == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if r.comma == 0 && !skipped(line, '\t') {
			r.comma = sniff(line)
		}
		if skipped(line, r.comma) {
			continue
		}
		r.start = r.line
		if quoted := unclosed(line, r.comma, false); quoted {
			if line, err = r.rest(line); err != nil {
				return nil, err
			}
		}
		return r.split(line)
	}
}

// rest is the whole of a record whose first line ends within quotes.
func (r *records) rest(first string) (string, error) {
	var record strings.Builder
	record.WriteString(first)
	for quoted := true; quoted; {
		line, err := r.readLine(record.Len() + 1)
		if err == io.EOF {
			return "", r.errorf("found a quote (\") that is never closed, expected a second one after the text")
		}
		if err != nil {
			return "", err
		}
		record.WriteByte('\n')
		record.WriteString(line)
		quoted = unclosed(line, r.comma, quoted)
	}
	return record.String(), nil
}

// skipped says whether a line is blank or a comment.
func skipped(line string, comma byte) bool {
	blank := strings.TrimSpace(line) == "" && strings.IndexByte(line, comma) < 0
	return blank || strings.HasPrefix(strings.TrimLeft(line, " "), "#")
}

// readLine is the next line without its end, after used bytes of the same record.
func (r *records) readLine(used int) (string, error) {
	var line []byte
	r.line++
	for {
		part, err := r.in.ReadSlice('\n')
		if used+len(line)+len(part) > maxLine+2 {
			return "", fmt.Errorf("line %d: found more than %d MiB without an end, expected shorter lines", r.line, maxLine>>20)
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(line) == 0:
			return "", io.EOF
		case err != nil && err != io.EOF:
			return "", fmt.Errorf("line %d: cannot read: %w", r.line, err)
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if bytes.IndexByte(line, 0) >= 0 || !utf8.Valid(line) {
			return "", fmt.Errorf("line %d: found bytes that are not text, expected a CSV file saved as UTF-8 text", r.line)
		}
		return string(line), nil
	}
}

// sniff is what stands between the fields of a line: a tab if there is one, else a
// semicolon, else a comma.
func sniff(line string) byte {
	for _, comma := range []byte{'\t', ';'} {
		quoted := false
		for i := range len(line) {
			if line[i] == '"' {
				quoted = !quoted
			} else if line[i] == comma && !quoted {
				return comma
			}
		}
	}
	return ','
}

// errorf is an error about the record read last.
func (r *records) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %w", r.start, fmt.Errorf(format, args...))
}

// unclosed says whether a line ends within quotes, given whether it begins so.
func unclosed(line string, comma byte, quoted bool) bool {
	for {
		if !quoted {
			s := strings.TrimLeft(line, " ")
			if quoted = strings.HasPrefix(s, `"`); quoted {
				line = s[1:]
			}
		}
		if quoted {
			end := closing(line)
			if end < 0 {
				return true
			}
			line, quoted = line[end+1:], false
		}
		end := strings.IndexByte(line, comma)
		if end < 0 {
			return false
		}
		line = line[end+1:]
	}
}

// closing is where in a text the quote is that ends it, or -1. A doubled quote
// stands for one of the text.
func closing(text string) int {
	for i := 0; ; i += 2 {
		next := strings.IndexByte(text[i:], '"')
		if next < 0 {
			return -1
		}
		if i += next; !strings.HasPrefix(text[i+1:], `"`) {
			return i
		}
	}
}

// cut takes the first field, as it was written, off a whole record; more is false at
// the last.
func cut(record string, comma byte) (field, rest string, more bool) {
	from := 0
	if s := strings.TrimLeft(record, " "); strings.HasPrefix(s, `"`) {
		from = len(record) - len(s) + 1
		from += closing(record[from:]) + 1
	}
	end := strings.IndexByte(record[from:], comma)
	if end < 0 {
		return record, "", false
	}
	return record[:from+end], record[from+end+1:], true
}

// split is the fields of a whole record, without quotes and the spaces around them.
func (r *records) split(record string) ([]string, error) {
	var fields []string
	for more := true; more; {
		var raw string
		raw, record, more = cut(record, r.comma)
		field := strings.TrimSpace(raw)
		if strings.HasPrefix(field, `"`) {
			inner, closed := strings.CutSuffix(field[1:], `"`)
			plain := strings.ReplaceAll(inner, `""`, "")
			if !closed || strings.Contains(plain, `"`) {
				return nil, fmt.Errorf("line %d, column %d: found %s, expected nothing after the closing quote", r.start, len(fields)+1, show(field))
			}
			field = strings.ReplaceAll(inner, `""`, `"`)
		} else if strings.Contains(field, "\r") {
			return nil, fmt.Errorf("line %d, column %d: found a line end of the old Macintosh kind (CR), expected LF or CR LF: save the file again as CSV", r.start, len(fields)+1)
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// show quotes a field for an error, cut short if it is long.
func show(field string) string {
	const most = 40
	if r := []rune(field[:min(len(field), 4*most)]); len(r) > most {
		return fmt.Sprintf("%q…", string(r[:most]))
	}
	return fmt.Sprintf("%q", field)
}
