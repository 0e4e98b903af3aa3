//! Money, kept a second time from the events alone: a bookkeeper who knows the formulas of `docs/accounts.md` and
//! nothing of the engine, and compares after every command.

use std::collections::BTreeMap;

use engine_core::{
    AccountId, AssetId, Engine, Event, InstrumentId, OrderId, OrderType, Price, Qty, Sequenced, Side,
};
use engine_testkit::script;
use proptest::prelude::*;

const QUOTE: AssetId = AssetId::new(0);
const BASE: AssetId = AssetId::new(1);
const ACCOUNTS: u64 = 6;
/// Accounts above this also send orders whose worst price no event tells; what they hold is checked by the engine's
/// own invariants alone.
const TOLD: u64 = 3;

/// Two spot instruments, one of them with tiers that nobody trades his way into, and one on margin.
const VENUE: &str = "
    engine accounts
    list assets 1/0 fees 137 251
    list assets 1/0 fees 137 251 tier 99999999999999999 -41 90
    list assets 1/0 fees 77 333 margin 100000 50000 1000
";
const RATES: [[(i128, i128); 2]; 3] = [
    [(137, 251), (137, 251)],
    [(137, 251), (-41, 90)],
    [(77, 333), (77, 333)],
];
const MARGIN: usize = 2;
const MILLION: i128 = 1_000_000;

/// ⌈x / 10^6⌉.
fn up(x: i128) -> i128 {
    -(-x).div_euclid(MILLION)
}

/// A live order as its events tell it.
#[derive(Clone, Copy)]
struct Known {
    account: AccountId,
    instrument: usize,
    side: Side,
    worst: Option<i128>,
    remaining: i128,
    filled: i128,
    rates: (i128, i128),
    /// Σ value × rate of its fills.
    exact: i128,
}

impl Known {
    /// Rule 5.1.
    fn held(&self) -> i128 {
        match self.side {
            Side::Sell => self.remaining,
            Side::Buy => {
                let value = self.worst.expect("a buy that rests has a worst price") * self.remaining;
                let carry = up(self.exact) * MILLION - self.exact;
                value + up(value * self.rates.0.max(self.rates.1.max(0)) - carry)
            }
        }
    }

    fn held_asset(&self) -> AssetId {
        match self.side {
            Side::Buy => QUOTE,
            Side::Sell => BASE,
        }
    }

    /// Rule 7.2: what a fill is charged.
    fn charge(&mut self, value: i128, rate: i128) -> i128 {
        let before = up(self.exact);
        self.exact += value * rate;
        up(self.exact) - before
    }
}

/// Rule 8: quantity, cost and realised PnL.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Held {
    quantity: i128,
    cost: i128,
    realised: i128,
}

impl Held {
    fn trade(&mut self, signed: i128, price: i128) -> i128 {
        let against = self.quantity.signum() == -signed.signum();
        let closed = if against {
            signed.abs().min(self.quantity.abs())
        } else {
            0
        };
        let mut realised = 0;
        if closed > 0 {
            // D = ⌈C × k / ∣q∣⌉; a long sells k at the price, a short buys them.
            let taken = -(-self.cost * closed).div_euclid(self.quantity.abs());
            realised = price * closed * self.quantity.signum() - taken;
            self.cost -= taken;
        }
        self.cost += price * (signed + closed * self.quantity.signum());
        self.quantity += signed;
        self.realised += realised;
        realised
    }
}

#[derive(Default)]
struct Bookkeeper {
    tiers: BTreeMap<AccountId, usize>,
    totals: BTreeMap<(AccountId, AssetId), i128>,
    orders: BTreeMap<OrderId, Known>,
    positions: BTreeMap<(AccountId, InstrumentId), Held>,
    fees: i128,
    supply: BTreeMap<AssetId, i128>,
    /// What the trades of the command are to be charged, maker and taker, until that is said.
    charged: BTreeMap<u32, (i128, i128)>,
}

impl Bookkeeper {
    fn read(&mut self, events: &[Event]) {
        self.charged.clear();
        for (event, index) in events.iter().zip(0..) {
            self.note(event, index);
        }
        // Immediate orders are over with their command, with or without an event.
        self.orders.retain(|_, order| order.remaining > 0);
    }

