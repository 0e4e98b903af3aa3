//! A run of records on its way into a log.

use engine_core::{Seq, Timestamp};

use crate::error::AppendError;
use crate::format::record::{self, Entry};

/// Records in order, ready to be appended. Kept and cleared by its owner, so that a warm one allocates nothing.
///
/// ```
/// use engine_core::{Seq, Timestamp};
/// use engine_journal::{Batch, Entry};
///
/// let mut batch = Batch::new();
/// let entry = Entry {
///     sequence: Seq::new(1),
///     time: Timestamp::from_nanos(5),
///     version: 1,
///     continues: false,
///     payload: b"place",
/// };
/// batch.push(&entry)?;
/// assert_eq!(batch.iter().collect::<Vec<_>>(), [entry]);
/// # Ok::<(), engine_journal::AppendError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Batch {
    records: Vec<u8>,
    count: usize,
    payload_bytes_max: usize,
    span: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    first: Seq,
    last: Seq,
    is_open: bool,
}

impl Span {
    fn expected(&self) -> Seq {
        if self.is_open { self.last } else { self.last.next() }
    }
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`AppendError::OutOfOrder`] if it does not follow on the one before it, [`AppendError::TooLarge`] if its
    /// payload is larger than any log takes.
    pub fn push(&mut self, entry: &Entry<'_>) -> Result<(), AppendError> {
        let first = match &self.span {
            Some(span) if entry.sequence != span.expected() => {
                return Err(AppendError::OutOfOrder {
                    expected: span.expected(),
                    found: entry.sequence,
                });
            }
            Some(span) => span.first,
            None => entry.sequence,
        };
        let bytes = entry.payload.len();
        if bytes > PAYLOAD_BYTES_MAX {
            return Err(AppendError::TooLarge {
                bytes,
                bytes_max: PAYLOAD_BYTES_MAX,
            });
        }
        record::encode(&mut self.records, entry);
        self.count += 1;
        self.payload_bytes_max = self.payload_bytes_max.max(bytes);
        self.span = Some(Span {
            first,
            last: entry.sequence,
            is_open: entry.continues,
        });
        Ok(())
    }

    /// Adds a whole command: a record that nothing continues.
    ///
    /// # Errors
    /// As [`Batch::push`].
    pub fn push_whole(
        &mut self,
        sequence: Seq,
        time: Timestamp,
        version: u16,
        payload: &[u8],
    ) -> Result<(), AppendError> {
        self.push(&Entry {
            sequence,
            time,
            version,
            continues: false,
            payload,
        })
    }

    /// Adds all records of `other`, or none.
    ///
    /// # Errors
    /// [`AppendError::OutOfOrder`] if they do not follow.
    pub fn push_batch(&mut self, other: &Self) -> Result<(), AppendError> {
        let Some(span) = other.span else { return Ok(()) };
        let first = match &self.span {
            Some(own) if span.first != own.expected() => {
                return Err(AppendError::OutOfOrder {
                    expected: own.expected(),
                    found: span.first,
                });
            }
            Some(own) => own.first,
            None => span.first,
        };
        self.records.extend_from_slice(&other.records);
        self.count += other.count;
        self.payload_bytes_max = self.payload_bytes_max.max(other.payload_bytes_max);
        self.span = Some(Span { first, ..span });
        Ok(())
    }

    /// Takes everything out and keeps the memory.
    pub fn clear(&mut self) {
        self.records.clear();
        self.count = 0;
        self.payload_bytes_max = 0;
        self.span = None;
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many bytes the records take, their headers included.
    pub fn bytes(&self) -> usize {
        self.records.len()
    }

    /// The sequence of the first record.
    pub fn first(&self) -> Option<Seq> {
        self.span.map(|span| span.first)
    }

    /// The sequence of the last record.
    pub fn last(&self) -> Option<Seq> {
        self.span.map(|span| span.last)
    }

    /// The records in order.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut rest = self.records.as_slice();
        std::iter::from_fn(move || {
            (!rest.is_empty()).then(|| {
                let entry = record::decode(rest);
                rest = &rest[record::length_at(rest)..];
                entry
            })
        })
    }

    /// Whether the last record continues, so that the next has the same sequence.
    pub(crate) fn is_open(&self) -> bool {
        self.span.is_some_and(|span| span.is_open)
    }

    pub(crate) fn records(&self) -> &[u8] {
        &self.records
    }

    /// The size of the largest payload.
    pub(crate) fn payload_bytes_max(&self) -> usize {
        self.payload_bytes_max
    }
}

/// The largest payload that any log takes. A larger one is given in several records that continue.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: u64, continues: bool) -> Entry<'static> {
        let time = Timestamp::from_nanos(sequence);
        Entry {
            sequence: Seq::new(sequence),
            time,
            version: 1,
            continues,
            payload: b"payload",
        }
    }

    #[test]
    fn a_gap_a_repeat_and_a_step_back_are_refused_and_change_nothing() {
        let mut batch = Batch::new();
        batch.push(&entry(7, false)).expect("any sequence may come first");
        for wrong in [5, 6, 7, 9] {
            let refused = batch.push(&entry(wrong, false));
            let expected = AppendError::OutOfOrder {
                expected: Seq::new(8),
                found: Seq::new(wrong),
            };
            assert_eq!(refused, Err(expected));
        }
        batch.push(&entry(8, false)).expect("8 follows on 7");
        assert_eq!(
            (batch.len(), batch.first(), batch.last()),
            (2, Some(Seq::new(7)), Some(Seq::new(8)))
        );
    }

    #[test]
    fn a_record_that_continues_is_followed_by_the_same_sequence() {
        let mut batch = Batch::new();
        batch.push(&entry(1, true)).expect("the first");
        assert!(batch.push(&entry(2, false)).is_err());
        batch.push(&entry(1, false)).expect("the same sequence goes on");
        batch.push(&entry(2, false)).expect("then comes the next");
        assert_eq!(
            batch.iter().map(|entry| entry.sequence.get()).collect::<Vec<_>>(),
            [1, 1, 2]
        );
    }

    #[test]
    fn a_payload_at_the_limit_is_taken_and_one_byte_more_is_not() {
        let mut batch = Batch::new();
        let payload = vec![1; PAYLOAD_BYTES_MAX + 1];
        let push =
            |batch: &mut Batch, bytes| batch.push_whole(Seq::new(1), Timestamp::ZERO, 1, &payload[..bytes]);
        assert!(matches!(
            push(&mut batch, PAYLOAD_BYTES_MAX + 1),
            Err(AppendError::TooLarge { .. })
        ));
        assert!(batch.is_empty());
        push(&mut batch, PAYLOAD_BYTES_MAX).expect("the limit itself is allowed");
    }

    #[test]
    fn a_batch_takes_another_one_whole_or_not_at_all() {
        let mut pending = Batch::new();
        let mut batch = Batch::new();
        batch.push(&entry(1, false)).expect("the first");
        pending.push_batch(&batch).expect("an empty batch takes any");
        assert!(pending.push_batch(&batch).is_err(), "1 does not follow on 1");
        batch.clear();
        batch.push(&entry(2, false)).expect("a cleared batch takes any");
        pending.push_batch(&batch).expect("2 follows on 1");
        assert_eq!(
            (pending.len(), pending.first(), pending.last()),
            (2, Some(Seq::new(1)), Some(Seq::new(2)))
        );
    }
}
