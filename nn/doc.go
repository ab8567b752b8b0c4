// Package nn holds the networks, written in GoMLX, and what makes a network with
// its weights into a [drift.Denoiser].
//
// A network is a function F(x, noise, class) of a GoMLX graph. It knows nothing of
// processes or levels: the four scalars of a [drift.Prediction] stand between the
// two. Networks run on whichever GoMLX backend [Engine] names.
//
// It imports the root package and drift/backend/cpu, and turns every GoMLX panic into an error.
package nn
