//! The one writer: it decides order and time, appends, and carries out.
//!
//! A batch goes through two passes. In the first each command gets its place and is put into the batch of records,
//! which is then appended: from here on another thread brings it to the disk. In the second the engine carries the
//! commands out, while that happens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use engine_core::{Command, Engine, Keyed, OrderId, Seq, Sequenced, Sequencer, Sequencing, Timestamp};
use engine_journal::{AppendError, Batch, CommandLog, CommandSource, Fault};
use engine_wire::{COMMAND_VERSION, encode_command};

use crate::clock::Clock;
use crate::firsts::Firsts;
use crate::intake::{Intake, Load, NoSubmission, Submission};
use crate::release::{Release, Verdict};
use crate::reply::Reply;
use crate::shared::{PanicGuard, Shared};
use crate::slice::EventSlice;
use crate::watchdog::Stage;

/// No command is larger than this in its binary form; the smallest segment holds some of them.
pub(crate) const COMMAND_BYTES_MAX: usize = 16 << 10;

/// A batch whose commands make more events than this is shown in parts.
const SLICE_EVENTS: usize = 8_192;

/// The one writer.
pub(crate) struct Writer<L: CommandLog> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) intake: Intake,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) sequencer: Sequencer,
    pub(crate) engine: Engine,
    pub(crate) firsts: Firsts,
    pub(crate) log: Option<L>,
    pub(crate) releases: Sender<Release>,
    pub(crate) tick: Option<Duration>,
    pub(crate) batch_max: usize,
    /// Whether orders are called after their place in the stream.
    pub(crate) names_orders: bool,
    pub(crate) pass: Pass,
}

/// Orders of one command are told apart by so many low bits of their ids; no list that is accepted has more orders.
const INDEX_BITS: u32 = 2;

/// Calls orders after the place that their command gets: ids are never used twice, ascend, and are the same in a replay.
fn name_orders(command: &mut Command, seq: Seq) {
    let id = |index: u64| OrderId::new(seq.get() << INDEX_BITS | index);
    match command {
        Command::Place(place) => place.id = id(0),
        Command::PlaceLinked(linked) => {
            for (index, place) in (0..1 << INDEX_BITS).zip(&mut linked.orders) {
                place.id = id(index);
            }
        }
        _ => {}
    }
}

/// What one pass hands to the next; empty between batches, kept for its memory.
#[derive(Default)]
pub(crate) struct Pass {
    records: Batch,
    payload: Vec<u8>,
    steps: Vec<Step>,
    replies: VecDeque<Reply>,
    verdicts: Vec<Verdict>,
}

/// What the first pass decided about a command.
enum Step {
    CarryOut(Sequenced<Command>),
    Repeat(Seq),
    Conflict(Seq),
    TooLarge(usize),
}

impl<L: CommandLog> Writer<L> {
    /// Runs until the intake is closed and empty, or the log or the releasing thread has stopped. Returns the last
    /// command.
    pub(crate) fn run(mut self) -> Result<Seq, Fault> {
        let _guard = PanicGuard {
            shared: Arc::clone(&self.shared),
            thread: "engine-writer",
            stage: Some(Stage::Write),
        };
        let outcome = self.write_all();
        self.shared.close();
        if let Err(fault) = &outcome {
            self.shared.stop(fault.clone());
        }
        let end = match (outcome, self.log.take()) {
            (Ok(()), Some(log)) => log.close(),
            (Ok(()), None) => Ok(self.engine.applied()),
            (Err(fault), _) => Err(fault),
        };
        match &end {
            Ok(_) => self.shared.note_final_state(self.engine.state_hash()),
            Err(fault) => self.shared.stop(fault.clone()),
        }
        end
    }

