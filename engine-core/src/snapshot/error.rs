//! Why a snapshot is none that an engine can have.

use super::SNAPSHOT_VERSION;
use crate::types::{AccountId, AssetId, InstrumentId, OrderId, Price, Seq, Side};

/// Why a snapshot cannot be restored. Nothing is restored then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It was taken by another version of the program.
    #[error("the snapshot has version {found}, and this program restores version {SNAPSHOT_VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// More commands or arrivals than an engine can have counted.
    #[error("a count of {0} cannot have been reached")]
    Count(u64),
    /// It lists more instruments than its config allows.
    #[error("{listed} instruments where at most {instruments_max} may be listed")]
    TooManyInstruments {
        /// How many.
        listed: usize,
        /// The limit.
        instruments_max: u32,
    },
    /// It has more orders than its config allows.
    #[error("{live} live orders where at most {orders_max} may live")]
    TooManyOrders {
        /// How many.
        live: usize,
        /// The limit.
        orders_max: u32,
    },
    /// A free or retired place that is there twice, is taken, does not exist, or has no generation.
    #[error("place {0} for orders cannot be free or retired")]
    Place(u32),
    /// An account whose kill switch is said to be thrown twice, or after one that comes later.
    #[error("the killed account {0} is out of order")]
    Killed(AccountId),
    /// A dead-man's switch that should have fired, or is out of order.
    #[error("the switch of account {0} is out of order, or should have fired")]
    Switch(AccountId),
    /// An order that cannot be.
    #[error("order {order}: {fault}")]
    Order {
        /// Which.
        order: OrderId,
        /// Why not.
        fault: OrderFault,
    },
    /// A list of orders that cannot be.
    #[error("list {link} of instrument {instrument}: {fault}")]
    Link {
        /// Where.
        instrument: InstrumentId,
        /// Which.
        link: u64,
        /// Why not.
        fault: LinkFault,
    },
    /// A market that cannot be.
    #[error("instrument {instrument}: {fault}")]
    Instrument {
        /// Which.
        instrument: InstrumentId,
        /// Why not.
        fault: InstrumentFault,
    },
    /// Money that cannot be.
    #[error("accounts: {0}")]
    Accounts(AccountsFault),
}

/// Why an order cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderFault {
    /// Another order has its id, or its place is free or does not exist.
    #[error("its id is another order's, or cannot have been handed out")]
    Id,
    /// It never arrived, or another order arrived then, or it is out of order among those that wait.
    #[error("its arrival is another order's, was not counted, or is out of order")]
    Arrival,
    /// Its price is beyond what the instrument takes.
    #[error("its price is beyond what its instrument takes")]
    Price,
    /// It has nothing left, or more than it ever had, or more than its instrument allows.
    #[error("it has nothing left, or more than it can have")]
    Quantity,
    /// What it shows and keeps back does not fit its visibility.
    #[error("what it keeps back does not fit how much others see of it")]
    Reserve,
    /// It should have expired.
    #[error("its time is up")]
    Expired,
    /// Another live order of its account has its client order id.
    #[error("another order of its account has its client order id")]
    ClientId,
    /// Its type does not go with where it stands or waits.
    #[error("an order of its type does not stand there")]
    Type,
    /// Its time in force does not go with its type, or with where it stands in this phase.
    #[error("an order with its time in force does not stand there")]
    TimeInForce,
    /// Conditions that do not go together.
    #[error("its conditions do not go together")]
    Conditions,
    /// Its trigger is missing, superfluous, beyond what the engine takes, reached, or not where its trail says.
    #[error("its trigger is not where it can be")]
    Trigger,
    /// What it is pegged to is missing, superfluous or beyond what the engine takes, or it stands elsewhere.
    #[error("it does not stand where it is pegged to")]
    Peg,
    /// It stands before an order that trades before it.
    #[error("an order that stands after it trades before it")]
    Priority,
    /// An exit that waits for an entry that is not there.
    #[error("it waits for an entry that is not there")]
    Unlinked,
}

