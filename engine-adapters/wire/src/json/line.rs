//! Lines of commands and queries: `{"op":"new","id":1,…}`.

use engine_core::data::Interval;
use engine_core::{
    AccountId, Cancel, CancelAllAfter, Command, InstrumentId, LinkKind, Linked, MassCancel, OrderId,
    OrderRef, Place, Scope, SetMark, SetPhase, Timestamp,
};
use smallvec::SmallVec;

use super::amend::AmendRequest;
use super::exact;
use super::field::{Field, FieldSet, Fields};
use super::input::{AmendLine, CancelLine, Input, Query};
use super::list::list_parts;
use super::op::Op;
use super::order::{self, OrderRequest, Placement};
use super::{money, symbol};
use crate::error::RequestError;
use crate::symbols::Symbols;

/// The fields that every line may have.
const OF_EVERY_LINE: FieldSet = FieldSet::of(&[Field::Op, Field::TimeNs, Field::Comment]);

/// The highest id of an order: every id is exact as a signed number of 64 bits, too.
const ORDER_ID_MAX: u64 = i64::MAX as u64;

/// How many levels a side `book` shows unless the line says.
const DEPTH_DEFAULT: usize = 10;

/// How many candles `candles` shows unless the line says.
const CANDLES_DEFAULT: usize = 100;

/// A line, cut into its fields.
#[derive(Debug)]
pub struct Line<'a> {
    fields: Fields<'a>,
    op: Op,
}

/// Who asks, as far as a line says it.
#[derive(Clone, Copy)]
enum Asker {
    /// Whoever it is, he may.
    Unsaid,
    /// Account 0.
    Nobody,
    Somebody(AccountId),
}

impl Asker {
    fn account(self) -> Option<AccountId> {
        match self {
            Self::Somebody(account) => Some(account),
            Self::Unsaid | Self::Nobody => None,
        }
    }
}

impl<'a> Line<'a> {
    /// Cuts a line into its fields.
    ///
    /// # Errors
    /// When it is no JSON object, or has no known `op`.
    pub fn read(text: &'a str) -> Result<Self, RequestError> {
        let fields = Fields::read(text)?;
        let op = fields.word(Field::Op)?.ok_or(RequestError::Missing(Field::Op))?;
        Ok(Self { fields, op })
    }

    /// What it asks for.
    pub fn op(&self) -> Op {
        self.op
    }

    /// The engine time that it brings.
    ///
    /// # Errors
    /// When `time_ns` is no whole number of 64 bits.
    pub fn time(&self) -> Result<Option<Timestamp>, RequestError> {
        Ok(self.fields.integer(Field::TimeNs)?.map(Timestamp::from_nanos))
    }

    /// The order that it is about, if it is about one and says so legibly: a list is about its first order.
    pub fn order(&self) -> Option<OrderRef> {
        match self.op {
            Op::New => order_id(&self.fields).ok().flatten().map(OrderRef::Id),
            Op::Cancel | Op::Amend => self.order_ref().ok(),
            Op::OrderList => {
                let (_, bodies) = list_parts(&self.fields).ok()?;
                let first = Fields::read(bodies.first()?).ok()?;
                order_id(&first).ok().flatten().map(OrderRef::Id)
            }
            _ => None,
        }
    }

    /// What it asks for, in the engine's own terms. The assets of a new instrument are taken into `symbols`; the
    /// instrument itself is not, before the engine has listed it.
    ///
    /// # Errors
    /// When a field is unknown, missing or malformed, or does not fit the instrument.
    pub fn input(&self, symbols: &mut Symbols) -> Result<Input, RequestError> {
        self.fields.allow(OF_EVERY_LINE.and(self.op.fields()))?;
        let command = match self.op {
            Op::Symbol => Command::List(Box::new(symbol::spec(&self.fields, symbols)?)),
            Op::New => Command::Place(self.place(symbols)?),
            Op::OrderList => Command::PlaceLinked(Box::new(self.linked(symbols)?)),
            Op::Cancel => return self.cancel(symbols).map(Input::Cancel),
            Op::Amend => return self.amend(symbols).map(Input::Amend),
            Op::MassCancel => return self.mass_cancel(symbols),
            Op::Phase => Command::SetPhase(SetPhase {
                instrument: self.instrument(symbols)?,
                phase: self
                    .fields
                    .word(Field::Phase)?
                    .ok_or(RequestError::Missing(Field::Phase))?,
            }),
            Op::Uncross => Command::Uncross(self.instrument(symbols)?),
            Op::Time => self.tick()?,
            Op::MarkPrice => self.mark(symbols)?,
            Op::CancelAfter => self.cancel_after()?,
            Op::Kill => Command::Kill(self.scope()?),
            Op::Resume => Command::Resume(self.scope()?),
            Op::Deposit | Op::Withdraw => {
                return money::transfer(&self.fields, self.op, self.somebody()?).map(Input::Transfer);
            }
            Op::Asset => money::asset(&self.fields)?,
            Op::Account => money::account(&self.fields, self.somebody()?)?,
            Op::Limits => self.limits(symbols)?,
            Op::Freeze => Command::Freeze(self.somebody()?),
            Op::Unfreeze => Command::Unfreeze(self.somebody()?),
            Op::Command => return self.exact().map(Input::Exact),
            Op::Book | Op::Balances | Op::Candles | Op::Statistics | Op::Hash => {
                return self.query(symbols).map(Input::Query);
            }
        };
        Ok(Input::Command(command))
    }

