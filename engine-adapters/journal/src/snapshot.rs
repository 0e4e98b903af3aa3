//! Snapshots: opaque bytes at a sequence, with the hash of the state they hold.

use std::io::{self, Read, Write};
use std::sync::Arc;

use engine_core::{Seq, Timestamp};

use crate::directory::{Directory, Home};
use crate::error::{Damage, DamageCause, Fault, Operation, ReadError};
use crate::format::bytes::{array_at, put, u16_at, u32_at, u64_at};
use crate::format::seal::{Kind, Place, seal, unseal_own};
use crate::format::sector::SECTOR_BYTES;
use crate::format::segment::SEQUENCE_MAX;
use crate::storage::{Storage, StorageFile, delete_if_there, read_full, write_all};

/// What a snapshot is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotStamp {
    /// The last command whose effects it holds.
    pub sequence: Seq,
    /// The engine time at that command.
    pub time: Timestamp,
    /// The version of its encoding.
    pub version: u16,
    /// [`Directory::history_at`] that command, which ties the snapshot to its command log; `None` where the log
    /// is kept elsewhere.
    pub history: Option<u64>,
}

/// The snapshots of a directory.
pub struct SnapshotStore<S: Storage> {
    home: Arc<Home<S>>,
}

/// The newest snapshot that can be read, and what is wrong with those passed over.
pub struct NewestSnapshot<S: Storage> {
    /// The snapshot; `None` if there is none that is whole.
    pub snapshot: Option<SnapshotReader<S>>,
    /// Why newer ones were passed over, newest first.
    pub skipped: Vec<Damage>,
}

const SUFFIX: &str = ".snap";
const BLOCK_HEADER_BYTES: usize = 8;
const BLOCK_BYTES_MAX: usize = 64 << 10;

impl<S: Storage> Directory<S> {
    /// The snapshots of this directory.
    pub fn snapshots(&self) -> SnapshotStore<S> {
        SnapshotStore {
            home: Arc::clone(self.home()),
        }
    }
}

impl<S: Storage> SnapshotStore<S> {
    /// Begins a snapshot, which is written through [`Write`] and counts only once it is finished.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(&self, stamp: SnapshotStamp) -> Result<SnapshotWriter<S>, Fault> {
        SnapshotWriter::begin(&self.home, stamp)
    }

    /// The sequences of the snapshots that are there, ascending; whether they are whole is not looked at.
    ///
    /// # Errors
    /// What the system says.
    pub fn sequences(&self) -> Result<Vec<Seq>, Fault> {
        let mut sequences: Vec<Seq> = self
            .home
            .list()?
            .iter()
            .filter_map(|name| sequence_of(name))
            .collect();
        sequences.sort_unstable();
        Ok(sequences)
    }

    /// Finds the newest snapshot that is whole, having read it once from end to end.
    ///
    /// # Errors
    /// A snapshot in a newer format, or what the system says. Damage is not an error here but a reason to pass
    /// over a snapshot.
    pub fn newest(&self) -> Result<NewestSnapshot<S>, ReadError> {
        self.newest_through(Seq::new(u64::MAX))
    }

    /// As [`SnapshotStore::newest`], among those up to and with `through`.
    ///
    /// # Errors
    /// As [`SnapshotStore::newest`].
    pub fn newest_through(&self, through: Seq) -> Result<NewestSnapshot<S>, ReadError> {
        let mut skipped = Vec::new();
        for sequence in self
            .sequences()?
            .into_iter()
            .rev()
            .filter(|sequence| *sequence <= through)
        {
            match self.verify(sequence) {
                Ok(()) => {
                    let snapshot = Some(SnapshotReader::open(&self.home, sequence)?);
                    return Ok(NewestSnapshot { snapshot, skipped });
                }
                Err(ReadError::Damage(damage)) => skipped.push(damage),
                Err(error) => return Err(error),
            }
        }
        Ok(NewestSnapshot {
            snapshot: None,
            skipped,
        })
    }

    /// Reads a snapshot from end to end.
    ///
    /// # Errors
    /// Damage, a newer format, or what the system says.
    pub fn verify(&self, sequence: Seq) -> Result<(), ReadError> {
        let mut reader = SnapshotReader::open(&self.home, sequence)?;
        while reader.load_block()? {}
        Ok(())
    }

    /// Keeps the newest `keep` snapshots that are whole and removes everything older. Returns the sequence of
    /// the oldest whole one that is left, from which a recovery may have to start, or `None` if fewer than
    /// `keep` are whole; then nothing is removed.
    ///
    /// # Errors
    /// As [`SnapshotStore::newest`].
    pub fn retain(&self, keep: usize) -> Result<Option<Seq>, ReadError> {
        let sequences = self.sequences()?;
        let mut whole = 0;
        for (index, sequence) in sequences.iter().enumerate().rev() {
            match self.verify(*sequence) {
                Ok(()) => whole += 1,
                Err(ReadError::Damage(_)) => continue,
                Err(error) => return Err(error),
            }
            if whole == keep {
                for old in &sequences[..index] {
                    self.home.delete(&file_of(*old))?;
                }
                return Ok(Some(*sequence));
            }
        }
        Ok(None)
    }
}

