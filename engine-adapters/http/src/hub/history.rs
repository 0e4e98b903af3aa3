//! The last events of a topic, for a reader that lost its connection.

use std::collections::VecDeque;

use bytes::Bytes;

/// The newest events of a topic, ascending by sequence, and none missing between them.
#[derive(Debug)]
pub(super) struct History {
    events: VecDeque<(u64, Bytes)>,
    events_max: usize,
    /// Every event with a greater sequence is here; `None` if that cannot be said of any.
    complete_after: Option<u64>,
    /// The sequence of the newest event, or where the topic began.
    newest: Option<u64>,
}

impl History {
    /// Of a topic that begins behind this sequence, where that is known.
    pub(super) fn new(begins_after: Option<u64>, events_max: usize) -> Self {
        Self {
            events: VecDeque::new(),
            events_max,
            complete_after: begins_after,
            newest: begins_after,
        }
    }

    /// # Panics
    /// If the sequence does not ascend: then no reader could say what it has seen.
    pub(super) fn push(&mut self, sequence: u64, message: &Bytes) {
        assert!(
            self.newest.is_none_or(|newest| newest < sequence),
            "the sequence of a topic ascends"
        );
        // What came between the one before and the first that is seen here is not known.
        self.complete_after.get_or_insert(sequence.saturating_sub(1));
        self.newest = Some(sequence);
        self.events.push_back((sequence, message.clone()));
        if self.events.len() > self.events_max {
            self.complete_after = self.events.pop_front().map(|(oldest, _)| oldest);
        }
    }

    /// What came after `since`; `None` if some of it is not known any more, or never was. The publisher has `reached` this
    /// sequence: up to there it is known that nothing else came.
    pub(super) fn after(&self, since: u64, reached: u64) -> Option<impl ExactSizeIterator<Item = &Bytes>> {
        let is_known = self.complete_after? <= since && since <= self.newest?.max(reached);
        let first = self.events.partition_point(|(sequence, _)| *sequence <= since);
        is_known.then(|| self.events.range(first..).map(|(_, message)| message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(history: &History, since: u64) -> Option<Vec<Bytes>> {
        let missed = history.after(since, 0);
        missed.map(|missed| missed.cloned().collect())
    }

    fn messages(sequences: &[u64]) -> Vec<Bytes> {
        sequences
            .iter()
            .map(|sequence| Bytes::from(sequence.to_string()))
            .collect()
    }

    fn history(begins_after: Option<u64>, sequences: &[u64]) -> History {
        let mut history = History::new(begins_after, 3);
        for (sequence, message) in sequences.iter().zip(messages(sequences)) {
            history.push(*sequence, &message);
        }
        history
    }

    #[test]
    fn what_came_after_is_known_as_far_back_as_it_is_kept() {
        let history = history(Some(4), &[5, 7, 9, 12]);
        assert_eq!(after(&history, 4), None);
        assert_eq!(after(&history, 5), Some(messages(&[7, 9, 12])));
        assert_eq!(after(&history, 7), Some(messages(&[9, 12])));
        assert_eq!(after(&history, 8), Some(messages(&[9, 12])));
        assert_eq!(after(&history, 12), Some(messages(&[])));
    }

    #[test]
    fn a_sequence_that_has_not_been_yet_is_another_history() {
        assert_eq!(after(&history(Some(4), &[5]), 6), None);
        assert_eq!(after(&history(Some(4), &[]), 5), None);
    }

    #[test]
    fn up_to_where_the_publisher_is_nothing_else_came() {
        let history = history(Some(4), &[5, 7]);
        let after = |since| history.after(since, 20).map(|missed| missed.len());
        assert_eq!([5, 7, 20].map(after), [Some(1), Some(0), Some(0)]);
        assert_eq!([3, 21].map(after), [None, None]);
    }

    #[test]
    fn before_anything_came_only_where_it_begins_is_known() {
        assert_eq!(after(&history(Some(4), &[]), 4), Some(messages(&[])));
        assert_eq!(after(&history(Some(4), &[]), 3), None);
        assert_eq!(after(&history(None, &[]), 0), None);
    }

    #[test]
    fn what_came_before_the_first_that_was_seen_is_not_known() {
        let history = history(None, &[7, 9]);
        assert_eq!(after(&history, 5), None);
        assert_eq!(after(&history, 6), Some(messages(&[7, 9])));
    }

    #[test]
    fn without_room_only_the_newest_can_be_gone_on_from() {
        let mut history = History::new(Some(0), 0);
        history.push(3, &Bytes::from_static(b"3"));
        assert_eq!(after(&history, 0), None);
        assert_eq!(after(&history, 3), Some(Vec::new()));
    }

    #[test]
    #[should_panic(expected = "the sequence of a topic ascends")]
    fn a_sequence_that_does_not_ascend_is_a_bug() {
        history(Some(4), &[5, 5]);
    }
}
