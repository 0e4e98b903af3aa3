//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::bench::BenchArguments;
use crate::demo::DemoArguments;
use crate::drive::DriveArguments;
use crate::journal::JournalArguments;
use crate::serve::ServeArguments;

/// An exchange: a matching engine with everything around it.
#[derive(Debug, Parser)]
#[command(
    name = "exchange-server",
    version,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Arguments {
    /// Checks the configuration of `serve`, says what every key comes to and who said so, and ends
    #[arg(long)]
    pub(crate) check_config: bool,

    /// The TOML file of --check-config [env: XTRADER_CONFIG]
    #[arg(long, value_name = "FILE", requires = "check_config")]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    Demo(DemoArguments),
    Serve(Box<ServeArguments>),
    Replay(ReplayArguments),
    Journal(JournalArguments),
    Bench(BenchArguments),
    #[command(hide = true)]
    Drive(DriveArguments),
}

/// Reads commands, one JSON object a line, and writes what happens, one event a line.
///
/// The commands go through the same engine as on the server, with no clock but the one in the input: the same lines
/// give the same events, everywhere and always. The page docs/replay.md describes every line.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ReplayArguments {
    /// Where the commands are; without it, or with `-`, they are read from standard input
    #[arg(value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,

    /// Reads the commands from the journal in this directory instead; the number of a line is then that of its sequence
    #[arg(long, value_name = "DIR", conflicts_with = "input")]
    pub(crate) journal: Option<PathBuf>,

    /// Tells of no command before this sequence
    #[arg(long, value_name = "SEQ", requires = "journal")]
    pub(crate) from: Option<u64>,

    /// Ends after this sequence
    #[arg(long, value_name = "SEQ", requires = "journal")]
    pub(crate) until: Option<u64>,

    /// Compares what happens with the journal's event log and snapshots, says where they differ first, and prints no events
    #[arg(long, requires = "journal", conflicts_with = "summary")]
    pub(crate) verify: bool,

    /// Whether orders need balances
    #[arg(long, value_enum, default_value_t = Accounts::Off)]
    pub(crate) accounts: Accounts,

    /// Writes the events into a file instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,

    /// Prints no events but what they come to: counts by type, traded quantity, speed of the engine alone, state hash
    #[arg(long)]
    pub(crate) summary: bool,

    /// Also prints what happens inside of the book: orders that come to rest, move and are reduced
    #[arg(long)]
    pub(crate) facts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Accounts {
    /// Orders are taken from everybody and nobody
    Off,
    /// Every order needs an account that can pay for it
    On,
}

const EXAMPLES: &str = r#"Examples:
  A trade, typed by hand:
    exchange-server replay <<'END'
    {"op":"symbol","symbol":"X","tick":0.01,"lot":1}
    {"op":"new","id":1,"side":"Sell","order_type":"Limit","price":10.00,"quantity":5}
    {"op":"new","id":2,"side":"Buy","order_type":"Market","quantity":2}
    {"op":"book"}
    END

  A file, the events into another one, and what they come to on the screen:
    exchange-server replay commands.jsonl --events events.jsonl --summary

  What a server's journal did at sequences 1000 to 1010, and whether all of it can be trusted:
    exchange-server replay --journal /var/lib/exchange --from 1000 --until 1010
    exchange-server replay --journal /var/lib/exchange --verify

Exit codes: 0 when every line was read; 2 when a line could not be, after the output of the lines before it;
1 when a file could not be read or written, or a journal is in use; 3 when a journal is damaged, after the output of what
comes before the damage; 4 when --verify finds a difference.
"#;
