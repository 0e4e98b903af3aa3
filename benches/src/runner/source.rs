use super::arguments::Arguments;
use super::field::Entry;
use super::{RunnerError, bar};
use crate::contender::Terms;
use crate::workload::{Flow, FormatError, Recipe, Workload, generate};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// How many commands are replayed where nobody asked for figures.
const SMOKE_COMMANDS: u64 = 20_000;

/// Why a workload cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A file is not there, or is no workload.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FormatError,
    },
    /// A generated workload cannot be kept.
    #[error("{} cannot be written", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Where a workload comes from.
pub(super) enum Source {
    Generated(Recipe),
    File(PathBuf),
}

/// A workload as the children get it: encoded, in the terms that each of them wants.
pub(super) struct Stream {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) traded: u64,
    bytes: BTreeMap<Terms, Vec<u8>>,
}

impl Stream {
    /// Encodes a workload once for each of the terms that a contender wants.
    fn new(name: String, title: String, workload: &Workload, entries: &[Entry]) -> Self {
        let mut bytes = BTreeMap::new();
        let progress = bar(entries.len() as u64, &name).with_message("rehearsing");
        for entry in entries {
            bytes.entry(entry.terms).or_insert_with(|| {
                let mut workload = workload.clone();
                entry.terms.apply_to(&mut workload);
                let mut bytes = Vec::new();
                workload
                    .write_to(&mut bytes)
                    .expect("a vector accepts every byte");
                bytes
            });
            progress.inc(1);
        }
        progress.finish_and_clear();
        Self {
            name,
            title,
            traded: workload.header.traded,
            bytes,
        }
    }

    /// The bytes in the terms of one of the contenders that it was made for.
    pub(super) fn in_terms(&self, terms: Terms) -> &[u8] {
        &self.bytes[&terms]
    }
}

impl Source {
    /// What the command line asks for; without a wish, all generated workloads.
    pub(super) fn all(arguments: &Arguments) -> Vec<Self> {
        let flows = match (&arguments.workload[..], &arguments.file[..]) {
            ([], []) if !arguments.bench => &[Flow::Mixed][..],
            ([], []) => &Flow::ALL,
            (flows, _) => flows,
        };
        let generated = flows.iter().map(|&flow| Self::Generated(recipe(flow, arguments)));
        generated
            .chain(arguments.file.iter().cloned().map(Self::File))
            .collect()
    }

    /// Generates or reads the workload.
    pub(super) fn stream(&self, entries: &[Entry], arguments: &Arguments) -> Result<Stream, SourceError> {
        let (name, workload) = match self {
            Self::Generated(recipe) => (recipe.flow.name().to_owned(), generated(recipe, arguments)?),
            Self::File(path) => {
                let mut workload = read(path)?;
                workload.truncate(arguments.commands.unwrap_or(u64::MAX));
                (
                    path.file_stem()
                        .unwrap_or_default()
                        .to_string_lossy()
                        .into_owned(),
                    workload,
                )
            }
        };
        let header = workload.header;
        let title = format!(
            "{name}: {} commands after {} of prefill, {} {}, prices {} to {}{}",
            header.commands,
            header.prefill,
            header.symbols,
            if header.symbols == 1 { "symbol" } else { "symbols" },
            header.min_price,
            header.max_price,
            self.origin(),
        );
        Ok(Stream::new(name, title, &workload, entries))
    }

    fn origin(&self) -> String {
        match self {
            Self::Generated(recipe) => format!(", seed {}", recipe.seed),
            Self::File(_) => String::new(),
        }
    }
}

fn recipe(flow: Flow, arguments: &Arguments) -> Recipe {
    let default = Recipe::default_of(flow);
    let commands = if arguments.bench {
        default.commands
    } else {
        SMOKE_COMMANDS
    };
    Recipe {
        flow,
        commands: arguments.commands.unwrap_or(commands),
        seed: arguments.seed.unwrap_or(default.seed),
        resting: arguments.resting.unwrap_or(default.resting),
    }
}

/// The workload of a recipe, from the cache if it is there.
fn generated(recipe: &Recipe, arguments: &Arguments) -> Result<Workload, SourceError> {
    let Some(directory) = &arguments.cache else {
        return Ok(make(recipe));
    };
    let Recipe {
        flow,
        commands,
        seed,
        resting,
    } = recipe;
    let path = directory.join(format!("{flow}-{commands}-{seed}-{resting}.bin"));
    if path.exists() {
        return read(&path);
    }
    let workload = make(recipe);
    // Written under another name first, so that a run that is broken off leaves no half of a workload.
    let partial = path.with_extension("partial");
    let write = || {
        fs::create_dir_all(directory)?;
        workload.write_to(&mut File::create(&partial)?)?;
        fs::rename(&partial, &path)
    };
    write().map_err(|source| SourceError::Cache {
        path: path.clone(),
        source,
    })?;
    Ok(workload)
}

fn make(recipe: &Recipe) -> Workload {
    let progress = bar(recipe.resting + recipe.commands, recipe.flow.name()).with_message("generating");
    let workload = generate(recipe, |commands| progress.set_position(commands));
    progress.finish_and_clear();
    workload
}

fn read(path: &Path) -> Result<Workload, SourceError> {
    let workload = File::open(path).map_err(FormatError::from);
    let workload = workload.and_then(|file| Workload::read_from(&mut BufReader::new(file)));
    workload.map_err(|source| SourceError::File {
        path: path.to_owned(),
        source,
    })
}

/// Compares what is generated with the published checksums.
pub(super) fn check_published() -> Result<(), RunnerError> {
    for flow in Flow::ALL {
        let (found, published) = (make(&Recipe::default_of(flow)).checksum(), flow.checksum());
        if found != published {
            return Err(RunnerError::Checksum {
                flow: flow.name(),
                found,
                published,
            });
        }
        println!("{flow:<6} {found} as published");
    }
    Ok(())
}
