//! Orders that meet, are amended and are cancelled; each follows from its number.

use engine_core::{
    AccountId, Amend, Cancel, ClientOrderId, Command, InstrumentId, InstrumentSpec, OrderId, OrderRef, Place,
    Price, Qty, Side, TimeInForce,
};
use rust_decimal::Decimal;

/// How far around the middle orders come.
const PRICES: u64 = 40;
/// How many accounts there are.
const ACCOUNTS: u64 = 16;
/// How far back cancels and amends reach.
const REACH: u64 = 64;

/// The commands of one seed.
pub(super) struct Flow {
    seed: u64,
}

/// The one instrument.
pub(super) fn spec() -> InstrumentSpec {
    InstrumentSpec::builder("X", Decimal::new(1, 2), Decimal::ONE)
        .build()
        .expect("a tick of 0.01 and a lot of 1 make an instrument")
}

impl Flow {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Whether the command with this number is a new order: two of three are.
    pub(super) fn is_new(number: u64) -> bool {
        !number.is_multiple_of(3)
    }

    /// The command with this number.
    pub(super) fn command(&self, number: u64) -> Command {
        if Self::is_new(number) {
            return Command::Place(self.place(number));
        }
        let back = number.saturating_sub(1 + self.draw(number, 0) % REACH);
        let order = OrderRef::Client(account(back), client_id(back));
        if self.draw(number, 1).is_multiple_of(4) {
            return Command::Amend(Amend {
                order,
                account: Some(account(back)),
                price: None,
                quantity: Some(Qty::new(1 + self.draw(number, 2) % 9)),
            });
        }
        Command::Cancel(Cancel {
            order,
            account: Some(account(back)),
        })
    }

    fn place(&self, number: u64) -> Place {
        let side = if self.draw(number, 0).is_multiple_of(2) {
            Side::Buy
        } else {
            Side::Sell
        };
        let price = Price::new((10_000 + self.draw(number, 1) % PRICES).cast_signed());
        let quantity = Qty::new(1 + self.draw(number, 2) % 9);
        let time_in_force = match self.draw(number, 3) % 8 {
            0 => TimeInForce::Ioc,
            _ => TimeInForce::Gtc,
        };
        Place {
            account: Some(account(number)),
            client_id: Some(client_id(number)),
            time_in_force,
            ..Place::limit(InstrumentId::new(0), OrderId::new(0), side, price, quantity)
        }
    }

    /// One of the numbers that a command is made of: a step of SplitMix64.
    fn draw(&self, number: u64, which: u64) -> u64 {
        let mut x = (self.seed << 8 ^ which).wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }
}

fn account(number: u64) -> AccountId {
    AccountId::new(1 + number % ACCOUNTS).expect("it is at least 1")
}

fn client_id(number: u64) -> ClientOrderId {
    ClientOrderId::new(&format!("n{number}")).expect("a letter and a number are a client order id")
}