    fn note(&mut self, event: &Event, index: u32) {
        match *event {
            Event::Deposited {
                account,
                asset,
                amount,
            } => self.transfer(account, asset, amount.units()),
            Event::Withdrew {
                account,
                asset,
                amount,
            } => self.transfer(account, asset, -amount.units()),
            Event::AccountSet { account, tier, .. } => {
                self.tiers.insert(account, usize::from(tier.unwrap_or(0).min(1)));
            }
            Event::Cancelled { order, .. } => drop(self.orders.remove(&order)),
            Event::Amended {
                order,
                price,
                quantity,
                ..
            } => {
                let known = self.orders.get_mut(&order).expect("it lives");
                known.worst = price.map(|price| price.ticks().into()).or(known.worst);
                known.remaining = i128::from(quantity.lots()) - known.filled;
            }
            Event::Decremented { order, remaining, .. } => {
                let known = self.orders.get_mut(&order).expect("it lives");
                known.remaining = remaining.lots().into();
            }
            Event::Armed { order, quantity, .. } => {
                let known = self.orders.get_mut(&order).expect("it lives");
                known.remaining = quantity.lots().into();
            }
            Event::Traded {
                maker,
                taker,
                taker_side,
                price,
                quantity,
                ..
            } => {
                let maker = self.fill((maker, taker_side.opposite(), true), price, quantity);
                let taker = self.fill((taker, taker_side, false), price, quantity);
                self.charged.insert(index, (maker, taker));
            }
            Event::Settled {
                trade,
                maker_fee,
                taker_fee,
                ..
            } => {
                let fees = (maker_fee.units(), taker_fee.units());
                assert_eq!(
                    Some(fees),
                    self.charged.remove(&trade),
                    "the fees of trade {trade}"
                );
            }
            _ => self.note_accepted(event),
        }
    }

    fn note_accepted(&mut self, event: &Event) {
        let Event::Accepted {
            instrument,
            order,
            account: Some(account),
            side,
            order_type,
            price,
            quantity,
        } = *event
        else {
            return;
        };
        let instrument = instrument.get() as usize;
        let tier = self.tiers.get(&account).copied().unwrap_or(0);
        let by_value = order_type == OrderType::MarketByQuote;
        let known = Known {
            account,
            instrument,
            side,
            worst: price.map(|price| price.ticks().into()),
            remaining: if by_value { 0 } else { quantity.lots().into() },
            filled: 0,
            rates: RATES[instrument][tier],
            exact: 0,
        };
        self.orders.insert(order, known);
    }

    fn transfer(&mut self, account: AccountId, asset: AssetId, amount: i128) {
        *self.totals.entry((account, asset)).or_default() += amount;
        *self.supply.entry(asset).or_default() += amount;
    }

    fn fill(&mut self, (order, side, is_maker): (OrderId, Side, bool), price: Price, quantity: Qty) -> i128 {
        let (price, lots) = (i128::from(price.ticks()), i128::from(quantity.lots()));
        let known = self.orders.get_mut(&order).expect("whoever trades lives");
        known.remaining -= lots;
        known.filled += lots;
        let (maker, taker) = known.rates;
        let fee = known.charge(price * lots, if is_maker { maker } else { taker });
        let signed = if side == Side::Buy { lots } else { -lots };
        let (account, instrument) = (known.account, known.instrument);
        let place = (account, InstrumentId::new(instrument as u32));
        let realised = self.positions.entry(place).or_default().trade(signed, price);
        let quote = if instrument == MARGIN {
            realised - fee
        } else {
            *self.totals.entry((account, BASE)).or_default() += signed;
            -signed * price - fee
        };
        *self.totals.entry((account, QUOTE)).or_default() += quote;
        self.fees += fee;
        fee
    }

    /// Compares what the engine says of everybody with what the events have come to.
    fn compare(&self, engine: &Engine) {
        assert!(
            self.charged.is_empty(),
            "every trade is settled: {:?}",
            self.charged
        );
        for asset in [QUOTE, BASE] {
            let mut there = 0;
            for account in accounts() {
                let balance = engine.balance(account, asset);
                let total = balance.total.units();
                let known = self.totals.get(&(account, asset)).copied().unwrap_or(0);
                assert_eq!(total, known, "what {account} has of {asset}");
                if account.get() <= TOLD {
                    let held = self.held(account, asset);
                    assert_eq!(balance.held.units(), held, "what {account} holds of {asset}");
                    assert!(balance.available() >= Default::default(), "{account} has it");
                }
                there += total;
            }
            if asset == QUOTE {
                let fees = engine.fees_collected(asset).units();
                assert_eq!(fees, self.fees, "the fee account");
                there += fees - self.unrealised();
            }
            let supply = self.supply.get(&asset).copied().unwrap_or(0);
            assert_eq!(supply, there, "deposits less withdrawals of {asset}");
        }
        for ((account, instrument), known) in &self.positions {
            let position = engine.position(*account, *instrument);
            let said = Held {
                quantity: position.quantity.into(),
                cost: position.cost.units(),
                realised: position.realised.units(),
            };
            assert_eq!(said, *known, "the position of {account} in {instrument}");
        }
    }

