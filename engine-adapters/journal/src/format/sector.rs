//! Groups of records cut into sectors of 512 bytes, each with a check value of its own.
//!
//! A sector is the unit that a disk writes wholly or not at all. Because every one carries its check value, its
//! place and the place up to which the file was already durable when it was written, each sector of a segment
//! is one of three things: never written (all zero), written, or damaged.

use super::bytes::{put, u16_at, u32_at};

pub(crate) const SECTOR_BYTES: usize = 512;
const HEADER_BYTES: usize = 16;
/// What a sector holds of its group.
pub(crate) const BODY_BYTES: usize = SECTOR_BYTES - HEADER_BYTES;
/// The most sectors in a group, so that a reader knows how much it may have to hold at once.
pub(crate) const GROUP_SECTORS_MAX: u32 = 4096;
const FLAG_LAST: u16 = 1;

/// What stands at the head of a written sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SectorHead {
    /// The first sector of the group.
    pub(crate) group_start: u32,
    /// Every sector before this one was durable when the group was written.
    pub(crate) durable_before: u32,
    /// How many bytes of the body are used.
    pub(crate) used: usize,
    /// Whether the group ends here.
    pub(crate) is_last: bool,
}

/// What a sector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sector {
    Unwritten,
    Written(SectorHead),
    Damaged,
}

/// How many sectors a group of `bytes` takes.
pub(crate) fn sectors_for(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(BODY_BYTES)).expect("a group is far smaller than 2^32 sectors")
}

/// Cuts the records of one group into sectors. `seed` is the check value of the segment's header.
pub(crate) fn frame(records: &[u8], seed: u32, group_start: u32, durable_before: u32, out: &mut Vec<u8>) {
    let last = sectors_for(records.len()) - 1;
    out.clear();
    out.reserve((last as usize + 1) * SECTOR_BYTES);
    for (index, body) in (0..).zip(records.chunks(BODY_BYTES)) {
        let at = out.len();
        let flags = if index == last { FLAG_LAST } else { 0 };
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&group_start.to_le_bytes());
        out.extend_from_slice(&durable_before.to_le_bytes());
        out.extend_from_slice(&(body.len() as u16).to_le_bytes());
        out.extend_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(body);
        out.resize(at + SECTOR_BYTES, 0);
        let checksum = checksum(seed, group_start + index, &out[at..]);
        put(out, at, &checksum.to_le_bytes());
    }
}

/// Says what the sector at place `index` is.
pub(crate) fn classify(seed: u32, index: u32, sector: &[u8]) -> Sector {
    if is_zero(sector) {
        return Sector::Unwritten;
    }
    let flags = u16_at(sector, 14);
    let used = usize::from(u16_at(sector, 12));
    let whole =
        u32_at(sector, 0) == checksum(seed, index, sector) && flags <= FLAG_LAST && used <= BODY_BYTES;
    if !whole {
        return Sector::Damaged;
    }
    Sector::Written(SectorHead {
        group_start: u32_at(sector, 4),
        durable_before: u32_at(sector, 8),
        used,
        is_last: flags & FLAG_LAST != 0,
    })
}

/// The used part of a written sector.
pub(crate) fn body<'a>(head: &SectorHead, sector: &'a [u8]) -> &'a [u8] {
    &sector[HEADER_BYTES..HEADER_BYTES + head.used]
}

/// The place is part of the check value, so a whole sector at the wrong place is found too.
fn checksum(seed: u32, index: u32, sector: &[u8]) -> u32 {
    let placed = crc32c::crc32c_append(seed, &index.to_le_bytes());
    crc32c::crc32c_append(placed, &sector[4..SECTOR_BYTES])
}

pub(crate) fn is_zero(sector: &[u8]) -> bool {
    // Folded without an early end, so that the compiler can take many bytes at a time.
    sector
        .chunks(64)
        .all(|chunk| chunk.iter().fold(0, |all, byte| all | byte) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(bytes: usize) -> Vec<u8> {
        let records: Vec<u8> = (0..bytes).map(|i| (i % 251) as u8 + 1).collect();
        let mut out = Vec::new();
        frame(&records, 7, 3, 2, &mut out);
        out
    }

    #[test]
    fn a_group_takes_as_many_sectors_as_it_needs_and_its_last_one_says_so() {
        for (bytes, sectors) in [(1, 1), (BODY_BYTES, 1), (BODY_BYTES + 1, 2), (5 * BODY_BYTES, 5)] {
            let out = framed(bytes);
            assert_eq!(out.len(), sectors * SECTOR_BYTES);
            for (index, sector) in (3..).zip(out.chunks(SECTOR_BYTES)) {
                let Sector::Written(head) = classify(7, index, sector) else {
                    panic!("sector {index} of {bytes} bytes is not written")
                };
                assert_eq!((head.group_start, head.durable_before), (3, 2));
                assert_eq!(head.is_last, index == 2 + sectors as u32);
                let used = (bytes - (index as usize - 3) * BODY_BYTES).min(BODY_BYTES);
                assert_eq!(body(&head, sector).len(), used);
            }
        }
    }

    #[test]
    fn every_flipped_bit_another_place_and_another_segment_are_damage() {
        let mut sector = framed(100);
        assert_eq!(classify(7, 4, &sector), Sector::Damaged);
        assert_eq!(classify(8, 3, &sector), Sector::Damaged);
        for bit in 0..SECTOR_BYTES * 8 {
            sector[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(classify(7, 3, &sector), Sector::Damaged, "bit {bit}");
            sector[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn one_set_bit_in_an_unwritten_sector_is_damage() {
        let mut sector = [0; SECTOR_BYTES];
        assert_eq!(classify(7, 3, &sector), Sector::Unwritten);
        for bit in 0..SECTOR_BYTES * 8 {
            sector[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(classify(7, 3, &sector), Sector::Damaged, "bit {bit}");
            sector[bit / 8] = 0;
        }
    }
}