fn file_of(sequence: Seq) -> String {
    format!("snapshot-{:020}{SUFFIX}", sequence.get())
}

fn sequence_of(file: &str) -> Option<Seq> {
    let digits = file.strip_prefix("snapshot-")?.strip_suffix(SUFFIX)?;
    let sequence = Seq::new(digits.parse().ok()?);
    (file_of(sequence) == file && sequence <= SEQUENCE_MAX).then_some(sequence)
}

/// Writes one snapshot in blocks; dropped before [`SnapshotWriter::finish`], it leaves nothing.
pub struct SnapshotWriter<S: Storage> {
    home: Arc<Home<S>>,
    file: S::File,
    stamp: SnapshotStamp,
    temporary: String,
    /// The current block, with room for its header.
    block: Vec<u8>,
    checksum: u32,
    offset: u64,
    bytes: u64,
    is_finished: bool,
}

impl<S: Storage> SnapshotWriter<S> {
    fn begin(home: &Arc<Home<S>>, stamp: SnapshotStamp) -> Result<Self, Fault> {
        let temporary = format!("{}.tmp", file_of(stamp.sequence));
        delete_if_there(&home.storage, &temporary)?;
        let file = home.create(&temporary)?;
        let head = encode_head(home, stamp);
        write_all(&file, &head, 0).map_err(Fault::at(Operation::Write, &temporary))?;
        Ok(Self {
            home: Arc::clone(home),
            file,
            stamp,
            temporary,
            block: vec![0; BLOCK_HEADER_BYTES],
            checksum: u32_at(&head, SECTOR_BYTES - 4),
            offset: SECTOR_BYTES as u64,
            bytes: 0,
            is_finished: false,
        })
    }

    /// Makes the snapshot durable, together with the hash of the state that it holds, and gives it its name.
    ///
    /// # Errors
    /// What the system says; there is no snapshot then.
    pub fn finish(mut self, state_hash: [u8; 32]) -> Result<(), Fault> {
        self.write_block()?;
        let foot = encode_foot(&self.home, self.bytes, self.checksum, state_hash);
        let name = file_of(self.stamp.sequence);
        write_all(&self.file, &foot, self.offset).map_err(Fault::at(Operation::Write, &self.temporary))?;
        self.file
            .sync_data()
            .map_err(Fault::at(Operation::Sync, &self.temporary))?;
        self.home.rename(&self.temporary, &name)?;
        self.is_finished = true;
        self.home.sync_directory(&name)
    }

    fn write_block(&mut self) -> Result<(), Fault> {
        let length = self.block.len() - BLOCK_HEADER_BYTES;
        if length == 0 {
            return Ok(());
        }
        put(&mut self.block, 0, &(length as u32).to_le_bytes());
        self.checksum = block_checksum(self.checksum, &self.block);
        put(&mut self.block, 4, &self.checksum.to_le_bytes());
        write_all(&self.file, &self.block, self.offset)
            .map_err(Fault::at(Operation::Write, &self.temporary))?;
        self.offset += self.block.len() as u64;
        self.bytes += length as u64;
        self.block.truncate(BLOCK_HEADER_BYTES);
        Ok(())
    }
}

