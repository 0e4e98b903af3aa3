//! What can be wrong with a journal, in words that say where and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use engine_core::Seq;
use engine_journal::{Damage, Fault, OpenError, ReadError, RepairError};
use engine_wire::DecodeError;

/// The exit code where something is wrong with the data, which another attempt does not change.
pub(crate) const DAMAGED: u8 = 3;

/// The exit code where the work could not be done, or made no sense to do.
const FAILED: u8 = 1;

/// Why nothing more can be done with a journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum JournalError {
    #[error("{}: {cause}", .directory.display())]
    Directory { directory: PathBuf, cause: io::Error },
    #[error("{} holds no journal{}", .directory.display(), Inside(.inside))]
    NoJournal {
        directory: PathBuf,
        /// Directories in it that do hold one.
        inside: Vec<PathBuf>,
    },
    #[error("{0}")]
    Locked(OpenError),
    #[error("{}: {cause}", .directory.display())]
    Open { directory: PathBuf, cause: OpenError },
    #[error("{}", Explained { directory, damage })]
    Damaged { directory: PathBuf, damage: Damage },
    #[error(
        "{}: {what} of sequence {sequence} are whole on disk but cannot be understood: {cause}; start the version of the \
         program that wrote them",
        .directory.display()
    )]
    NotUnderstood {
        directory: PathBuf,
        what: &'static str,
        sequence: Seq,
        cause: DecodeError,
    },
    #[error("{}: time goes back at sequence {sequence}: no sequencer made this stream", .directory.display())]
    TimeBackwards { directory: PathBuf, sequence: Seq },
    #[error("{}: there is no sequence {wanted}: the commands go from {first} to {end}", .directory.display())]
    OutOfReach {
        directory: PathBuf,
        wanted: Seq,
        first: Seq,
        end: Seq,
    },
    #[error(
        "{}: the first command that is kept is {first}, and no snapshot that can be read says what was before it",
        .directory.display()
    )]
    NoBeginning { directory: PathBuf, first: Seq },
    #[error("nothing is wrong with {}: its commands go to {end}, and nothing was changed", .directory.display())]
    NothingToRepair { directory: PathBuf, end: Seq },
    #[error("{}: {cause}", .directory.display())]
    Repair { directory: PathBuf, cause: RepairError },
    #[error("{}: {cause}", .file.display())]
    Output { file: PathBuf, cause: io::Error },
    #[error("cannot write the output: {0}")]
    Write(#[from] io::Error),
}

impl JournalError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Damaged { .. } | Self::TimeBackwards { .. } | Self::NoBeginning { .. } => DAMAGED,
            Self::NotUnderstood { cause, .. } if !matches!(cause, DecodeError::Version { .. }) => DAMAGED,
            _ => FAILED,
        }
    }

    /// Says of which directory something is.
    pub(crate) fn open(directory: &Path) -> impl FnOnce(OpenError) -> Self {
        let directory = directory.to_owned();
        move |cause| match cause {
            OpenError::Locked { .. } => Self::Locked(cause),
            OpenError::Read(ReadError::Damage(damage)) => Self::Damaged { directory, damage },
            cause => Self::Open { directory, cause },
        }
    }

    pub(crate) fn read(directory: &Path) -> impl FnOnce(ReadError) -> Self {
        let open = Self::open(directory);
        move |cause| open(cause.into())
    }

    pub(crate) fn fault(directory: &Path) -> impl FnOnce(Fault) -> Self {
        let open = Self::open(directory);
        move |cause| open(cause.into())
    }

    pub(crate) fn repair(directory: &Path) -> impl FnOnce(RepairError) -> Self {
        let directory = directory.to_owned();
        move |cause| match cause {
            RepairError::Read(error) => Self::read(&directory)(error),
            cause => Self::Repair { directory, cause },
        }
    }
}

/// Names the journals that somebody may have meant.
struct Inside<'a>(&'a [PathBuf]);

impl fmt::Display for Inside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, directory) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "; there is one in " } else { ", " })?;
            directory.display().fmt(f)?;
        }
        Ok(())
    }
}

/// Where the damage is, and the commands that help.
struct Explained<'a> {
    directory: &'a Path,
    damage: &'a Damage,
}

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.directory.display();
        write!(
            f,
            "{directory}: {}\n  list all damage:        exchange-server journal verify {directory}\n  \
             save what can be read:  exchange-server journal export {directory} --output commands.jsonl\n  \
             see what can be mended: exchange-server journal repair {directory}",
            Where(self.damage)
        )
    }
}

/// Where damage is and what it is, on one line.
pub(crate) struct Where<'a>(pub(crate) &'a Damage);

impl fmt::Display for Where<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage {
            file,
            offset,
            sequence,
            cause,
        } = self.0;
        write!(f, "{file} cannot be trusted from byte {offset} on")?;
        if let Some(sequence) = sequence {
            write!(f, " (sequence {sequence})")?;
        }
        write!(f, ": {cause}")
    }
}
