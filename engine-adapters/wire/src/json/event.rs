//! Events as JSON fields: what each event is called outside, and in which order its fields stand.

use engine_core::{
    AccountId, Amount, AssetId, CancelReason, Displayed, Event, InstrumentId, OrderId, Price, Qty,
    RejectReason, Request, TimeInForce,
};

use super::words::{TimeWord, Word};
use super::write::Object;
use crate::code::ErrorCode;
use crate::decimal::write_scaled;
use crate::symbols::Symbols;

/// The version of the JSON form of events. It grows when a field changes its meaning or goes away, not when one is
/// added.
pub const EVENT_JSON_VERSION: u32 = 1;

/// The `type` of an event.
///
/// An order whose time is up says `Expired`, though inside it is cancelled for that reason.
pub fn event_type(event: &Event) -> &'static str {
    match event {
        Event::Listed { .. } => "Listed",
        Event::Accepted { .. } => "Accepted",
        Event::Terms { .. } => "Terms",
        Event::Named { .. } => "Named",
        Event::Rejected { .. } => "Rejected",
        Event::Traded { .. } => "Traded",
        Event::Cancelled {
            reason: CancelReason::Expired,
            ..
        } => "Expired",
        Event::Cancelled { .. } => "Cancelled",
        Event::Amended { .. } => "Amended",
        Event::Decremented { .. } => "Decremented",
        Event::Triggered { .. } => "Triggered",
        Event::Armed { .. } => "Armed",
        Event::Rested { .. } => "Rested",
        Event::Pulled { .. } => "Pulled",
        Event::Reduced { .. } => "Reduced",
        Event::Replenished { .. } => "Replenished",
        Event::PhaseChanged { .. } => "Phase",
        Event::Indicative { .. } => "Indicative",
        Event::Marked { .. } => "Marked",
        Event::CancelAllArmed { .. } => "CancelAllArmed",
        Event::Killed { .. } => "Killed",
        Event::Resumed { .. } => "Resumed",
        Event::AssetAdded { .. } => "AssetAdded",
        Event::Deposited { .. } => "Deposited",
        Event::Withdrew { .. } => "Withdrew",
        Event::Repeated { .. } => "Repeated",
        Event::AccountSet { .. } => "AccountSet",
        Event::LimitsSet { .. } => "LimitsSet",
        Event::Frozen { .. } => "Frozen",
        Event::Unfrozen { .. } => "Unfrozen",
        Event::Shortfall { .. } => "Shortfall",
        Event::Settled { .. } => "Settled",
        Event::BalanceChanged { .. } => "BalanceChanged",
        Event::PositionChanged { .. } => "PositionChanged",
        _ => "Unknown",
    }
}

/// Writes an event's `type` and fields into an object, prices and quantities as decimals.
///
/// ```
/// use engine_core::{AccountId, Event, InstrumentId, InstrumentSpec, OrderId, OrderType, Price, Qty, Side};
/// use engine_wire::{Object, Symbols, write_event};
/// use rust_decimal::Decimal;
///
/// let mut symbols = Symbols::new();
/// let spec = InstrumentSpec::builder("X", Decimal::new(1, 2), Decimal::ONE).build()?;
/// let instrument = symbols.list(&spec).expect("a new symbol");
/// let traded = Event::Traded {
///     instrument,
///     maker: OrderId::new(1),
///     maker_account: None,
///     taker: OrderId::new(2),
///     taker_account: None,
///     taker_side: Side::Buy,
///     maker_displayed: true,
///     price: Price::new(1005),
///     quantity: Qty::new(3),
/// };
/// let mut out = Vec::new();
/// let mut object = Object::new(&mut out);
/// write_event(&traded, &symbols, &mut object);
/// object.end();
/// assert_eq!(out, br#"{"type":"Traded","symbol":"X","maker":1,"taker":2,"price":10.05,"quantity":3}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_event(event: &Event, symbols: &Symbols, object: &mut Object<'_>) {
    object.word("type", event_type(event));
    let mut fields = FieldsOf { symbols, object };
    match *event {
        Event::Accepted { order, .. } => fields.id(order),
        Event::Rejected {
            order,
            request,
            reason,
            ..
        } => fields.rejected(order, request, reason),
        Event::Traded {
            instrument,
            maker,
            taker,
            price,
            quantity,
            ..
        } => {
            fields.symbol(instrument);
            fields.object.integer("maker", maker.get());
            fields.object.integer("taker", taker.get());
            fields.price(instrument, Some(price));
            fields.quantity("quantity", instrument, quantity);
        }
        Event::Cancelled {
            instrument,
            order,
            remaining,
            reason,
            ..
        } => {
            fields.id(order);
            fields.quantity("remaining", instrument, remaining);
            if reason != CancelReason::Expired {
                fields.object.word("reason", reason.word());
            }
        }
        Event::Amended {
            instrument,
            order,
            price,
            quantity,
            kept_priority,
            ..
        } => {
            fields.id(order);
            fields.price(instrument, price);
            fields.quantity("quantity", instrument, quantity);
            fields.object.boolean("kept_priority", kept_priority);
        }
        Event::Triggered { order, .. } => fields.id(order),
        Event::PhaseChanged { instrument, phase } => {
            fields.symbol(instrument);
            fields.object.word("phase", phase.word());
        }
        Event::Indicative {
            instrument,
            price,
            quantity,
            imbalance,
        } => {
            fields.symbol(instrument);
            fields.price(instrument, price);
            fields.quantity("quantity", instrument, quantity);
            symbols.write_lots(instrument, imbalance, fields.object.key("imbalance"));
        }
        ref fact => fields.fact(fact),
    }
}