    fn held(&self, account: AccountId, asset: AssetId) -> i128 {
        let orders = self.orders.values();
        let its = orders.filter(|order| order.account == account && order.held_asset() == asset);
        its.map(Known::held).sum()
    }

    /// What margin positions have cost: won from each other and not realised.
    fn unrealised(&self) -> i128 {
        let positions = self.positions.iter();
        let on_margin = positions.filter(|((_, instrument), _)| instrument.get() as usize == MARGIN);
        on_margin.map(|(_, position)| position.cost).sum()
    }
}

fn accounts() -> impl Iterator<Item = AccountId> {
    (1..=ACCOUNTS).filter_map(AccountId::new)
}

/// Carries out a script line by line; after each the books are compared, and the engine checks itself.
fn keep_books(lines: &str) {
    let text = format!("{VENUE}{lines}");
    let script = script::parse(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let mut engine = Engine::new(script.config.into());
    let mut books = Bookkeeper::default();
    for step in script.steps {
        let command = Sequenced {
            seq: engine.applied().next(),
            time: step.time,
            value: step.command,
        };
        let mut events = Vec::new();
        let applied = engine.apply(&command, &mut events);
        applied.expect("each command is the next");
        books.read(&events);
        books.compare(&engine);
        engine.check_invariants();
    }
}

/// A number that is small, or one of those at which something ends.
fn number(
    small: std::ops::Range<u64>,
    extremes: &'static [&'static str],
) -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        60 => small.prop_map(|number| number.to_string()),
        1 => prop::sample::select(extremes).prop_map(str::to_owned),
    ]
}

const QUANTITIES: &[&str] = &["0", "MAX", "MAX+1", "1152921504606846976", "4611686018427387904"];
const PRICES: &[&str] = &["0", "-1", "MAX", "MIN", "MAX+1", "4503599627370496"];
const AMOUNTS: &[&str] = &[
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "79228162514264337593543950335",
    "79228162514264337593543950336",
    "39614081257132168796771975168",
];

/// An order whose worst price its events tell.
fn told() -> impl Strategy<Value = String> {
    let price = number(8..16, PRICES);
    let kind = prop_oneof![
        6 => price.clone().prop_map(|price| format!("@ {price}")),
        1 => Just("market".to_owned()),
        1 => (number(8..16, PRICES), price).prop_map(|(trigger, price)| format!("stop {trigger} @ {price}")),
    ];
    let more = prop::sample::select(vec![
        "",
        "",
        "",
        "",
        "",
        "",
        "ioc",
        "fok",
        "day",
        "post-only",
        "slide",
        "hidden",
        "iceberg 2",
        "min 2",
        "aon",
        "reduce-only",
        "stp newest",
        "stp oldest",
        "stp both",
        "stp decrement",
        "at-open",
        "at-close",
    ]);
    (order(1..=TOLD, 0..2), kind, more)
        .prop_map(|((begin, end), kind, more)| format!("{begin} {kind} {more} {end}"))
}

/// What a line about an order begins and ends with.
fn order(
    accounts: std::ops::RangeInclusive<u64>,
    instruments: std::ops::Range<u64>,
) -> impl Strategy<Value = (String, String)> {
    let side = prop::sample::select(vec!["buy", "sell"]);
    (side, 1..60_u64, number(1..30, QUANTITIES), accounts, instruments).prop_map(
        |(side, id, quantity, account, instrument)| {
            (
                format!("{side} {id} {quantity}"),
                format!("acct {account} in {instrument}"),
            )
        },
    )
}

/// An order of any kind.
fn any_order() -> impl Strategy<Value = String> {
    let kinds = prop::sample::select(vec![
        "@ 12",
        "@ 11",
        "to-limit",
        "stop 13",
        "stop 9 @ 10",
        "profit 11",
        "profit 14 @ 12",
        "trail 3",
        "trail 50bp @ 12",
        "peg primary",
        "peg market -1",
        "peg mid +1 limit 14",
        "market",
        "@ 12 reduce-only",
        "@ 10 aon",
    ]);
    (order(TOLD + 1..=ACCOUNTS, 0..3), kinds).prop_map(|((begin, end), kind)| format!("{begin} {kind} {end}"))
}