impl<S: Storage> Write for SnapshotWriter<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = BLOCK_HEADER_BYTES + BLOCK_BYTES_MAX - self.block.len();
        let taken = bytes.len().min(room);
        self.block.extend_from_slice(&bytes[..taken]);
        if taken == room {
            self.write_block()
                .map_err(|fault| io::Error::new(fault.kind, fault))?;
        }
        Ok(taken)
    }

    /// Does nothing: only [`SnapshotWriter::finish`] makes a snapshot.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: Storage> Drop for SnapshotWriter<S> {
    fn drop(&mut self) {
        if !self.is_finished {
            // If this fails too, the file is removed when the directory is opened again.
            let _ = self.home.storage.delete(&self.temporary);
        }
    }
}

/// Reads one snapshot through [`Read`], each block verified before any of it is given out.
pub struct SnapshotReader<S: Storage> {
    file: S::File,
    name: String,
    stamp: SnapshotStamp,
    state_hash: [u8; 32],
    bytes: u64,
    last_checksum: u32,
    blocks_end: u64,
    offset: u64,
    checksum: u32,
    given_bytes: u64,
    block: Vec<u8>,
    taken: usize,
}

impl<S: Storage> SnapshotReader<S> {
    fn open(home: &Home<S>, sequence: Seq) -> Result<Self, ReadError> {
        let name = file_of(sequence);
        let file = home.open(&name)?;
        let length = file.len().map_err(Fault::at(Operation::Read, &name))?;
        let least = 2 * SECTOR_BYTES as u64;
        if length < least {
            let cause = DamageCause::Length {
                expected: least,
                found: length,
            };
            return Err(Damage::new(&name, 0, Some(sequence), cause).into());
        }
        let blocks_end = length - SECTOR_BYTES as u64;
        let read_sector = |offset| {
            let mut sector = [0; SECTOR_BYTES];
            let read = read_full(&file, &mut sector, offset).map_err(Fault::at(Operation::Read, &name))?;
            Ok::<_, Fault>((sector, read))
        };
        let place = |offset| Place { file: &name, offset };
        let named = |error| with_sequence(error, sequence);
        let (head, read) = read_sector(0)?;
        let head = unseal_own(place(0), Kind::SnapshotHead, home.identity, &head[..read]).map_err(named)?;
        let stamp = SnapshotStamp {
            sequence: Seq::new(u64_at(head.body, 0)),
            time: Timestamp::from_nanos(u64_at(head.body, 8)),
            version: u16_at(head.body, 16),
            history: (u16_at(head.body, 18) == 1).then(|| u64_at(head.body, 20)),
        };
        if stamp.sequence != sequence {
            return Err(Damage::new(&name, 0, Some(sequence), DamageCause::Misnamed).into());
        }
        let checksum = head.checksum;
        let (foot, read) = read_sector(blocks_end)?;
        let foot = unseal_own(
            place(blocks_end),
            Kind::SnapshotFoot,
            home.identity,
            &foot[..read],
        )
        .map_err(named)?;
        Ok(Self {
            stamp,
            state_hash: array_at(foot.body, 16),
            bytes: u64_at(foot.body, 0),
            last_checksum: u32_at(foot.body, 8),
            blocks_end,
            offset: SECTOR_BYTES as u64,
            checksum,
            given_bytes: 0,
            block: Vec::new(),
            taken: 0,
            file,
            name,
        })
    }

    /// What the snapshot is of.
    pub fn stamp(&self) -> SnapshotStamp {
        self.stamp
    }

    /// The hash of the state that it holds, as it was given.
    pub fn state_hash(&self) -> [u8; 32] {
        self.state_hash
    }

