//! What a stream is about: which commands, orders and specs it has more of.

use super::Random;

/// What a stream has more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Limit and market orders, cancels, amends.
    Plain,
    /// Stops of all kinds, cascades.
    Stops,
    /// Auctions, halts, closes, orders for auctions.
    Auctions,
    /// Icebergs, hidden and all-or-none orders, minimum quantities.
    Unseen,
    /// Pegged orders.
    Pegs,
    /// One-cancels-other and brackets.
    Linked,
    /// Orders of few accounts and groups, with self-trade prevention.
    SelfTrade,
    /// Static and dynamic bands, protection, volatility auctions.
    Bands,
    /// Pro-rata allocation.
    ProRata,
    /// Everything at once.
    Everything,
    /// Prices, quantities and times near their limits.
    Extremes,
    /// Several instruments, expiry, switches, mass cancels.
    Instruments,
    /// An engine that hands ids out.
    HandedOutIds,
    /// Orders that are paid for.
    Paid,
    /// Positions on margin, limits and orders that only reduce, where ids are handed out.
    Limited,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Plain,
        Self::Stops,
        Self::Auctions,
        Self::Unseen,
        Self::Pegs,
        Self::Linked,
        Self::SelfTrade,
        Self::Bands,
        Self::ProRata,
        Self::Everything,
        Self::Extremes,
        Self::Instruments,
        Self::HandedOutIds,
        Self::Paid,
        Self::Limited,
    ];

    /// Whether orders are paid for.
    pub(super) fn has_accounts(self) -> bool {
        matches!(self, Self::Paid | Self::Limited)
    }
}

/// How likely things are; commands by weight beside the 600 of placing, kinds of orders by weight beside the 60 of
/// limit orders, conditions in percent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub(super) linked: u32,
    pub(super) cancel: u32,
    pub(super) amend: u32,
    pub(super) mass_cancel: u32,
    pub(super) phase: u32,
    pub(super) mark: u32,
    pub(super) switch: u32,
    pub(super) kill: u32,
    pub(super) list: u32,
    pub(super) tick: u32,
    pub(super) money: u32,

    pub(super) market: u32,
    pub(super) by_quote: u32,
    pub(super) to_limit: u32,
    pub(super) stop: u32,
    pub(super) pegged: u32,

    pub(super) time_in_force: u32,
    pub(super) iceberg: u32,
    pub(super) hidden: u32,
    pub(super) post_only: u32,
    pub(super) min_quantity: u32,
    pub(super) all_or_none: u32,
    pub(super) self_trade: u32,
    pub(super) account: u32,
    pub(super) client_id: u32,
    pub(super) wrong: u32,
    pub(super) reduce_only: u32,

    pub(super) band: u32,
    pub(super) protection: u32,
    pub(super) pro_rata: u32,
    pub(super) instruments: u64,
}

/// What is likely in every stream.
const SOME: Weights = Weights {
    linked: 10,
    cancel: 100,
    amend: 140,
    mass_cancel: 5,
    phase: 10,
    mark: 10,
    switch: 5,
    kill: 2,
    list: 2,
    tick: 10,
    money: 0,
    market: 8,
    by_quote: 2,
    to_limit: 3,
    stop: 6,
    pegged: 2,
    time_in_force: 20,
    iceberg: 4,
    hidden: 4,
    post_only: 6,
    min_quantity: 3,
    all_or_none: 3,
    self_trade: 20,
    account: 50,
    client_id: 10,
    wrong: 4,
    reduce_only: 0,
    band: 10,
    protection: 20,
    pro_rata: 10,
    instruments: 1,
};

impl Weights {
    pub(super) fn of(profile: Profile, random: &mut Random) -> Self {
        let mut weights = SOME;
        weights.lean_to(profile);
        if profile == Profile::Everything {
            weights.instruments = 1 + random.below(2);
        }
        weights
    }

    /// Makes more likely what the profile is about.
    fn lean_to(&mut self, profile: Profile) {
        match profile {
            Profile::Plain => {
                (self.linked, self.phase, self.stop) = (0, 0, 0);
                (self.pegged, self.all_or_none, self.pro_rata) = (0, 0, 0);
            }
            Profile::Stops => (self.stop, self.mark) = (60, 60),
            Profile::Auctions => (self.phase, self.stop, self.time_in_force) = (140, 8, 35),
            Profile::Unseen => {
                (self.iceberg, self.hidden, self.all_or_none) = (30, 20, 20);
                (self.min_quantity, self.phase) = (10, 20);
            }
            Profile::Pegs => self.pegged = 40,
            Profile::Linked => (self.linked, self.stop, self.phase) = (300, 15, 20),
            Profile::SelfTrade => (self.self_trade, self.account, self.iceberg) = (90, 90, 10),
            Profile::Bands => {
                (self.band, self.protection) = (90, 70);
                (self.phase, self.stop) = (30, 15);
            }
            Profile::ProRata => (self.pro_rata, self.iceberg, self.cancel) = (100, 15, 60),
            Profile::Everything => {
                (self.linked, self.phase, self.stop, self.pegged) = (60, 50, 15, 10);
                (self.iceberg, self.hidden, self.all_or_none) = (10, 8, 8);
                (self.self_trade, self.band, self.pro_rata) = (40, 40, 30);
            }
            Profile::Extremes => (self.wrong, self.stop, self.band, self.phase) = (10, 15, 30, 30),
            Profile::Instruments => {
                (self.list, self.mass_cancel, self.switch, self.kill) = (20, 30, 40, 10);
                (self.tick, self.time_in_force, self.phase) = (50, 40, 40);
                self.money = 8;
                self.instruments = 4;
            }
            Profile::HandedOutIds => (self.linked, self.stop) = (60, 10),
            Profile::Paid => {
                (self.linked, self.money, self.account, self.stop) = (50, 60, 98, 15);
                (self.market, self.by_quote, self.to_limit) = (15, 8, 5);
                (self.protection, self.phase, self.self_trade) = (60, 25, 30);
                (self.iceberg, self.all_or_none) = (8, 8);
                self.instruments = 2;
            }
            Profile::Limited => {
                (self.linked, self.money, self.account, self.stop) = (80, 90, 99, 15);
                (self.market, self.by_quote, self.protection) = (12, 6, 70);
                self.reduce_only = 20;
                self.instruments = 2;
            }
        }
    }
}
