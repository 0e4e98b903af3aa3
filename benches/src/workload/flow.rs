use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A kind of order flow. Each stresses another part of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// One symbol, about 19,000 resting orders near the touch: everything stays in the cache.
    Mixed,
    /// One symbol, a million resting orders on ten thousand prices: every command misses the cache.
    Deep,
    /// Rounds of fifty adds on ten prices and one IOC order that takes them all: matching and nothing else.
    Sweep,
    /// A hundred symbols of falling popularity, 200,000 resting orders together.
    Multi,
}

impl Flow {
    /// All kinds, in the order of the tables.
    pub const ALL: [Self; 4] = [Self::Mixed, Self::Deep, Self::Sweep, Self::Multi];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Deep => "deep",
            Self::Sweep => "sweep",
            Self::Multi => "multi",
        }
    }

    /// The seed of the published figures.
    pub const fn default_seed(self) -> u64 {
        match self {
            Self::Mixed => 1001,
            Self::Deep => 1002,
            Self::Sweep => 1003,
            Self::Multi => 1004,
        }
    }

    /// How many orders rest, roughly, while the clock runs.
    pub const fn default_resting(self) -> u64 {
        match self {
            Self::Mixed | Self::Sweep => 20_000,
            Self::Deep => 1_000_000,
            Self::Multi => 200_000,
        }
    }

    /// The SHA-256 of the file with the default recipe, in hexadecimal.
    ///
    /// A figure is comparable to a published one only if its stream has this sum.
    pub const fn checksum(self) -> &'static str {
        match self {
            Self::Mixed => "54e7954ade92d856083eb511bb006f746c322999d06c7ec7296ee420510e4897",
            Self::Deep => "29c12d0bcdc4faf40973219b0c81b7c5eb29d4d59d9e21f611a1bb5bf10d8c66",
            Self::Sweep => "3296f2990c3742d8cbd6c72fb7394355854b331501ff9725f1a7b7f0308d739f",
            Self::Multi => "1bfd7fc7e5ed7af2caee60cc95cd7ed958efe3d7a4dbec9087f1c014d7165b27",
        }
    }

    pub(super) const fn symbols(self) -> u16 {
        match self {
            Self::Mixed | Self::Deep | Self::Sweep => 1,
            Self::Multi => 100,
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no flow of that name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no workload {name:?}; there are mixed, deep, sweep and multi")]
pub struct UnknownFlow {
    name: String,
}

impl FromStr for Flow {
    type Err = UnknownFlow;

    fn from_str(name: &str) -> Result<Self, UnknownFlow> {
        let named = Self::ALL.into_iter().find(|flow| flow.name() == name);
        named.ok_or_else(|| UnknownFlow {
            name: name.to_owned(),
        })
    }
}

/// Everything that decides the commands of a generated workload. The same recipe gives the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The kind of flow.
    pub flow: Flow,
    /// How many commands are measured; the prefill comes on top.
    pub commands: u64,
    /// The seed of all chance.
    pub seed: u64,
    /// How many orders rest, roughly. A hundred symbols have at least 200 each.
    pub resting: u64,
}

impl Recipe {
    /// The recipe behind the published figures: five million commands with the flow's own seed and book size.
    pub const fn default_of(flow: Flow) -> Self {
        Self {
            flow,
            commands: 5_000_000,
            seed: flow.default_seed(),
            resting: flow.default_resting(),
        }
    }
}