    /// The size of the content.
    pub fn content_bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads and verifies the next block; `false` at the end, which must be the right one.
    fn load_block(&mut self) -> Result<bool, ReadError> {
        self.block.clear();
        self.taken = 0;
        if self.offset == self.blocks_end {
            let is_whole = self.given_bytes == self.bytes && self.checksum == self.last_checksum;
            return if is_whole {
                Ok(false)
            } else {
                Err(self.damage().into())
            };
        }
        let left = self.blocks_end - self.offset;
        let mut header = [0; BLOCK_HEADER_BYTES];
        self.read_at(&mut header, 0)?;
        let length = u32_at(&header, 0) as usize;
        if length == 0 || length > BLOCK_BYTES_MAX || (BLOCK_HEADER_BYTES + length) as u64 > left {
            return Err(self.damage().into());
        }
        let mut block = std::mem::take(&mut self.block);
        block.resize(BLOCK_HEADER_BYTES + length, 0);
        self.read_at(&mut block, 0)?;
        let checksum = block_checksum(self.checksum, &block);
        if checksum != u32_at(&block, 4) {
            return Err(self.damage().into());
        }
        self.checksum = checksum;
        self.offset += block.len() as u64;
        self.given_bytes += length as u64;
        self.block = block;
        self.taken = BLOCK_HEADER_BYTES;
        Ok(true)
    }

    fn read_at(&self, buffer: &mut [u8], after: u64) -> Result<(), ReadError> {
        let read = read_full(&self.file, buffer, self.offset + after)
            .map_err(Fault::at(Operation::Read, &self.name))?;
        if read < buffer.len() {
            return Err(self.damage().into());
        }
        Ok(())
    }

    fn damage(&self) -> Damage {
        Damage::new(
            &self.name,
            self.offset,
            Some(self.stamp.sequence),
            DamageCause::Checksum,
        )
    }
}

impl<S: Storage> Read for SnapshotReader<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.block.len() {
            let has_more = self.load_block().map_err(|error| match error {
                ReadError::Fault(fault) => io::Error::new(fault.kind, fault),
                damage => io::Error::new(io::ErrorKind::InvalidData, damage),
            })?;
            if !has_more {
                return Ok(0);
            }
        }
        let given = buffer.len().min(self.block.len() - self.taken);
        buffer[..given].copy_from_slice(&self.block[self.taken..self.taken + given]);
        self.taken += given;
        Ok(given)
    }
}

fn encode_head<S: Storage>(home: &Home<S>, stamp: SnapshotStamp) -> [u8; SECTOR_BYTES] {
    let mut body = [0; 28];
    put(&mut body, 0, &stamp.sequence.get().to_le_bytes());
    put(&mut body, 8, &stamp.time.nanos().to_le_bytes());
    put(&mut body, 16, &stamp.version.to_le_bytes());
    put(&mut body, 18, &u16::from(stamp.history.is_some()).to_le_bytes());
    put(&mut body, 20, &stamp.history.unwrap_or(0).to_le_bytes());
    seal(Kind::SnapshotHead, home.identity, &body)
}

fn encode_foot<S: Storage>(
    home: &Home<S>,
    bytes: u64,
    checksum: u32,
    state_hash: [u8; 32],
) -> [u8; SECTOR_BYTES] {
    let mut body = [0; 48];
    put(&mut body, 0, &bytes.to_le_bytes());
    put(&mut body, 8, &checksum.to_le_bytes());
    put(&mut body, 16, &state_hash);
    seal(Kind::SnapshotFoot, home.identity, &body)
}

/// The check value of a block, which covers that of the block before it, so blocks cannot change places.
fn block_checksum(before: u32, block: &[u8]) -> u32 {
    crc32c::crc32c_append(
        crc32c::crc32c_append(before, &block[..4]),
        &block[BLOCK_HEADER_BYTES..],
    )
}

fn with_sequence(error: ReadError, sequence: Seq) -> ReadError {
    match error {
        ReadError::Damage(damage) => Damage {
            sequence: Some(sequence),
            ..damage
        }
        .into(),
        other => other,
    }
}