fn linked() -> impl Strategy<Value = String> {
    let whose = (100..130_u64, 1..20_u64, TOLD + 1..=ACCOUNTS, 0..3_u64);
    let shapes = prop::sample::select(vec![
        "oco: sell A Q @ 14 | sell B Q stop 9",
        "oco: buy A Q @ 9 | buy B Q stop 14 @ 15",
        "bracket: buy A Q @ 12 | sell B Q @ 14 | sell C Q stop 9",
        "bracket: sell A Q @ 11 | buy B Q @ 9 | buy C Q stop 14 @ 15",
    ]);
    (whose, shapes).prop_map(|((id, quantity, account, instrument), shape)| {
        let owned = format!("acct {account} in {instrument}");
        let line = shape
            .replace('|', &format!("{owned} |"))
            .replace('Q', &quantity.to_string());
        let line = line.replace('A', &(3 * id).to_string());
        let line = line.replace('B', &(3 * id + 1).to_string());
        format!("{} {owned}", line.replace('C', &(3 * id + 2).to_string()))
    })
}

fn line() -> impl Strategy<Value = String> {
    let account = || 1..=ACCOUNTS;
    let amount = || number(1..100_000, AMOUNTS);
    let id = || prop_oneof![1..60_u64, 300..390_u64];
    let price = prop::option::of(number(8..16, PRICES));
    let quantity = prop::option::of(number(1..40, QUANTITIES));
    let phases = prop::sample::select(vec!["auction", "continuous", "continuous", "halted"]);
    let limits = prop::sample::select(vec![
        "order 20",
        "notional 300",
        "orders 4",
        "open 40",
        "position 30",
        "collar 900",
        "rate 3",
        "",
    ]);
    prop_oneof![
        60 => told(),
        12 => any_order(),
        4 => linked(),
        6 => (account(), amount(), 0..2).prop_map(|(who, much, of)| format!("deposit {who} {much} of {of}")),
        4 => (account(), amount(), 0..2).prop_map(|(who, much, of)| format!("withdraw {who} {much} of {of}")),
        10 => id().prop_map(|id| format!("cancel {id}")),
        8 => (id(), price, quantity).prop_map(|(id, price, quantity)| {
            let say = |word: &str, value: Option<String>| value.map_or(String::new(), |value| format!(" {word} {value}"));
            format!("amend {id}{}{}", say("price", price), say("qty", quantity))
        }),
        1 => (phases, 0..3).prop_map(|(phase, of)| format!("phase {phase} in {of}")),
        4 => (0..3).prop_map(|of| format!("uncross in {of}")),
        1 => account().prop_map(|who| format!("mass-cancel acct {who}")),
        1 => (8..16, 0..3).prop_map(|(price, of)| format!("mark {price} in {of}")),
        2 => (account(), 0..2).prop_map(|(who, tier)| format!("account {who} tier {tier}")),
        1 => (account(), 0..3, limits).prop_map(|(who, of, limits)| format!("limits {who} in {of} {limits}")),
        1 => account().prop_map(|who| format!("freeze {who}")),
        4 => account().prop_map(|who| format!("unfreeze {who}")),
    ]
}

/// Everybody has something, both spot instruments have traded, and continuous trading goes on.
const BEGIN: &str = "
    deposit 1 1000000 of 0
    deposit 1 100000 of 1
    deposit 2 1000000 of 0
    deposit 2 100000 of 1
    deposit 3 3000 of 0
    deposit 3 200 of 1
    deposit 4 1000000 of 0
    deposit 4 100000 of 1
    deposit 5 1000000 of 0
    deposit 5 100000 of 1
    deposit 6 2000 of 0
    deposit 6 100 of 1
";

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_what_the_events_say_after_every_command(lines in prop::collection::vec(line(), 20..250)) {
        keep_books(&format!("{BEGIN}{}", lines.join("\n")));
    }
}

/// 7 lots at 13 are worth 91; 137 ppm of it is 0.012467, charged 1 and 0.987533 carried. 251 ppm is 0.022841, charged 1.
/// The maker's next 5 at 13 are worth 65, exact sum (91 + 65) × 137 = 21,372 millionths, charged ⌈0.021372⌉ − 1 = 0.
#[test]
fn the_bookkeeper_agrees_with_a_calculation_by_hand() {
    keep_books(
        "
        deposit 1 100 of 1
        deposit 2 1000 of 0
        sell 1 12 @ 13 acct 1
        buy 2 7 @ 15 acct 2
        buy 3 5 @ 13 acct 2
        ",
    );
}