    fn write_all(&mut self) -> Result<(), Fault> {
        loop {
            match self.intake.wait(self.tick) {
                Ok(first) => self.collect(first),
                Err(NoSubmission::Silence) => self.let_time_pass(),
                Err(NoSubmission::Closed) => break,
            }
            self.append()?;
            if self.carry_out().is_err() {
                // The releasing thread ends before this one only by a fault, which it has told.
                return self.shared.fault().map_or(Ok(()), |fault| Err(fault.clone()));
            }
            self.shared.pulses.0.end(Stage::Write);
        }
        self.shared.fault().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// Takes a submission and those that have come since, and gives each command its place.
    fn collect(&mut self, first: Submission) {
        self.shared.pulses.0.begin(Stage::Write);
        self.intake.give_back();
        let now = self.clock.now();
        let mut taken = self.sequence(now, first);
        while taken < self.batch_max {
            let Some(next) = self.intake.take() else { break };
            taken += self.sequence(now, next);
        }
        self.intake.give_back();
        let counters = &self.shared.counters;
        counters.batches.add(1);
        counters.batch_newest.set(taken as u64);
        counters.batch_max.raise(taken as u64);
    }

    /// A command of the runtime's own, to which nobody waits for an answer.
    fn let_time_pass(&mut self) {
        self.shared.pulses.0.begin(Stage::Write);
        self.shared.counters.ticks.add(1);
        let now = self.clock.now();
        self.sequence_one(now, Command::Tick);
    }

    /// Gives each command its place, and says how many there were.
    fn sequence(&mut self, now: Timestamp, submission: Submission) -> usize {
        let Submission { commands, mut reply } = submission;
        let count = reply.owed() as usize;
        reply.set_sequenced();
        self.pass.replies.push_back(reply);
        match commands {
            Load::One(command) => self.sequence_one(now, command),
            Load::Many(commands) => {
                for command in commands {
                    self.sequence_one(now, command);
                }
            }
            Load::Timed(commands) => {
                for (time, command) in commands {
                    self.sequence_one(time, command);
                }
            }
        }
        count
    }

    fn sequence_one(&mut self, now: Timestamp, mut command: Command) {
        let pass = &mut self.pass;
        if self.names_orders {
            name_orders(&mut command, self.sequencer.last().next());
        }
        if self.log.is_some() {
            pass.payload.clear();
            encode_command(&command, &mut pass.payload);
            if pass.payload.len() > COMMAND_BYTES_MAX {
                return pass.steps.push(Step::TooLarge(pass.payload.len()));
            }
        }
        pass.steps.push(match self.sequencer.sequence(now, command) {
            Sequencing::New(command) => {
                if self.log.is_some() {
                    let (seq, time) = (command.seq, command.time);
                    let pushed = pass.records.push_whole(seq, time, COMMAND_VERSION, &pass.payload);
                    pushed.expect("the sequencer leaves no gap, and the size is checked");
                }
                Step::CarryOut(command)
            }
            Sequencing::Repeat { first } => Step::Repeat(first),
            Sequencing::Conflict { first } => Step::Conflict(first),
        });
    }

    /// Sends the records on their way. If too much waits for the disk the writer waits too.
    fn append(&mut self) -> Result<(), Fault> {
        let (Some(log), records) = (&mut self.log, &mut self.pass.records) else {
            return Ok(());
        };
        loop {
            match log.append(records) {
                Ok(_) => break,
                Err(AppendError::Stopped(fault)) => return Err(fault),
                Err(AppendError::Backlog { .. }) => {
                    let source = log.source();
                    source.wait_written(source.written_through().next())?;
                }
                Err(error) => panic!("commands follow on each other and fit: {error}"),
            }
        }
        records.clear();
        Ok(())
    }

    /// Carries out what was sequenced, and hands it on to be answered.
    fn carry_out(&mut self) -> Result<(), Gone> {
        let mut steps = std::mem::take(&mut self.pass.steps);
        let mut slice = self.shared.hub.spare();
        for step in &steps {
            let verdict = match step {
                Step::CarryOut(command) => {
                    self.apply(command, &mut slice);
                    Verdict::Done(slice.len() - 1)
                }
                Step::Repeat(first) => {
                    self.shared.counters.repeats.add(1);
                    Verdict::Repeat(self.firsts.find(*first))
                }
                Step::Conflict(first) => {
                    self.shared.counters.conflicts.add(1);
                    Verdict::Conflict(*first)
                }
                Step::TooLarge(bytes) => Verdict::TooLarge(*bytes),
            };
            self.pass.verdicts.push(verdict);
            if slice.events().len() >= SLICE_EVENTS {
                let full = std::mem::replace(&mut slice, self.shared.hub.spare());
                self.release(full)?;
            }
        }
        steps.clear();
        self.pass.steps = steps;
        if self.pass.verdicts.is_empty() {
            return Ok(());
        }
        self.release(slice)
    }

    fn apply(&mut self, command: &Sequenced<Command>, slice: &mut EventSlice) {
        let applied = slice.push(command, |events| self.engine.apply(command, events));
        if let Err(gap) = applied {
            panic!("the sequencer and the engine disagree: {gap}");
        }
        if command.value.keys().next().is_some() {
            self.firsts.note(slice.at(slice.len() - 1));
        }
    }

    /// Hands the answers so far to the thread that gives them when they may be given.
    fn release(&mut self, slice: EventSlice) -> Result<(), Gone> {
        let counters = &self.shared.counters;
        counters.commands.add(slice.len() as u64);
        counters.events.add(slice.events().len() as u64);
        let verdicts = std::mem::take(&mut self.pass.verdicts);
        let replies = self.pass.take_replies(verdicts.len());
        let release = Release {
            slice: Arc::new(slice),
            through: self.engine.applied(),
            replies,
            verdicts,
            carried_out: Instant::now(),
        };
        self.releases.send(release).map_err(|_| Gone)
    }
}

/// The releasing thread has ended.
struct Gone;

impl Pass {
    /// Takes the replies that are owed the first `count` answers. The answer to a command of the runtime's own is
    /// owed to nobody.
    fn take_replies(&mut self, count: usize) -> Vec<Reply> {
        let mut left = u32::try_from(count).expect("a batch is not so large");
        let mut replies = Vec::with_capacity(self.replies.len());
        while left > 0 {
            let Some(mut first) = self.replies.pop_front() else {
                break;
            };
            if first.owed() > left {
                replies.push(first.split(left));
                self.replies.push_front(first);
                break;
            }
            left -= first.owed();
            replies.push(first);
        }
        replies
    }
}
