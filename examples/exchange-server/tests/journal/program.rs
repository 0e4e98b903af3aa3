//! Starting the real program and looking at what it says.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) said: String,
    pub(crate) complained: String,
}

impl Ran {
    /// The lines of standard output.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.said.lines().collect()
    }

    #[track_caller]
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "said:\n{}\ncomplained:\n{}",
            self.said, self.complained
        );
        self
    }

    #[track_caller]
    pub(crate) fn complained_of(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.complained.contains(word),
                "{word:?} is not in\n{}",
                self.complained
            );
        }
        self
    }

    #[track_caller]
    pub(crate) fn said_of(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.said.contains(word), "{word:?} is not in\n{}", self.said);
        }
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self {
            code: output.status.code().expect("the program ends by itself"),
            said: text(output.stdout),
            complained: text(output.stderr),
        }
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-server"));
    command.stdin(Stdio::null());
    command
}

/// Runs a command of `journal` on a directory.
pub(crate) fn journal(task: &str, directory: &Path, more: &[&str]) -> Ran {
    let mut command = program();
    command.args(["journal", task]).arg(directory).args(more);
    command
        .output()
        .expect("the program was built with the test")
        .into()
}

/// Replays the journal in a directory.
pub(crate) fn replay(directory: &Path, more: &[&str]) -> Ran {
    let mut command = program();
    command.args(["replay", "--journal"]).arg(directory).args(more);
    command
        .output()
        .expect("the program was built with the test")
        .into()
}
