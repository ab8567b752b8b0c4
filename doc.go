// Package drift is the theory of diffusion models: how clean data dissolve
// into noise, and how noise walks back to data.
//
// It knows no network, no file and no screen, and imports none of the packages
// below it.
package drift
