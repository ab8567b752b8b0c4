// Package fetch downloads files whose SHA-256, or name in Git, is known: it goes on where
// it was cut off, tries one mirror after the other, and gives a file its name only when it
// is what it should be. It also reads small answers. It imports nothing of drift but
// internal/safefile.
package fetch
