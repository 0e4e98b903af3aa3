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
        match profile {
            Profile::Plain => Self {
                linked: 0,
                phase: 0,
                stop: 0,
                pegged: 0,
                all_or_none: 0,
                pro_rata: 0,
                ..SOME
            },
            Profile::Stops => Self {
                stop: 60,
                mark: 60,
                ..SOME
            },
            Profile::Auctions => Self {
                phase: 140,
                stop: 8,
                time_in_force: 35,
                ..SOME
            },
            Profile::Unseen => Self {
                iceberg: 30,
                hidden: 20,
                all_or_none: 20,
                min_quantity: 10,
                phase: 20,
                ..SOME
            },
            Profile::Pegs => Self { pegged: 40, ..SOME },
            Profile::Linked => Self {
                linked: 300,
                stop: 15,
                phase: 20,
                ..SOME
            },
            Profile::SelfTrade => Self {
                self_trade: 90,
                account: 90,
                iceberg: 10,
                ..SOME
            },
            Profile::Bands => Self {
                band: 90,
                protection: 70,
                phase: 30,
                stop: 15,
                ..SOME
            },
            Profile::ProRata => Self {
                pro_rata: 100,
                iceberg: 15,
                cancel: 60,
                ..SOME
            },
            Profile::Everything => Self {
                linked: 60,
                phase: 50,
                stop: 15,
                pegged: 10,
                iceberg: 10,
                hidden: 8,
                all_or_none: 8,
                self_trade: 40,
                band: 40,
                pro_rata: 30,
                instruments: 1 + random.below(2),
                ..SOME
            },
            Profile::Extremes => Self {
                wrong: 10,
                stop: 15,
                band: 30,
                phase: 30,
                ..SOME
            },
            Profile::Instruments => Self {
                list: 20,
                mass_cancel: 30,
                switch: 40,
                kill: 10,
                tick: 50,
                time_in_force: 40,
                instruments: 4,
                money: 8,
                phase: 40,
                ..SOME
            },
            Profile::HandedOutIds => Self {
                linked: 60,
                stop: 10,
                ..SOME
            },
            Profile::Paid => Self {
                linked: 50,
                money: 60,
                account: 98,
                stop: 15,
                market: 15,
                by_quote: 8,
                to_limit: 5,
                protection: 60,
                phase: 25,
                self_trade: 30,
                iceberg: 8,
                all_or_none: 8,
                instruments: 2,
                ..SOME
            },
            Profile::Limited => Self {
                linked: 80,
                money: 90,
                account: 99,
                stop: 15,
                market: 12,
                by_quote: 6,
                protection: 70,
                reduce_only: 20,
                instruments: 2,
                ..SOME
            },
        }
    }
}
