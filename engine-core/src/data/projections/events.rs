//! What each event does to the projections.

use super::{Feed, Instrument, Projections};
use crate::book::Slot;
use crate::data::depth::Place;
use crate::data::feed::{Divergence, FeedError};
use crate::data::orders::follow;
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
            Some(lives) => lives.end_batch(&mut self.store, batch.time),
            None => Ok(()),
        }
    }

    #[inline]
    fn take_event(&mut self, batch: &EventBatch<'_>, index: usize, event: &Event) -> Result<(), Divergence> {
        match *event {
            Event::Accepted { .. } => match &mut self.lives {
                Some(lives) => lives.accept(&mut self.store, batch.time, event),
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
            } => self
                .hide(instrument, order, Place::new(side, price, displayed))
                .map(|_| ()),
            Event::Reduced {
                instrument,
                order,
                side,
                price,
                by,
            } => self
                .reduce(instrument, order, Place::new(side, price, by))
                .map(|_| ()),
            Event::Replenished {
                instrument,
                order,
                side,
                price,
                displayed,
            } => self.show(instrument, order, None, Place::new(side, price, displayed)),
            Event::Listed { instrument } => self.list(instrument),
            _ => self.take_rare(batch, event),
        }
    }

    fn take_rare(&mut self, batch: &EventBatch<'_>, event: &Event) -> Result<(), Divergence> {
        let Some(lives) = &mut self.lives else {
            return Ok(());
        };
        match *event {
            Event::Named { order, client_id } => lives.name(&self.store, order, client_id),
            Event::Rejected { .. } => {
                lives.reject(&self.store, batch.time, event);
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
                lives.charge(&self.store, *maker, maker_fee);
                lives.charge(&self.store, *taker, taker_fee);
                Ok(())
            }
            _ => lives.rare_event(&mut self.store, batch.time, event),
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

    /// Where an order lives that was said to be there before.
    #[inline]
    fn find(&self, order: OrderId) -> Result<Slot, Divergence> {
        match &self.lives {
            Some(lives) => lives.find(&self.store, order),
            None => self.store.find(order).ok_or(Divergence::Order(order)),
        }
    }

    #[inline]
    fn rest(&mut self, instrument: InstrumentId, order: OrderId, place: Place) -> Result<(), Divergence> {
        let mut slot = None;
        if let Some(lives) = &mut self.lives {
            let found = lives.find(&self.store, order)?;
            lives.rest(found, place.price);
            slot = Some(found);
        }
        if place.quantity.is_zero() {
            return Ok(());
        }
        self.show(instrument, order, slot, place)
    }

    /// Shows an order that was not shown. `slot` is where it lives, if that is known already.
    #[inline]
    fn show(
        &mut self,
        instrument: InstrumentId,
        order: OrderId,
        slot: Option<Slot>,
        place: Place,
    ) -> Result<(), Divergence> {
        if self.config.depth_changes_max.is_none() {
            return Ok(());
        }
        let slot = match (slot, &self.lives) {
            (Some(slot), _) => slot,
            (None, Some(lives)) => lives.find(&self.store, order)?,
            (None, None) => follow(&mut self.store, order, place.side)?,
        };
        let listed = self
            .instruments
            .get_mut(instrument.get() as usize)
            .and_then(Option::as_mut);
        let listed = listed.ok_or(Divergence::Instrument(instrument))?;
        match &mut listed.shown {
            Some(shown) => shown.show(&mut self.store, slot, place),
            None => Ok(()),
        }
    }

    /// Takes displayed quantity from an order. Returns where it lives, if books are on and it is still kept.
    #[inline]
    fn reduce(
        &mut self,
        instrument: InstrumentId,
        order: OrderId,
        place: Place,
    ) -> Result<Option<Slot>, Divergence> {
        if self.config.depth_changes_max.is_none() {
            return Ok(None);
        }
        let slot = self.find(order)?;
        let listed = self
            .instruments
            .get_mut(instrument.get() as usize)
            .and_then(Option::as_mut);
        let listed = listed.ok_or(Divergence::Instrument(instrument))?;
        let Some(shown) = &mut listed.shown else {
            return Ok(None);
        };
        let is_gone = shown.take(&mut self.store, slot, place)?;
        if is_gone && self.lives.is_none() {
            self.store.forget(slot);
            return Ok(None);
        }
        Ok(Some(slot))
    }

    /// Takes an order out of the displayed book, of which it shows exactly this.
    #[inline]
    fn hide(
        &mut self,
        instrument: InstrumentId,
        order: OrderId,
        place: Place,
    ) -> Result<Option<Slot>, Divergence> {
        let slot = self.reduce(instrument, order, place)?;
        match slot.filter(|slot| self.store.queue(*slot).is_some()) {
            Some(_) => Err(Divergence::Level {
                side: place.side,
                price: place.price,
            }),
            None => Ok(slot),
        }
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
        let mut slot = None;
        if let Some(displayed) = displayed {
            let place = Place::new(side, displayed.price, displayed.quantity);
            slot = self.hide(instrument, order, place)?;
        }
        let Some(lives) = &mut self.lives else {
            return Ok(());
        };
        let slot = match slot {
            Some(slot) => slot,
            None => lives.find(&self.store, order)?,
        };
        lives.cancel(&mut self.store, slot, reason, batch.time)
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
        let mut slot = None;
        if maker_displayed {
            let place = Place::new(taker_side.opposite(), price, quantity);
            slot = self.reduce(instrument, maker, place)?;
        }
        if let Some(lives) = &mut self.lives {
            let taker = lives.find(&self.store, taker)?;
            lives.fill(&mut self.store, taker, (price, quantity), batch.time)?;
            let maker = match slot {
                Some(slot) => slot,
                None => lives.find(&self.store, maker)?,
            };
            lives.fill(&mut self.store, maker, (price, quantity), batch.time)?;
        }
        let listed = self
            .listed(instrument)
            .ok_or(Divergence::Instrument(instrument))?;
        if let Some(trade) = Trade::of_event(instrument, batch, index) {
            listed.traded(trade);
        }
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
