//! What a disk holds, what it has only promised, and what a power cut makes of that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::random::Random;

const SECTOR_BYTES: usize = 512;
/// How many unsynced versions of one sector are remembered; any of them may be what a power cut leaves.
const VERSIONS_MAX: usize = 4;

#[derive(Clone, Default)]
pub(super) struct Inode {
    pub(super) live: Arc<Vec<u8>>,
    pub(super) durable: Arc<Vec<u8>>,
    /// The contents that each sector has had since the last sync, oldest first.
    pub(super) unsynced: BTreeMap<usize, Vec<Arc<[u8]>>>,
    /// The sectors that a failed sync should have brought to the disk: the system takes them for durable, and
    /// only a new write makes it try again.
    lost: BTreeSet<usize>,
}

#[derive(Clone)]
pub(super) enum NameChange {
    Created { name: String, inode: usize },
    Renamed { from: String, to: String, inode: usize },
    Deleted { name: String },
}

impl Inode {
    pub(super) fn write(&mut self, bytes: &[u8], offset: usize) {
        let live = Arc::make_mut(&mut self.live);
        let end = offset + bytes.len();
        if live.len() < end {
            live.resize(end, 0);
        }
        live[offset..end].copy_from_slice(bytes);
        for sector in offset / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES) {
            let start = sector * SECTOR_BYTES;
            let content: Arc<[u8]> = live[start..live.len().min(start + SECTOR_BYTES)].into();
            let versions = self.unsynced.entry(sector).or_default();
            if versions.len() == VERSIONS_MAX {
                versions.remove(0);
            }
            versions.push(content);
            self.lost.remove(&sector);
        }
    }

    pub(super) fn sync(&mut self) {
        self.unsynced.clear();
        let before = std::mem::replace(&mut self.durable, Arc::clone(&self.live));
        for sector in &self.lost {
            let durable = Arc::make_mut(&mut self.durable);
            let start = (sector * SECTOR_BYTES).min(durable.len());
            let end = (start + SECTOR_BYTES).min(durable.len());
            durable[start..end].fill(0);
            let kept = before.len().min(end).max(start);
            durable[start..kept].copy_from_slice(&before[start.min(before.len())..kept.min(before.len())]);
        }
    }

    pub(super) fn fail_sync(&mut self) {
        self.lost.extend(std::mem::take(&mut self.unsynced).into_keys());
    }

    pub(super) fn holding(bytes: Vec<u8>) -> Self {
        let bytes = Arc::new(bytes);
        Self {
            live: Arc::clone(&bytes),
            durable: bytes,
            ..Self::default()
        }
    }

    pub(super) fn cut_power(&mut self, random: &mut Random, has_torn_sectors: bool) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let length_max = self.live.len();
        if !unsynced.is_empty() {
            let durable = Arc::make_mut(&mut self.durable);
            // Each cut has its own share of survivors: none, some, half, most or all.
            let share = random.below(5);
            for (sector, versions) in unsynced {
                if random.below(4) >= share {
                    continue;
                }
                let latest = versions.len() as u64 - 1;
                let version = if random.one_in(3) {
                    random.below(latest + 1)
                } else {
                    latest
                };
                let content = &versions[version as usize];
                let torn = has_torn_sectors && random.one_in(2);
                let kept = if torn {
                    random.below(content.len() as u64 + 1) as usize
                } else {
                    content.len()
                };
                let start = sector * SECTOR_BYTES;
                if durable.len() < start + kept {
                    durable.resize(start + kept, 0);
                }
                durable[start..start + kept].copy_from_slice(&content[..kept]);
            }
            // The new length may be there without the bytes.
            if durable.len() < length_max && random.one_in(2) {
                durable.resize(length_max, 0);
            }
        }
        self.live = Arc::clone(&self.durable);
        self.lost.clear();
    }
}

impl NameChange {
    /// Decides whether this change survives a power cut. Of a renaming, both names may.
    pub(super) fn survive(&self, names: &mut BTreeMap<String, usize>, random: &mut Random) {
        match self {
            Self::Created { name, inode } => {
                if random.one_in(2) {
                    names.insert(name.clone(), *inode);
                }
            }
            Self::Renamed { from, to, inode } => {
                let fate = random.below(3);
                if fate > 0 {
                    names.insert(to.clone(), *inode);
                }
                if fate == 1 {
                    names.remove(from);
                }
            }
            Self::Deleted { name } => {
                if random.one_in(2) {
                    names.remove(name);
                }
            }
        }
    }
}
