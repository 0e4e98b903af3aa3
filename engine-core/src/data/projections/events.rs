//! What each event does to the projections.

use super::{Feed, Instrument, Projections};
use crate::data::cells::{Cell, Cells};
use crate::data::depth::{Place, Shown};
use crate::data::feed::{Divergence, FeedError};
use crate::data::orders::Lives;
use crate::data::trades::Trade;
use crate::event::{Event, EventBatch};
use crate::types::{InstrumentId, OrderId};

impl Projections {
    /// Whether this batch may come next.
    #[inline]
    pub(super) fn admit(&self, batch: &EventBatch<'_>) -> Result<(), FeedError> {
        self.cursor.admit(batch.seq, batch.time)?;
        let expected = self.cursor.last().unwrap_or_default().next();
        if self.config.feed == Feed::Whole && batch.seq != expected {
            return Err(FeedError::Gap {
                expected,
                got: batch.seq,
            });
        }
        Ok(())
    }

    /// Takes the events of a batch that may come next.
    #[inline]
    pub(super) fn take(&mut self, batch: &EventBatch<'_>) -> Result<(), Divergence> {
        for (index, event) in batch.events.iter().enumerate() {
            self.take_event(batch, index, event)?;
        }
        match &mut self.lives {
            Some(lives) => lives.end_batch(&mut self.cells, batch.time),
            None => Ok(()),
        }
    }

    #[inline]
    fn take_event(&mut self, batch: &EventBatch<'_>, index: usize, event: &Event) -> Result<(), Divergence> {
        match *event {
            Event::Accepted { .. } => match &mut self.lives {
                Some(lives) => lives.accept(&mut self.cells, batch.time, event),
                None => Ok(()),
            },
            Event::Rested {
                instrument,
                order,
                side,
                price,
                displayed,
            } => self.rest(instrument, order, Place::new(side, price, displayed)),
            Event::Cancelled { .. } => self.cancel(batch, event),
            Event::Traded { .. } => self.trade(batch, index, event),
            Event::Pulled {
                instrument,
                order,
                side,
                price,
                displayed,
            } => self.hide(instrument, order, Place::new(side, price, displayed)),
            Event::Reduced {
                instrument,
                order,
                side,
                price,
                by,
            } => self.reduce(instrument, order, Place::new(side, price, by)),
            Event::Replenished {
                instrument,
                order,
                side,
                price,
                displayed,
            } => self.replenish(instrument, order, Place::new(side, price, displayed)),
            Event::Listed { instrument } => self.list(instrument),
            _ => self.take_rare(batch, event),
        }
    }

    fn take_rare(&mut self, batch: &EventBatch<'_>, event: &Event) -> Result<(), Divergence> {
        let Some(lives) = &mut self.lives else {
            return Ok(());
        };
        match *event {
            Event::Named { order, client_id } => lives.name(&mut self.cells, order, client_id),
            Event::Rejected { .. } => {
                lives.reject(&self.cells, batch.time, event);
                Ok(())
            }
            Event::Settled {
                trade,
                maker_fee,
                taker_fee,
                ..
            } => {
                let Some(Event::Traded { maker, taker, .. }) = batch.events.get(trade as usize) else {
                    return Err(Divergence::Trade(trade));
                };
                lives.charge(&mut self.cells, *maker, maker_fee);
                lives.charge(&mut self.cells, *taker, taker_fee);
                Ok(())
            }
            _ => lives.rare_event(&mut self.cells, batch.time, event),
        }
    }

    pub(super) fn list(&mut self, instrument: InstrumentId) -> Result<(), Divergence> {
        if instrument.get() >= self.config.instruments_max {
            return Err(Divergence::InstrumentsMax);
        }
        let at = instrument.get() as usize;
        if self.instruments.len() <= at {
            self.instruments.resize_with(at + 1, || None);
        }
        if self.instruments[at].is_some() {
            return Err(Divergence::Instrument(instrument));
        }
        self.instruments[at] = Some(Box::new(Instrument::new(instrument, &self.config)));
        Ok(())
    }

    /// The displayed book of an instrument, in which orders are looked up here.
    #[inline]
    fn shown(&mut self, instrument: InstrumentId) -> Result<(&mut Shown, &mut Cells), Divergence> {
        let listed = self.instruments.get_mut(instrument.get() as usize);
        let listed = listed
            .and_then(Option::as_mut)
            .and_then(|listed| listed.shown.as_mut());
        let shown = listed.ok_or(Divergence::Instrument(instrument))?;
        Ok((shown, &mut self.cells))
    }

    #[inline]
    fn has_books(&self) -> bool {
        self.config.depth_changes_max.is_some()
    }

