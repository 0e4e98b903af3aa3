//! Records, and the chain that makes a missing or foreign one visible.

use engine_core::{Seq, Timestamp};

use super::bytes::{put, u16_at, u32_at, u64_at};

/// What stands before the payload of a record.
pub(crate) const HEADER_BYTES: usize = 28;
const FLAG_CONTINUES: u16 = 1;

/// One record, as it was appended and as it is read.
///
/// The payload is opaque: its meaning and its `version` belong to whoever appends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The place in the stream.
    pub sequence: Seq,
    /// The engine time.
    pub time: Timestamp,
    /// The version of the payload's encoding.
    pub version: u16,
    /// Whether the next record has the same sequence. A sequence counts as there only with its last record.
    pub continues: bool,
    /// The bytes.
    pub payload: &'a [u8],
}

/// The end of a stream of records: what the next one has to follow on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    /// The chain value over every record up to here.
    pub(crate) chain: u64,
    /// The sequence of the last record.
    pub(crate) last: Seq,
    /// Whether the last record continues.
    pub(crate) is_open: bool,
}

impl Tip {
    /// The last sequence that is there with all its records.
    pub(crate) fn whole(&self) -> Seq {
        if self.is_open {
            Seq::new(self.last.get() - 1)
        } else {
            self.last
        }
    }

    /// The sequence that the next record must have.
    pub(crate) fn expected(&self) -> Seq {
        if self.is_open { self.last } else { self.last.next() }
    }

    fn advance(&mut self, entry_crc: u32, sequence: Seq, continues: bool) {
        self.chain = link(self.chain, entry_crc);
        self.last = sequence;
        self.is_open = continues;
    }
}

/// The chain value after a record whose check value is `crc`. The check value already covers the chain value
/// before it; the odd factor spreads it over all 64 bits.
fn link(chain: u64, crc: u32) -> u64 {
    (chain.rotate_left(32) ^ u64::from(crc)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Appends a record whose check value is still to be filled in.
pub(crate) fn encode(out: &mut Vec<u8>, entry: &Entry<'_>) {
    let length = u32::try_from(entry.payload.len()).expect("a payload is limited to less than 4 GiB");
    let flags = if entry.continues { FLAG_CONTINUES } else { 0 };
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&entry.sequence.get().to_le_bytes());
    out.extend_from_slice(&entry.time.nanos().to_le_bytes());
    out.extend_from_slice(&entry.version.to_le_bytes());
    out.extend_from_slice(&flags.to_le_bytes());
    out.extend_from_slice(entry.payload);
}

/// The length in bytes of the record at the head of `records`.
pub(crate) fn length_at(records: &[u8]) -> usize {
    HEADER_BYTES + u32_at(records, 0) as usize
}

/// The record at the head of `records`, read without any check.
pub(crate) fn decode(records: &[u8]) -> Entry<'_> {
    Entry {
        sequence: Seq::new(u64_at(records, 8)),
        time: Timestamp::from_nanos(u64_at(records, 16)),
        version: u16_at(records, 24),
        continues: u16_at(records, 26) & FLAG_CONTINUES != 0,
        payload: &records[HEADER_BYTES..length_at(records)],
    }
}

/// Fills in the check value of the record at the head of `records`, which follows on `tip`, and moves `tip`
/// behind it. Returns its length.
pub(crate) fn seal(records: &mut [u8], tip: &mut Tip) -> usize {
    let length = length_at(records);
    let record = &mut records[..length];
    let crc = checksum(tip.chain, record);
    put(record, 4, &crc.to_le_bytes());
    let entry = decode(record);
    debug_assert_eq!(entry.sequence, tip.expected(), "records are sealed in order");
    tip.advance(crc, entry.sequence, entry.continues);
    length
}

/// Takes the record at the head of `records`, which must follow on `tip`, and moves `tip` behind it. `None` if
/// it is not whole or does not follow.
#[inline]
pub(crate) fn unseal(records: &[u8], tip: &mut Tip) -> Option<usize> {
    if records.len() < HEADER_BYTES {
        return None;
    }
    let length = length_at(records);
    let record = records.get(..length)?;
    let crc = u32_at(record, 4);
    let entry = decode(record);
    let follows = entry.sequence == tip.expected() && u16_at(record, 26) <= FLAG_CONTINUES;
    if !follows || crc != checksum(tip.chain, record) {
        return None;
    }
    tip.advance(crc, entry.sequence, entry.continues);
    Some(length)
}

fn checksum(chain: u64, record: &[u8]) -> u32 {
    let mut head = [0; 12];
    put(&mut head, 0, &chain.to_le_bytes());
    put(&mut head, 8, &record[..4]);
    crc32c::crc32c_append(crc32c::crc32c(&head), &record[8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Tip = Tip {
        chain: 5,
        last: Seq::new(9),
        is_open: false,
    };

    fn three_records() -> (Vec<u8>, Vec<usize>) {
        let mut records = Vec::new();
        for (sequence, continues, payload) in [(10, true, &b"ab"[..]), (10, false, b""), (11, false, b"xyz")]
        {
            let time = Timestamp::from_nanos(1000 + sequence);
            encode(
                &mut records,
                &Entry {
                    sequence: Seq::new(sequence),
                    time,
                    version: 3,
                    continues,
                    payload,
                },
            );
        }
        let mut tip = START;
        let mut starts = vec![0];
        while starts[starts.len() - 1] < records.len() {
            let at = starts[starts.len() - 1];
            starts.push(at + seal(&mut records[at..], &mut tip));
        }
        (records, starts)
    }

    #[test]
    fn sealed_records_are_read_back_in_order() {
        let (records, starts) = three_records();
        let mut tip = START;
        let payloads: Vec<_> = starts[..3]
            .iter()
            .map(|at| {
                unseal(&records[*at..], &mut tip).expect("the record was sealed");
                (decode(&records[*at..]).payload, tip.whole().get())
            })
            .collect();
        assert_eq!(payloads, [(&b"ab"[..], 9), (b"", 10), (b"xyz", 11)]);
    }

    #[test]
    fn a_left_out_swapped_or_repeated_record_does_not_follow() {
        let (records, starts) = three_records();
        for order in [[1, 0], [2, 0], [0, 0], [0, 2]] {
            let mut tip = START;
            let taken = order
                .iter()
                .filter(|i| unseal(&records[starts[**i]..], &mut tip).is_some())
                .count();
            assert!(taken < 2, "{order:?} was taken as a chain");
        }
    }

    #[test]
    fn the_same_records_after_another_history_do_not_follow() {
        let (records, _) = three_records();
        assert_eq!(unseal(&records, &mut Tip { chain: 6, ..START }), None);
    }

    #[test]
    fn every_flipped_bit_of_a_record_is_seen() {
        let (mut records, starts) = three_records();
        for bit in 0..starts[1] * 8 {
            records[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unseal(&records, &mut START.clone()), None, "bit {bit}");
            records[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
