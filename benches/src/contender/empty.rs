use super::{Contender, Tally};
use crate::workload::{Command, Header};
use std::hint::black_box;

/// No order book at all: it reads each command and believes it.
///
/// Its row is what the replay itself costs. It is part of every other row.
pub struct EmptyReplay;

impl Contender for EmptyReplay {
    const NAME: &'static str = "empty-replay";
    const EXACT: bool = false;
    const NOTE: Option<&'static str> =
        Some("reads the commands and does nothing: the floor under all other rows");

    fn new(_header: &Header) -> Self {
        Self
    }

    fn apply(&mut self, command: &Command, tally: &mut Tally) {
        tally.quantity += black_box(command).traded;
    }
}
