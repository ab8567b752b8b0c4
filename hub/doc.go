// Package hub carries models in and out: it reads and writes folders of Hugging Face
// diffusers, and turns their networks, weights and schedulers into runs.
//
// Networks are those of drift/nn that have the settings of diffusers' own. A scheduler is
// three things here: a process with what the network predicts, a grid and a solver. What
// drift cannot do in the same way is an error that names the setting, or, where only the
// way of sampling differs, a note. Models are downloaded by the plain HTTPS of
// huggingface.co, pinned to a commit. It imports drift/run and what lies below.
package hub
