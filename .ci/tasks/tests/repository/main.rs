//! What `docs/contributing.md` asks of the repository as a whole, read from the files that Git knows and from
//! `cargo metadata`.

mod code;
mod files;
mod fuzzing;
mod layers;
mod manifests;
mod markdown;
mod pages;
mod purity;
mod sizes;
mod top_level;
mod words;
