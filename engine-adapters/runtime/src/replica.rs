//! Everything that follows from the command log.

use engine_core::data::{Projection, Projections, ProjectionsConfig, ProjectionsImage};
use engine_core::{
    Command, Engine, EngineSnapshot, Keyed, Seq, Sequenced, Sequencer, SequencerConfig, SequencerSnapshot,
};
use serde::{Deserialize, Serialize};

use crate::config::RuntimeConfig;
use crate::error::ReplayError;
use crate::firsts::{self, Firsts};
use crate::slice::EventSlice;

/// The state that the same commands lead to in every process: what the writer goes on from, and what a snapshot
/// holds.
pub(crate) struct Replica {
    pub(crate) sequencer: Sequencer,
    pub(crate) engine: Engine,
    pub(crate) firsts: Firsts,
    pub(crate) projections: Option<Projections>,
}

/// A [`Replica`] as plain data, in the order in which it lies in a snapshot.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReplicaImage {
    pub(crate) engine: EngineSnapshot,
    pub(crate) sequencer: SequencerSnapshot,
    pub(crate) firsts: Vec<firsts::Entry>,
    pub(crate) projections: Option<ProjectionsImage>,
}

impl Replica {
    /// The state before the first command.
    pub(crate) fn new(config: &RuntimeConfig, hash_seed: u64) -> Self {
        Self {
            sequencer: Sequencer::new(sequencer_config(config, hash_seed)),
            engine: Engine::new(config.engine),
            firsts: Firsts::new(config.keys_max),
            projections: config.projections.clone().map(Projections::new),
        }
    }

    pub(crate) fn image(&self) -> ReplicaImage {
        ReplicaImage {
            engine: self.engine.snapshot(),
            sequencer: self.sequencer.snapshot(),
            firsts: self.firsts.entries().copied().collect(),
            projections: self.projections.as_ref().map(Projection::image),
        }
    }

    /// The state of an image.
    pub(crate) fn restore(
        config: &RuntimeConfig,
        hash_seed: u64,
        image: ReplicaImage,
    ) -> Result<Self, ReplayError> {
        let sequencer = Sequencer::restore(sequencer_config(config, hash_seed), &image.sequencer)?;
        let projections = restore_projections(config.projections.as_ref(), image.projections)?;
        Ok(Self {
            sequencer,
            engine: Engine::restore(&image.engine)?,
            firsts: Firsts::restore(config.keys_max, image.firsts),
            projections,
        })
    }

    /// The last command that was applied.
    pub(crate) fn applied(&self) -> Seq {
        self.engine.applied()
    }

    /// Applies the next command of the log; its events are put at the end of `slice`. A repeated one is ignored.
    pub(crate) fn apply(
        &mut self,
        command: &Sequenced<Command>,
        slice: &mut EventSlice,
    ) -> Result<(), ReplayError> {
        if command.seq <= self.applied() {
            return Ok(());
        }
        self.sequencer.observe(command)?;
        slice.push(command, |events| self.engine.apply(command, events))?;
        let batch = slice.at(slice.len() - 1);
        if command.value.keys().next().is_some() {
            self.firsts.note(batch);
        }
        if let Some(projections) = &mut self.projections {
            projections.apply(&batch)?;
        }
        Ok(())
    }
}

/// Projections are what the owner wants now; an image of others is of no use.
fn restore_projections(
    config: Option<&ProjectionsConfig>,
    image: Option<ProjectionsImage>,
) -> Result<Option<Projections>, ReplayError> {
    match (config, image) {
        (None, _) => Ok(None),
        (Some(config), Some(image)) if image.config == *config => Ok(Some(Projections::restore(image)?)),
        (Some(_), _) => Err(ReplayError::OtherProjections),
    }
}

fn sequencer_config(config: &RuntimeConfig, hash_seed: u64) -> SequencerConfig {
    SequencerConfig {
        keys_max: config.keys_max,
        retention_ns: config
            .key_retention
            .map(|retention| u64::try_from(retention.as_nanos()).unwrap_or(u64::MAX)),
        hash_seed,
    }
}
