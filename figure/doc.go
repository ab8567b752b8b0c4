// Package figure composes drift's pictures: it knows which levels, bounds and
// densities to show, and leaves the drawing to drift/render.
//
// Pictures of points are in the user's own units: a diffused sample is put back by
// the scale that standardised the data, so the single hill of pure noise lies over
// the centre of the data and is as wide as they are.
package figure