/// Writes the fields that several events share.
struct FieldsOf<'a, 'o> {
    symbols: &'a Symbols,
    object: &'a mut Object<'o>,
}

impl FieldsOf<'_, '_> {
    /// The facts that only someone looking into the engine asks for.
    fn fact(&mut self, event: &Event) {
        match *event {
            Event::Listed { instrument } => self.symbol(instrument),
            Event::Marked { instrument, price } => {
                self.symbol(instrument);
                self.price(instrument, Some(price));
            }
            Event::CancelAllArmed { account, deadline } => {
                self.account(Some(account));
                match deadline {
                    Some(deadline) => self.object.integer("deadline_ns", deadline.nanos()),
                    None => self.object.null("deadline_ns"),
                }
            }
            Event::Killed { account } | Event::Resumed { account } => self.account(account),
            ref other => self.fact_about_order(other),
        }
    }

    fn fact_about_order(&mut self, event: &Event) {
        match *event {
            Event::Named { order, client_id } => {
                self.id(order);
                self.object.text("client_order_id", client_id.as_str());
            }
            Event::Terms {
                order,
                time_in_force,
                trigger,
            } => self.terms(order, time_in_force, trigger),
            Event::Decremented {
                instrument,
                order,
                by,
                remaining,
                ..
            } => {
                self.id(order);
                self.quantity("by", instrument, by);
                self.quantity("remaining", instrument, remaining);
            }
            Event::Armed {
                instrument,
                order,
                quantity,
                ..
            } => {
                self.id(order);
                self.quantity("quantity", instrument, quantity);
            }
            ref other => self.fact_about_book(other),
        }
    }

    fn fact_about_book(&mut self, event: &Event) {
        match *event {
            Event::Rested {
                instrument,
                order,
                price,
                displayed,
                ..
            }
            | Event::Pulled {
                instrument,
                order,
                price,
                displayed,
                ..
            }
            | Event::Replenished {
                instrument,
                order,
                price,
                displayed,
                ..
            } => {
                self.place(
                    instrument,
                    order,
                    Displayed {
                        price,
                        quantity: displayed,
                    },
                );
            }
            Event::Reduced {
                instrument,
                order,
                price,
                by,
                ..
            } => {
                self.id(order);
                self.price(instrument, Some(price));
                self.quantity("by", instrument, by);
            }
            ref other => self.fact_about_account(other),
        }
    }