/// Why a list of orders cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkFault {
    /// Its id is not above the one before, or was not counted as an arrival.
    #[error("its id is out of order")]
    Id,
    /// It has no order, or more than its kind has.
    #[error("it has too few or too many orders")]
    Count,
    /// It names an order that is not live, is another instrument's, or depends on others already.
    #[error("order {0} is not live there, or depends on others already")]
    Order(OrderId),
    /// Its orders do not go together.
    #[error("its orders do not go together")]
    Orders,
}

/// Why a market cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstrumentFault {
    /// The last or the mark price is beyond what the instrument takes.
    #[error("the last price or the mark price is beyond what it takes")]
    Price,
    /// All orders of a side have more left than a side may have.
    #[error("the orders of side {0} have more left than a side may have")]
    TooMuch(Side),
    /// More stops wait than may.
    #[error("more stops wait than may")]
    TooManyStops,
    /// The displayed sides reach each other in the continuous phase.
    #[error("it is continuous, and the bid {bid} reaches the ask {ask}")]
    Crossed {
        /// The best displayed bid.
        bid: Price,
        /// The best displayed ask.
        ask: Price,
    },
    /// What was said of the auction is not what it would do.
    #[error("what was said of the auction is not what it would do")]
    Indicative,
    /// An end of an auction that is not on, or that should have come.
    #[error("the auction should have ended, or is not on")]
    AuctionEnd,
}

/// Why the money of an engine cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsFault {
    /// There are accounts where the config has none, or none where it has.
    #[error("the config has accounts and the snapshot has none, or the other way round")]
    Presence,
    /// More accounts than the config allows.
    #[error("{0} accounts are more than there may be")]
    TooManyAccounts(usize),
    /// More assets than the config allows.
    #[error("{0} assets are more than there may be")]
    TooManyAssets(usize),
    /// More remembered transfers than the config allows.
    #[error("{0} remembered transfers are more than there may be")]
    TooManyTransfers(usize),
    /// An account that is there twice, or after one that comes later.
    #[error("account {0} is out of order")]
    Account(AccountId),
    /// Something is said of an account that does not exist.
    #[error("account {0} does not exist")]
    UnknownAccount(AccountId),
    /// An asset whose name or scale cannot be.
    #[error("asset {0} has a name or a scale that cannot be")]
    Asset(AssetId),
    /// A balance that is zero, out of order, too large, or less than what is held of it.
    #[error("account {account} cannot have that much of asset {asset}")]
    Balance {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
    },
    /// Less in fees than live orders have paid ahead.
    #[error("what was collected in fees of asset {0} is too little")]
    Fees(AssetId),
    /// What accounts have and the fees come to less than nothing, or to more than there can be.
    #[error("all of asset {0} together is less than nothing or more than there can be")]
    Supply(AssetId),
    /// A volume that is not positive, out of order, or of a day that does not count.
    #[error("account {account} cannot have that volume in asset {asset}")]
    Volume {
        /// Whose.
        account: AccountId,
        /// In what.
        asset: AssetId,
    },
    /// Positions in more or fewer instruments than are listed.
    #[error("positions in {0} instruments, and not in those that are listed")]
    Instruments(usize),
    /// An instrument that cannot be listed with these assets.
    #[error("instrument {0} cannot be listed with these assets")]
    Listing(InstrumentId),
    /// A position that says nothing, is out of order, too large with its orders, or whose cost it cannot have.
    #[error("account {account} cannot have that position in instrument {instrument}")]
    Position {
        /// Whose.
        account: AccountId,
        /// Of what.
        instrument: InstrumentId,
    },
    /// What some have bought others have not sold.
    #[error("what was bought of instrument {0} is not what was sold")]
    Positions(InstrumentId),
    /// Orders that may only reduce a position, and that come to more than it.
    #[error("the orders of account {account} in instrument {instrument} could turn its position")]
    ReduceOnly {
        /// Whose.
        account: AccountId,
        /// Of what.
        instrument: InstrumentId,
    },
    /// An order that is not live, is nobody's, is out of order or missing, or does not hold by what it can cost.
    #[error("order {0} is not paid for like this")]
    Order(OrderId),
    /// A remembered transfer without a key, with one that another had, that could not happen, or is out of order.
    #[error("the transfer that came with command {0} cannot be remembered like this")]
    Transfer(Seq),
}