    fn place(&self, symbols: &Symbols) -> Result<Place, RequestError> {
        let id = order_id(&self.fields)?.ok_or(RequestError::Missing(Field::Id))?;
        let request = OrderRequest::of_fields(&self.fields)?;
        let instrument = self.instrument(symbols)?;
        request.place(&self.placement(instrument, id, symbols)?)
    }

    fn linked(&self, symbols: &Symbols) -> Result<Linked, RequestError> {
        const OF_LISTED: FieldSet = FieldSet::of(&[Field::Id]).and(order::ORDER);
        let (kind, bodies): (LinkKind, _) = list_parts(&self.fields)?;
        let mut orders = SmallVec::new();
        for (index, body) in bodies.iter().enumerate() {
            let place = || {
                let fields = Fields::read(body)?;
                fields.allow(OF_LISTED)?;
                let id = order_id(&fields)?.ok_or(RequestError::Missing(Field::Id))?;
                let request = OrderRequest::of_fields(&fields)?;
                let instrument = match &request.symbol {
                    Some(symbol) => symbols.find(symbol).ok_or(RequestError::UnknownSymbol)?,
                    None => self.instrument(symbols)?,
                };
                request.place(&self.placement(instrument, id, symbols)?)
            };
            orders.push(place().map_err(|error| RequestError::InList {
                index,
                error: error.into(),
            })?);
        }
        Ok(Linked { kind, orders })
    }