    fn fact_about_account(&mut self, event: &Event) {
        match *event {
            Event::AssetAdded { asset } => self.asset(asset),
            Event::Deposited {
                account,
                asset,
                amount,
            }
            | Event::Withdrew {
                account,
                asset,
                amount,
            } => {
                self.account(Some(account));
                self.asset(asset);
                self.amount("amount", asset, amount);
            }
            Event::Repeated { account, first } => {
                self.account(Some(account));
                self.object.integer("first", first.get());
            }
            Event::AccountSet { account, tier, group } => {
                self.account(Some(account));
                self.number("tier", tier.map(u64::from));
                self.number("group", group.map(|group| group.get().into()));
            }
            Event::LimitsSet { account, instrument } => {
                self.account(account);
                self.symbol(instrument);
            }
            Event::Frozen { account } | Event::Unfrozen { account } => self.account(Some(account)),
            ref other => self.fact_about_money(other),
        }
    }

    fn fact_about_money(&mut self, event: &Event) {
        match *event {
            Event::Shortfall {
                account,
                asset,
                needed,
                available,
            } => {
                self.account(Some(account));
                self.asset(asset);
                self.amount("needed", asset, needed);
                self.amount("available", asset, available);
            }
            Event::Settled {
                trade,
                asset,
                maker_fee,
                taker_fee,
            } => {
                self.object.integer("trade", trade.into());
                self.asset(asset);
                self.amount("maker_fee", asset, maker_fee);
                self.amount("taker_fee", asset, taker_fee);
            }
            Event::BalanceChanged {
                account,
                asset,
                total,
                held,
            } => {
                self.account(Some(account));
                self.asset(asset);
                self.amount("total", asset, total);
                self.amount("available", asset, Amount::new(total.units() - held.units()));
                self.amount("held", asset, held);
            }
            Event::PositionChanged {
                account,
                instrument,
                quantity,
                cost,
                realised,
            } => {
                self.account(Some(account));
                self.symbol(instrument);
                self.symbols
                    .write_lots(instrument, quantity, self.object.key("quantity"));
                self.symbols
                    .write_notional(instrument, cost, self.object.key("cost"));
                self.symbols
                    .write_notional(instrument, realised, self.object.key("realised_pnl"));
            }
            _ => {}
        }
    }

    fn asset(&mut self, asset: AssetId) {
        self.symbols.write_asset(asset, self.object.key("asset"));
    }

    fn amount(&mut self, key: &'static str, asset: AssetId, amount: Amount) {
        self.symbols.write_amount(asset, amount, self.object.key(key));
    }

    fn number(&mut self, key: &'static str, number: Option<u64>) {
        match number {
            Some(number) => self.object.integer(key, number),
            None => self.object.null(key),
        }
    }

    fn rejected(&mut self, order: OrderId, request: Request, reason: RejectReason) {
        self.id(order);
        self.object.word("reason", ErrorCode::from(reason).as_str());
        self.object.word("op", request.word());
    }

    /// The event does not name its instrument, so its trigger is told in ticks.
    fn terms(&mut self, order: OrderId, time_in_force: TimeInForce, trigger: Option<Price>) {
        self.id(order);
        self.object
            .word("time_in_force", TimeWord::from(time_in_force).word());
        if let TimeInForce::Gtd(moment) = time_in_force {
            self.object.integer("expire_at_ns", moment.nanos());
        }
        match trigger {
            Some(trigger) => write_scaled(i128::from(trigger.ticks()), 0, self.object.key("trigger_ticks")),
            None => self.object.null("trigger_ticks"),
        }
    }

    fn place(&mut self, instrument: InstrumentId, order: OrderId, displayed: Displayed) {
        self.id(order);
        self.price(instrument, Some(displayed.price));
        self.quantity("displayed", instrument, displayed.quantity);
    }

    fn id(&mut self, order: OrderId) {
        self.object.integer("id", order.get());
    }

    fn account(&mut self, account: Option<AccountId>) {
        self.object.integer("account", account.map_or(0, AccountId::get));
    }

    fn symbol(&mut self, instrument: InstrumentId) {
        self.symbols.write_symbol(instrument, self.object.key("symbol"));
    }

    fn price(&mut self, instrument: InstrumentId, price: Option<Price>) {
        match price {
            Some(price) => self
                .symbols
                .write_price(instrument, price, self.object.key("price")),
            None => self.object.null("price"),
        }
    }

    fn quantity(&mut self, key: &'static str, instrument: InstrumentId, quantity: Qty) {
        self.symbols
            .write_quantity(instrument, quantity, self.object.key(key));
    }
}
