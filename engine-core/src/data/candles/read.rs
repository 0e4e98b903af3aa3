//! Reading candles: what is stored, what is gathered, and what is made up between them.

use std::collections::VecDeque;
use std::ops::Range;

use super::{Candle, Candles, Series};
use crate::data::interval::Interval;
use crate::types::{Price, Timestamp};

impl Candles {
    /// The newest `count` candles up to now, oldest first, the open one last; fewer if there are fewer, and
    /// none of an interval that is not kept.
    pub fn newest(&self, interval: Interval, count: usize) -> CandleIter<'_> {
        let begin = interval.begin(self.cursor.time()).nanos();
        let from = match (count as u64).checked_sub(1) {
            Some(older) => begin.saturating_sub(older.saturating_mul(interval.as_nanos())),
            None => u64::MAX,
        };
        let times = Timestamp::from_nanos(from)..Timestamp::from_nanos(u64::MAX);
        self.between(interval, times)
    }

    /// The candles that have closed since `then`, oldest first: those with `then < close_time <= now`.
    pub fn closed_since(&self, interval: Interval, then: Timestamp) -> CandleIter<'_> {
        let open = then.nanos().checked_sub(interval.as_nanos());
        let from = Timestamp::from_nanos(open.map_or(0, |open| open + 1));
        self.between(interval, from..interval.begin(self.cursor.time()))
    }

    /// The candles whose `open_time` lies in `times`, oldest first, up to now. Times before the oldest trade
    /// that is kept have none.
    pub fn between(&self, interval: Interval, times: Range<Timestamp>) -> CandleIter<'_> {
        let series = self.series.iter().find(|series| series.interval == interval);
        let kept = series.map(|series| Kept::new(series, self.gathered.as_ref()));
        let length = interval.as_nanos();
        let oldest = kept.as_ref().and_then(|kept| kept.get(0));
        let Some((kept, oldest)) = kept.zip(oldest) else {
            return CandleIter { length, rest: None };
        };
        let from = times.start.nanos().div_ceil(length).saturating_mul(length);
        let from = from.max(oldest.open_time.nanos());
        let until = self
            .cursor
            .time()
            .nanos()
            .saturating_add(1)
            .min(times.end.nanos());
        let at = kept.first_at(from);
        let before = at.checked_sub(1).and_then(|before| kept.get(before));
        let rest = Rest {
            at,
            close: before.unwrap_or(oldest).close,
            next: from,
            until,
            kept,
        };
        CandleIter {
            length,
            rest: Some(rest).filter(|rest| rest.next < rest.until),
        }
    }
}

/// The candles of one interval that have trades: what is stored, and one that what is gathered has a part in.
#[derive(Clone, Debug)]
struct Kept<'a> {
    stored: &'a VecDeque<Candle>,
    /// How many of the stored ones count: not the last one if it is a part of `newest`.
    stored_len: usize,
    newest: Option<Candle>,
}

impl<'a> Kept<'a> {
    fn new(series: &'a Series, gathered: Option<&Candle>) -> Self {
        let stored = &series.candles;
        let begin = gathered.map(|gathered| series.interval.begin(gathered.open_time));
        let last = stored.back().filter(|last| Some(last.open_time) == begin);
        let newest = gathered.zip(begin).map(|(gathered, open_time)| {
            let mut newest = last.copied();
            if let Some(newest) = &mut newest {
                newest.join(gathered);
            }
            newest.unwrap_or(Candle {
                open_time,
                close_time: series.interval.end(open_time),
                ..*gathered
            })
        });
        Self {
            stored,
            stored_len: stored.len() - usize::from(last.is_some()),
            newest,
        }
    }

    /// The place of the first candle that opens at `time` or later.
    fn first_at(&self, time: u64) -> usize {
        let stored = self
            .stored
            .partition_point(|candle| candle.open_time.nanos() < time);
        let newest_is_older = self.newest.is_some_and(|newest| newest.open_time.nanos() < time);
        stored.min(self.stored_len) + usize::from(newest_is_older)
    }

    fn get(&self, at: usize) -> Option<Candle> {
        if at < self.stored_len {
            return self.stored.get(at).copied();
        }
        self.newest.filter(|_| at == self.stored_len)
    }
}

/// Candles of one interval, one after the other without a gap.
#[derive(Clone, Debug)]
pub struct CandleIter<'a> {
    length: u64,
    rest: Option<Rest<'a>>,
}

#[derive(Clone, Debug)]
struct Rest<'a> {
    kept: Kept<'a>,
    /// The first kept candle that has not been handed out.
    at: usize,
    /// The open time of the next candle.
    next: u64,
    /// The first time that is too late.
    until: u64,
    /// The close that candles without trades carry.
    close: Price,
}

impl Iterator for CandleIter<'_> {
    type Item = Candle;

    fn next(&mut self) -> Option<Candle> {
        let rest = self.rest.as_mut()?;
        let open_time = Timestamp::from_nanos(rest.next);
        let traded = rest
            .kept
            .get(rest.at)
            .filter(|candle| candle.open_time == open_time);
        rest.at += usize::from(traded.is_some());
        let candle = traded.unwrap_or_else(|| {
            Candle::flat(open_time, open_time.saturating_add_nanos(self.length), rest.close)
        });
        rest.close = candle.close;
        match rest
            .next
            .checked_add(self.length)
            .filter(|next| *next < rest.until)
        {
            Some(next) => rest.next = next,
            None => self.rest = None,
        }
        Some(candle)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self
            .rest
            .as_ref()
            .map_or(0, |rest| (rest.until - rest.next).div_ceil(self.length));
        let left = usize::try_from(left).ok();
        (left.unwrap_or(usize::MAX), left)
    }
}