    fn placement<'s>(
        &self,
        instrument: InstrumentId,
        id: OrderId,
        symbols: &'s Symbols,
    ) -> Result<Placement<'s>, RequestError> {
        let spec = symbols.spec(instrument).ok_or(RequestError::UnknownSymbol)?;
        let account = self.fields.integer(Field::Account)?.and_then(AccountId::new);
        let group = self.fields.integer(Field::Group)?.map(engine_core::GroupId::new);
        Ok(Placement {
            account,
            group,
            ..Placement::new(instrument, spec, id)
        })
    }

    fn cancel(&self, symbols: &Symbols) -> Result<CancelLine, RequestError> {
        let asker = self.asker()?;
        Ok(CancelLine {
            cancel: Cancel {
                order: self.order_ref()?,
                account: asker.account(),
            },
            instrument: self.named_instrument(symbols)?,
            as_nobody: matches!(asker, Asker::Nobody),
        })
    }

    fn mass_cancel(&self, symbols: &Symbols) -> Result<Input, RequestError> {
        let asker = self.asker()?;
        Ok(Input::MassCancel {
            wanted: MassCancel {
                account: asker.account(),
                instrument: self.named_instrument(symbols)?,
                side: self.fields.word(Field::Side)?,
                cause: self.fields.word(Field::Cause)?.unwrap_or_default(),
            },
            as_nobody: matches!(asker, Asker::Nobody),
        })
    }

    fn amend(&self, symbols: &Symbols) -> Result<AmendLine, RequestError> {
        let asker = self.asker()?;
        Ok(AmendLine {
            order: self.order_ref()?,
            account: asker.account(),
            as_nobody: matches!(asker, Asker::Nobody),
            instrument: self.named_instrument(symbols)?.or(symbols.only()),
            terms: AmendRequest::of_fields(&self.fields)?,
        })
    }

    /// Who asks about orders that are there already.
    fn asker(&self) -> Result<Asker, RequestError> {
        let Some(number) = self.fields.integer(Field::Account)? else {
            return Ok(Asker::Unsaid);
        };
        Ok(AccountId::new(number).map_or(Asker::Nobody, Asker::Somebody))
    }

    /// Nothing but time has to bring it.
    fn tick(&self) -> Result<Command, RequestError> {
        self.time()?.ok_or(RequestError::Missing(Field::TimeNs))?;
        Ok(Command::Tick)
    }

    fn mark(&self, symbols: &Symbols) -> Result<Command, RequestError> {
        let instrument = self.instrument(symbols)?;
        let spec = symbols.spec(instrument).ok_or(RequestError::UnknownSymbol)?;
        let price = self
            .fields
            .decimal(Field::Price)?
            .ok_or(RequestError::Missing(Field::Price))?;
        Ok(Command::SetMark(SetMark {
            instrument,
            price: order::ticks(spec, Field::Price, price)?,
        }))
    }

    fn cancel_after(&self) -> Result<Command, RequestError> {
        let millis: u64 = self
            .fields
            .integer(Field::TimeoutMs)?
            .ok_or(RequestError::Missing(Field::TimeoutMs))?;
        let nanos = millis
            .checked_mul(1_000_000)
            .ok_or(RequestError::OutOfRange(Field::TimeoutMs))?;
        Ok(Command::CancelAllAfter(CancelAllAfter {
            account: self.somebody()?,
            timeout_ns: Some(nanos).filter(|nanos| *nanos > 0),
        }))
    }

    fn scope(&self) -> Result<Scope, RequestError> {
        Ok(self.someone()?.map_or(Scope::Engine, Scope::Account))
    }

    fn limits(&self, symbols: &Symbols) -> Result<Command, RequestError> {
        let instrument = self.instrument(symbols)?;
        let spec = symbols.spec(instrument).ok_or(RequestError::UnknownSymbol)?;
        money::limits(&self.fields, self.someone()?, (instrument, spec))
    }

    /// A command as its version and its bytes in hexadecimal digits.
    fn exact(&self) -> Result<Command, RequestError> {
        let text = self.fields.text(Field::Command)?;
        let text = text.ok_or(RequestError::Missing(Field::Command))?;
        exact::read(&text).ok_or(RequestError::Malformed(Field::Command))
    }

    fn query(&self, symbols: &Symbols) -> Result<Query, RequestError> {
        let count = |field, default| match self.fields.integer::<usize>(field)? {
            Some(0) => Err(RequestError::NotPositive(field)),
            given => Ok(given.unwrap_or(default)),
        };
        Ok(match self.op {
            Op::Book => Query::Book {
                instrument: self.instrument(symbols)?,
                depth: count(Field::Depth, DEPTH_DEFAULT)?,
            },
            Op::Balances => {
                let account = self.fields.integer(Field::Account)?;
                let account = account.ok_or(RequestError::Missing(Field::Account))?;
                Query::Balances {
                    account: AccountId::new(account),
                }
            }
            Op::Candles => Query::Candles {
                instrument: self.instrument(symbols)?,
                interval: self.interval()?,
                limit: count(Field::Limit, CANDLES_DEFAULT)?,
            },
            Op::Statistics => Query::Statistics {
                instrument: self.instrument(symbols)?,
            },
            _ => Query::Hash,
        })
    }

    fn interval(&self) -> Result<Interval, RequestError> {
        let text = self
            .fields
            .text(Field::Interval)?
            .ok_or(RequestError::Missing(Field::Interval))?;
        text.parse().map_err(|_| RequestError::Malformed(Field::Interval))
    }

    /// The order that the line names, by its id or by its owner's own name for it.
    fn order_ref(&self) -> Result<OrderRef, RequestError> {
        let id = order_id(&self.fields)?;
        let client_id = order::client_order_id(&self.fields)?;
        match (id, client_id) {
            (Some(id), None) => Ok(OrderRef::Id(id)),
            (None, Some(client_id)) => Ok(OrderRef::Client(self.somebody()?, client_id)),
            (Some(_), Some(_)) => Err(RequestError::NotAllowed(Field::ClientOrderId)),
            (None, None) => Err(RequestError::Missing(Field::Id)),
        }
    }

    /// The account that the line names, which cannot be nobody.
    fn someone(&self) -> Result<Option<AccountId>, RequestError> {
        match self.fields.integer(Field::Account)? {
            None => Ok(None),
            Some(number) => AccountId::new(number)
                .map(Some)
                .ok_or(RequestError::NotPositive(Field::Account)),
        }
    }

    /// The account that the line has to name.
    fn somebody(&self) -> Result<AccountId, RequestError> {
        self.someone()?.ok_or(RequestError::Missing(Field::Account))
    }

    fn named_instrument(&self, symbols: &Symbols) -> Result<Option<InstrumentId>, RequestError> {
        let Some(symbol) = self.fields.text(Field::Symbol)? else {
            return Ok(None);
        };
        symbols.find(&symbol).map(Some).ok_or(RequestError::UnknownSymbol)
    }

    /// The instrument that the line names, or the only one.
    fn instrument(&self, symbols: &Symbols) -> Result<InstrumentId, RequestError> {
        let named = self.named_instrument(symbols)?;
        named
            .or(symbols.only())
            .ok_or(RequestError::Missing(Field::Symbol))
    }
}

fn order_id(fields: &Fields<'_>) -> Result<Option<OrderId>, RequestError> {
    match fields.integer(Field::Id)? {
        None => Ok(None),
        Some(id @ 0..=ORDER_ID_MAX) => Ok(Some(OrderId::new(id))),
        Some(_) => Err(RequestError::OutOfRange(Field::Id)),
    }
}
