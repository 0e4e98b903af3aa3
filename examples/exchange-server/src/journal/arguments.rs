//! The command line of `journal`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Looks into the data directory of a server, mends it, and writes out what it holds.
///
/// The server has to be stopped: a directory in use is refused. The page docs/operating-journal.md explains every message.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct JournalArguments {
    #[command(subcommand)]
    pub(crate) task: JournalTask,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalTask {
    Verify(VerifyArguments),
    Repair(RepairArguments),
    Export(ExportArguments),
}

/// Reads every file of a journal, lists what is there and everything that is wrong with it, and changes nothing.
#[derive(Debug, Args)]
#[command(after_long_help = VERIFY_EXAMPLES)]
pub(crate) struct VerifyArguments {
    /// The directory of the journal
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}

/// Mends a journal that the server refuses to start with.
///
/// Without `--yes` it only says what it would do. Nothing is destroyed: a file that is changed or given up is kept under a
/// name that ends in `.removed-1`. What loses no command is done by itself; commands are given up only where `--cut-after`
/// says so.
#[derive(Debug, Args)]
#[command(after_long_help = REPAIR_EXAMPLES)]
pub(crate) struct RepairArguments {
    /// The directory of the journal
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,

    /// Gives up every command after this sequence, with their events and the snapshots behind it
    #[arg(long, value_name = "SEQ", conflicts_with = "start_after")]
    pub(crate) cut_after: Option<u64>,

    /// Gives up the files that hold nothing after this sequence, the one of a snapshot: history, but no state
    #[arg(long, value_name = "SEQ")]
    pub(crate) start_after: Option<u64>,

    /// Does it, instead of only saying what would be done
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Writes the commands of a journal as lines that `exchange-server replay` reads.
///
/// Replaying all of them gives the state of the journal, with the same state hash. From a damaged journal it writes what can
/// be read before the damage.
#[derive(Debug, Args)]
#[command(after_long_help = EXPORT_EXAMPLES)]
pub(crate) struct ExportArguments {
    /// The directory of the journal
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,

    /// The first sequence to write; without it, the first that is there
    #[arg(long, value_name = "SEQ")]
    pub(crate) from: Option<u64>,

    /// The last sequence to write; without it, the last that is there
    #[arg(long, value_name = "SEQ")]
    pub(crate) until: Option<u64>,

    /// Writes into a file, which must not exist yet, instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

const VERIFY_EXAMPLES: &str = "Example:
  exchange-server journal verify /var/lib/exchange

Exit codes: 0 when nothing is wrong; 3 when something is, which is listed; 1 when the directory cannot be read, is in use, or
was written by a later version; 2 when the command line makes no sense.
";

const REPAIR_EXAMPLES: &str = "Examples:
  What would be done, then doing it:
    exchange-server journal repair /var/lib/exchange
    exchange-server journal repair /var/lib/exchange --yes

  Giving up what comes after command 41, because `journal verify` says that 42 cannot be read:
    exchange-server journal repair /var/lib/exchange --cut-after 41 --yes

Exit codes: 0 when it was done and nothing is wrong any more; 3 when something is still wrong, or nothing was done for lack
of `--yes`; 1 when nothing is wrong to begin with, or when the directory cannot be read, is in use, or was written by a later
version; 2 when the command line makes no sense.
";

const EXPORT_EXAMPLES: &str = "Examples:
  exchange-server journal export /var/lib/exchange --output commands.jsonl
  exchange-server replay commands.jsonl --summary

  Ten commands around one that is asked about:
    exchange-server journal export /var/lib/exchange --from 1000 --until 1010

Exit codes: 0 when everything was written; 3 when something cannot be read, after writing what comes before it; 1 when the
directory cannot be read, is in use, or was written by a later version, or the output cannot be written; 2 when the command
line makes no sense.
";
