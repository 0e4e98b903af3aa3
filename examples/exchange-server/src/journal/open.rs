//! Opening the directory of a journal for a tool: it must be there, be one, and be free.

use std::fs;
use std::path::{Path, PathBuf};

use engine_core::Seq;
use engine_journal::{Directory, Disk, Recovery, Stream};

use super::error::JournalError;

/// A locked journal that is looked into.
pub(crate) struct OpenJournal {
    pub(crate) path: PathBuf,
    pub(crate) directory: Directory<Disk>,
}

impl OpenJournal {
    /// Opens a journal, which must be there: a tool creates none.
    pub(crate) fn open(path: &Path) -> Result<Self, JournalError> {
        let disk = find(path)?;
        let directory = Directory::open_existing(disk).map_err(JournalError::open(path))?;
        Ok(Self {
            path: path.to_owned(),
            directory,
        })
    }

    /// As [`OpenJournal::open`], but writes anew the file that says whose journal it is.
    pub(crate) fn open_without_identity(path: &Path) -> Result<Self, JournalError> {
        let disk = find(path)?;
        let directory = Directory::open_without_identity(disk).map_err(JournalError::open(path))?;
        Ok(Self {
            path: path.to_owned(),
            directory,
        })
    }

    /// What opening the log would find; a log that is not there is one that is empty.
    pub(crate) fn foresee(&self, stream: Stream) -> Result<Recovery, JournalError> {
        let found = self.directory.foresee(stream);
        let found = found.map_err(JournalError::read(&self.path))?;
        Ok(found.unwrap_or(Recovery {
            first: Seq::new(1),
            end: Seq::new(0),
            torn: None,
            is_running_mark_lost: false,
        }))
    }
}

fn find(path: &Path) -> Result<Disk, JournalError> {
    let at = |cause| JournalError::Directory {
        directory: path.to_owned(),
        cause,
    };
    // Before it is opened, which would create it.
    let names = fs::read_dir(path).map_err(at)?;
    let mut inside = Vec::new();
    for entry in names {
        let entry = entry.map_err(at)?;
        if is_of_a_journal(&entry.file_name().to_string_lossy()) {
            return Disk::open(path).map_err(at);
        }
        if entry.path().join("journal.id").is_file() {
            inside.push(entry.path());
        }
    }
    inside.sort_unstable();
    Err(JournalError::NoJournal {
        directory: path.to_owned(),
        inside,
    })
}

fn is_of_a_journal(name: &str) -> bool {
    name == "journal.id" || [".log", ".mark"].iter().any(|suffix| name.ends_with(suffix))
}
