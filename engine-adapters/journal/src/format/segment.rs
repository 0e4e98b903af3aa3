//! The header of a segment, and the names of files.

use engine_core::Seq;

use super::bytes::{put, u16_at, u32_at, u64_at};
use super::record::Tip;
use super::seal::{Identity, Kind, Place, seal, unseal_own};
use super::sector::SECTOR_BYTES;
use crate::error::{DamageCause, ReadError};

/// Which of the logs of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// The sequenced commands: the source of all state.
    Commands,
    /// The numbered events, which can be computed again from the commands.
    Events,
}

impl Stream {
    /// Both streams, in their fixed order.
    pub const BOTH: [Self; 2] = [Self::Commands, Self::Events];

    fn code(self) -> u16 {
        match self {
            Self::Commands => 1,
            Self::Events => 2,
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Commands => "commands",
            Self::Events => "events",
        }
    }

    /// The file of the segment with this number.
    pub(crate) fn segment_file(self, ordinal: u64) -> String {
        format!("{}-{ordinal:010}.log", self.prefix())
    }

    /// The number of the segment in this file, if it is one of this stream.
    pub(crate) fn ordinal_of(self, file: &str) -> Option<u64> {
        let digits = file
            .strip_prefix(self.prefix())?
            .strip_prefix('-')?
            .strip_suffix(".log")?;
        let ordinal = digits.parse().ok()?;
        (self.segment_file(ordinal) == file).then_some(ordinal)
    }

    /// The file of a segment that is being prepared.
    pub(crate) fn spare_file(self, number: u64) -> String {
        format!("{}-next-{number}.tmp", self.prefix())
    }

    pub(crate) fn mark_file(self) -> String {
        format!("{}.mark", self.prefix())
    }
}

/// A header and one sector of records.
pub(crate) const SEGMENT_SECTORS_MIN: u32 = 2;
/// 1 GiB, so that a header can make nobody reserve the whole disk.
pub(crate) const SEGMENT_SECTORS_MAX: u32 = 1 << 21;
/// The last sequence that any journal holds: far beyond reach, and far from where adding one overflows.
pub(crate) const SEQUENCE_MAX: Seq = Seq::new(u64::MAX / 2);

/// What the first sector of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) identity: Identity,
    pub(crate) stream: Stream,
    pub(crate) ordinal: u64,
    /// Where the stream of records stands before the first one of this segment.
    pub(crate) start: Tip,
    /// The length of the file.
    pub(crate) sectors: u32,
    /// Whether each group was durable before the next was written. Only then can a power cut leave no sector
    /// that is neither whole nor unwritten.
    pub(crate) is_strict: bool,
}

const FLAG_OPEN: u16 = 1;
const FLAG_STRICT: u16 = 2;

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SECTOR_BYTES] {
        let flag = |set: bool, bit: u16| if set { bit } else { 0 };
        let flags = flag(self.start.is_open, FLAG_OPEN) | flag(self.is_strict, FLAG_STRICT);
        let mut body = [0; 40];
        put(&mut body, 0, &self.stream.code().to_le_bytes());
        put(&mut body, 2, &flags.to_le_bytes());
        put(&mut body, 4, &self.sectors.to_le_bytes());
        put(&mut body, 8, &self.ordinal.to_le_bytes());
        put(&mut body, 16, &self.start.last.get().to_le_bytes());
        put(&mut body, 24, &self.start.chain.to_le_bytes());
        seal(Kind::Segment, self.identity, &body)
    }

    /// Reads the header of the segment `ordinal` of `stream` and its check value, which seeds those of the
    /// sectors.
    pub(crate) fn decode(
        file: &str,
        sector: &[u8],
        identity: Identity,
        stream: Stream,
        ordinal: u64,
    ) -> Result<(Self, u32), ReadError> {
        let place = Place { file, offset: 0 };
        let sealed = unseal_own(place, Kind::Segment, identity, sector)?;
        let flags = u16_at(sealed.body, 2);
        let start = Tip {
            chain: u64_at(sealed.body, 24),
            last: Seq::new(u64_at(sealed.body, 16)),
            is_open: flags & FLAG_OPEN != 0,
        };
        let header = Self {
            identity,
            stream,
            ordinal,
            start,
            sectors: u32_at(sealed.body, 4),
            is_strict: flags & FLAG_STRICT != 0,
        };
        let is_possible = (SEGMENT_SECTORS_MIN..=SEGMENT_SECTORS_MAX).contains(&header.sectors)
            && header.start.last <= SEQUENCE_MAX
            && (header.start.last.get() > 0 || !header.start.is_open);
        if !is_possible {
            return Err(place.damage(DamageCause::Header).into());
        }
        let named = u16_at(sealed.body, 0) == stream.code() && u64_at(sealed.body, 8) == ordinal;
        if !named {
            return Err(place.damage(DamageCause::Misnamed).into());
        }
        Ok((header, sealed.checksum))
    }

    /// The length of the file in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.sectors) * SECTOR_BYTES as u64
    }
}

/// The chain value before the first record of a stream, different for every journal, shard and stream.
pub(crate) fn first_chain(identity: Identity, stream: Stream) -> u64 {
    let mut bytes = [0; 14];
    put(&mut bytes, 0, &identity.journal.to_le_bytes());
    put(&mut bytes, 8, &identity.shard.to_le_bytes());
    put(&mut bytes, 12, &stream.code().to_le_bytes());
    let low = crc32c::crc32c(&bytes);
    let high = crc32c::crc32c_append(low, &bytes);
    u64::from(high) << 32 | u64::from(low)
}
