//! One external command: started without input, shown before it runs, judged by its exit status.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use thiserror::Error;

use crate::workspace::{cargo, repository};

/// A command line that a step wants to run from the root of the repository.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
}

impl Invocation {
    /// Cargo of the same toolchain, with arguments that are separated by blanks.
    pub(crate) fn cargo(arguments: &str) -> Self {
        Self::new(cargo()).args(arguments.split_whitespace())
    }

    /// Some other program.
    pub(crate) fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Adds arguments as they are.
    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the environment for this command only.
    pub(crate) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Shows the command, runs it with its output passed through, and waits for it.
    pub(crate) fn run(&self) -> Result<(), StepError> {
        println!("$ {self}");
        let status = self.command().status().map_err(|source| StepError::Start {
            command: self.to_string(),
            source,
        })?;
        if status.success() {
            return Ok(());
        }
        Err(StepError::Exit {
            command: self.to_string(),
            status,
        })
    }

    /// Shows the command and leaves it running, with all of its output going to a file.
    pub(crate) fn start(&self, log: File) -> Result<Child, StepError> {
        println!("$ {self}");
        self.start_silently(log)
    }

    /// Leaves the command running, with all of its output going to a file.
    pub(crate) fn start_silently(&self, log: File) -> Result<Child, StepError> {
        let cannot = |source| StepError::Start {
            command: self.to_string(),
            source,
        };
        let errors = log.try_clone().map_err(cannot)?;
        self.command().stdout(log).stderr(errors).spawn().map_err(cannot)
    }

    /// Runs the command silently and returns what it wrote to its standard output; `None` if it failed.
    pub(crate) fn answer(&self) -> Option<String> {
        let output = self.command().output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(repository())
            .stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Why a step of a task failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum StepError {
    #[error("`{command}` ended with {status}")]
    Exit { command: String, status: ExitStatus },
    #[error("`{command}` could not be started: {source}")]
    Start { command: String, source: io::Error },
    #[error("`{command}` gave no answer that makes sense")]
    Answer { command: String },
    #[error("{name} is `{value}`, which is not a whole number")]
    Variable { name: &'static str, value: String },
    #[error("{path} cannot be used: {source}", path = .path.display())]
    File { path: PathBuf, source: io::Error },
}

impl StepError {
    /// Turns what went wrong with one file or folder into the failure of the step.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

/// The command as somebody would type it, so that it can be copied from the output.
impl fmt::Display for Invocation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(out, "{name}={} ", quoted(&value.to_string_lossy()))?;
        }
        if self.program == cargo() {
            out.write_str("cargo")?;
        } else {
            out.write_str(&quoted(&self.program.to_string_lossy()))?;
        }
        for argument in &self.arguments {
            write!(out, " {}", quoted(&argument.to_string_lossy()))?;
        }
        Ok(())
    }
}

fn quoted(word: &str) -> String {
    if word.contains(char::is_whitespace) {
        format!("'{word}'")
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let invocation = Invocation::cargo("doc --no-deps").env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(
            invocation.to_string(),
            "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps"
        );
    }

    #[test]
    fn a_command_that_fails_is_an_error_with_its_status() {
        let error = Invocation::new("false")
            .run()
            .expect_err("`false` does nothing but fail");
        assert!(matches!(error, StepError::Exit { .. }), "{error}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error_of_its_own() {
        let error = Invocation::new("no-such-program-anywhere")
            .run()
            .expect_err("there is no such program");
        assert!(matches!(error, StepError::Start { .. }), "{error}");
    }
}