    #[inline]
    fn rest(&mut self, instrument: InstrumentId, order: OrderId, place: Place) -> Result<(), Divergence> {
        let slot = if self.lives.is_some() {
            let slot = self.cells.known(order)?;
            Lives::rest(self.cells.at_mut(slot), place.price);
            slot
        } else if self.has_books() && !place.quantity.is_zero() {
            self.cells.insert(Cell::new(order, instrument, place.side))?
        } else {
            return Ok(());
        };
        if place.quantity.is_zero() || !self.has_books() {
            return Ok(());
        }
        let (shown, cells) = self.shown(instrument)?;
        shown.show(cells, slot, place)
    }

    /// Shows the next part of an order.
    #[inline(never)]
    fn replenish(
        &mut self,
        instrument: InstrumentId,
        order: OrderId,
        place: Place,
    ) -> Result<(), Divergence> {
        if !self.has_books() {
            return Ok(());
        }
        let slot = if self.lives.is_some() {
            self.cells.known(order)?
        } else {
            self.cells.insert(Cell::new(order, instrument, place.side))?
        };
        let (shown, cells) = self.shown(instrument)?;
        shown.show(cells, slot, place)
    }

    /// Takes displayed quantity from an order.
    #[inline(never)]
    fn reduce(&mut self, instrument: InstrumentId, order: OrderId, place: Place) -> Result<(), Divergence> {
        if !self.has_books() {
            return Ok(());
        }
        let slot = self.cells.known(order)?;
        self.take_displayed(instrument, slot, place)
    }

    /// Takes an order out of the displayed book, of which it shows exactly this.
    #[inline(never)]
    fn hide(&mut self, instrument: InstrumentId, order: OrderId, place: Place) -> Result<(), Divergence> {
        if !self.has_books() {
            return Ok(());
        }
        let slot = self.cells.known(order)?;
        self.take_displayed(instrument, slot, place)?;
        self.check_hidden(slot, place)
    }

    /// Takes displayed quantity from the order in a slot. If that was all, and no order states are kept, it is gone.
    #[inline]
    fn take_displayed(
        &mut self,
        instrument: InstrumentId,
        slot: u32,
        place: Place,
    ) -> Result<(), Divergence> {
        let (shown, cells) = self.shown(instrument)?;
        shown.take(cells, slot, place)?;
        if self.lives.is_none() && !self.cells.at(slot).is_displayed() {
            self.cells.forget(slot);
        }
        Ok(())
    }

    #[inline]
    fn check_hidden(&self, slot: u32, place: Place) -> Result<(), Divergence> {
        if self.cells.at(slot).is_displayed() {
            return Err(place.is_not_so());
        }
        Ok(())
    }

    #[inline]
    fn cancel(&mut self, batch: &EventBatch<'_>, event: &Event) -> Result<(), Divergence> {
        let Event::Cancelled {
            instrument,
            order,
            side,
            displayed,
            reason,
            ..
        } = *event
        else {
            return Ok(());
        };
        let displayed = displayed.filter(|_| self.has_books());
        if self.lives.is_none() && displayed.is_none() {
            return Ok(());
        }
        let slot = self.cells.known(order)?;
        if let Some(displayed) = displayed {
            let place = Place::new(side, displayed.price, displayed.quantity);
            self.take_displayed(instrument, slot, place)?;
            self.check_hidden(slot, place)?;
        }
        match &mut self.lives {
            Some(lives) => lives.cancel(&mut self.cells, slot, reason, batch.time),
            None => Ok(()),
        }
    }

    #[inline]
    fn trade(&mut self, batch: &EventBatch<'_>, index: usize, event: &Event) -> Result<(), Divergence> {
        let Event::Traded {
            instrument,
            maker,
            taker,
            taker_side,
            maker_displayed,
            price,
            quantity,
            ..
        } = *event
        else {
            return Ok(());
        };
        let is_displayed = maker_displayed && self.has_books();
        if is_displayed || self.lives.is_some() {
            let maker = self.cells.known(maker)?;
            if is_displayed {
                let place = Place::new(taker_side.opposite(), price, quantity);
                self.take_displayed(instrument, maker, place)?;
            }
            if let Some(lives) = &mut self.lives {
                let taker = self.cells.known(taker)?;
                lives.fill(&mut self.cells, taker, (price, quantity), batch.time)?;
                lives.fill(&mut self.cells, maker, (price, quantity), batch.time)?;
            }
        }
        let listed = self
            .listed(instrument)
            .ok_or(Divergence::Instrument(instrument))?;
        listed.traded(Trade {
            seq: batch.seq,
            // A command has fewer than 2^32 events: memory ends before.
            index: index as u32,
            time: batch.time,
            price,
            quantity,
            taker_side,
            taker: Some(taker),
        });
        Ok(())
    }
}

impl Instrument {
    #[inline]
    fn traded(&mut self, trade: Trade) {
        if let Some(trades) = &mut self.trades {
            trades.push(trade);
        }
        if let Some(candles) = &mut self.candles {
            candles.trade(trade.time, trade.price, trade.quantity);
        }
        if let Some(statistics) = &mut self.statistics {
            statistics.trade(trade.time, trade.price, trade.quantity);
        }
    }
}
