// Package fetch downloads files whose SHA-256 is known: it goes on where it was cut
// off, tries one mirror after the other, and gives a file its name only when it is
// what it should be. It imports nothing of drift but internal/safefile.
package fetch
