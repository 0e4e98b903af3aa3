//! Streams of commands that look random, follow from a seed alone, and meet each other: few prices, quantities,
//! ids and accounts, so that orders trade, cross, collide and repeat.

mod money;
mod order;
mod profile;
mod random;
mod spec;

use engine_core::{
    AccountId, Amend, Cancel, CancelAllAfter, ClientOrderId, Command, InstrumentId, LinkKind, Linked,
    MassCancel, MassCancelCause, OrderId, OrderRef, Phase, Price, Qty, Scope, Seq, SetMark, SetPhase, Side,
    Timestamp,
};

pub use self::profile::Profile;
use self::profile::Weights;
pub use self::random::Random;
use crate::naive::{NaiveConfig, NaiveEngine};

/// A stream of commands and the engine that it is for.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The number that it follows from.
    pub seed: u64,
    /// What it has more of.
    pub profile: Profile,
    /// The limits of the engine.
    pub config: NaiveConfig,
    /// The commands, each with its time.
    pub commands: Vec<(Timestamp, Command)>,
}

impl Stream {
    /// The greatest number of commands.
    pub const COMMANDS_MAX: u64 = 200;

    /// The stream of this seed; seeds in a row go through all profiles.
    pub fn of(seed: u64) -> Self {
        let profile = Profile::ALL[(seed % Profile::ALL.len() as u64) as usize];
        Self::of_profile(profile, seed)
    }

    /// The stream of this profile and seed.
    pub fn of_profile(profile: Profile, seed: u64) -> Self {
        let mut writer = Writer::new(profile, Random::new(seed));
        for _ in 0..writer.length {
            writer.write_next();
        }
        writer.into_stream(seed)
    }

    /// The stream that these bytes decide: the first one the profile, then two a decision, until there are no more.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let profile = Profile::ALL[usize::from(*first) % Profile::ALL.len()];
        let mut writer = Writer::new(profile, Random::of_bytes(rest));
        while !writer.random.is_used_up() && writer.commands.len() < Self::COMMANDS_MAX as usize {
            writer.write_next();
        }
        writer.into_stream(0)
    }
}

/// Writes one stream.
struct Writer {
    profile: Profile,
    config: NaiveConfig,
    weights: Weights,
    /// How many commands it has, if nothing else ends it.
    length: u64,
    random: Random,
    now: u64,
    /// The price around which orders come.
    middle: i64,
    last_id: u64,
    listed: u64,
    /// The instruments that are listed before anything else happens.
    to_list: u64,
    /// The newest transfer that had a key.
    last_keyed: Option<Command>,
    /// What is undone soon, so that a stream does not come to rest.
    undo: Vec<Command>,
    /// Knows which orders live, so that cancels and amends find some.
    engine: NaiveEngine,
    commands: Vec<(Timestamp, Command)>,
}

/// The commands between which weights decide.
#[derive(Clone, Copy)]
enum What {
    Place,
    Linked,
    Cancel,
    Amend,
    MassCancel,
    Phase,
    Mark,
    Switch,
    Kill,
    List,
    Tick,
    Money,
}

impl Writer {
    fn new(profile: Profile, mut random: Random) -> Self {
        let is_tight = random.percent(10);
        let config = NaiveConfig {
            ids_chosen: !matches!(profile, Profile::HandedOutIds | Profile::Limited),
            orders_max: if is_tight { 6 } else { 1_000 },
            instruments_max: if is_tight { 5 } else { 10 },
            accounts: profile.has_accounts().then(|| money::config(&mut random)),
        };
        let weights = Weights::of(profile, &mut random);
        let length = 1 + random.below(Stream::COMMANDS_MAX);
        let (low, high) = (Price::MIN.ticks(), Price::MAX.ticks());
        let middle = match profile {
            Profile::Extremes => random.pick(&[low + 3, high - 3, 0, 0, 100]),
            _ => random.weighted(&[(8, 100), (1, 0), (1, 10_000)]),
        };
        let now = match profile {
            Profile::Extremes => random.pick(&[0, u64::MAX - 500]),
            _ => 0,
        };
        let mut writer = Self {
            profile,
            config,
            weights,
            length,
            random,
            now,
            middle,
            last_id: 0,
            listed: 0,
            to_list: weights.instruments,
            last_keyed: None,
            undo: Vec::new(),
            engine: NaiveEngine::new(config),
            commands: Vec::new(),
        };
        if profile.has_accounts() {
            for command in writer.money_to_begin_with() {
                writer.write(Timestamp::ZERO, command);
            }
        }
        writer
    }

    fn write_next(&mut self) {
        let time = self.time();
        let command = if self.to_list > 0 {
            self.to_list -= 1;
            Command::List(Box::new(self.spec()))
        } else {
            self.command()
        };
        self.write(time, command);
    }

    fn write(&mut self, time: Timestamp, command: Command) {
        self.engine
            .apply(Seq::new(self.commands.len() as u64 + 1), time, &command);
        self.commands.push((time, command));
    }

    fn into_stream(self, seed: u64) -> Stream {
        Stream {
            seed,
            profile: self.profile,
            config: self.config,
            commands: self.commands,
        }
    }

    /// Time stands still, goes on a little, sometimes a lot, and sometimes a command comes with an earlier one.
    fn time(&mut self) -> Timestamp {
        let mut step = self.random.weighted(&[(50, 0), (40, 3), (9, 30), (1, 200)]);
        if self.profile.has_accounts() && self.random.percent(6) {
            // Seconds, for limits on rates, and days, for volumes.
            step = self
                .random
                .weighted(&[(3, 1_500_000_000), (1, 20 * 86_400_000_000_000)]);
        }
        self.now = self.now.saturating_add(self.random.below(step + 1));
        let back = if self.random.percent(2) {
            self.random.below(20)
        } else {
            0
        };
        Timestamp::from_nanos(self.now.saturating_sub(back))
    }

    fn command(&mut self) -> Command {
        if !self.undo.is_empty() && self.random.percent(35) {
            return self.undo.remove(0);
        }
        let instrument = self.instrument();
        if let Some(Phase::Halted | Phase::Closed) = self.engine.phase(instrument)
            && self.random.percent(20)
        {
            let phase = self
                .random
                .pick(&[Phase::Continuous, Phase::Continuous, Phase::Auction]);
            return Command::SetPhase(SetPhase { instrument, phase });
        }
        let weights = self.weights;
        let what = self.random.weighted(&[
            (600, What::Place),
            (weights.linked, What::Linked),
            (weights.cancel, What::Cancel),
            (weights.amend, What::Amend),
            (weights.mass_cancel, What::MassCancel),
            (weights.phase, What::Phase),
            (weights.mark, What::Mark),
            (weights.switch, What::Switch),
            (weights.kill, What::Kill),
            (weights.list, What::List),
            (weights.tick, What::Tick),
            (weights.money, What::Money),
        ]);
        match what {
            What::Place => Command::Place(self.place()),
            What::Linked => self.linked(),
            What::Cancel => Command::Cancel(Cancel {
                order: self.order_ref(),
                account: self.asker(),
            }),
            What::Amend => self.amend(),
            What::MassCancel => self.mass_cancel(),
            What::Phase => self.phase(),
            What::Mark => Command::SetMark(SetMark {
                instrument: self.instrument(),
                price: self.price(),
            }),
            What::Switch => Command::CancelAllAfter(CancelAllAfter {
                account: self.account(),
                timeout_ns: self.timeout(),
            }),
            What::Kill => self.kill(),
            What::List if self.listed < 6 => Command::List(Box::new(self.spec())),
            What::List | What::Tick => Command::Tick,
            What::Money => self.money(),
        }
    }

    fn linked(&mut self) -> Command {
        let kind = self.random.pick(&[LinkKind::OneCancelsOther, LinkKind::Bracket]);
        let orders = match kind {
            LinkKind::OneCancelsOther => self.one_cancels_other(),
            LinkKind::Bracket => self.bracket(),
        };
        let mut linked = Linked { kind, orders };
        if self.random.percent(self.weights.wrong) {
            self.spoil_list(&mut linked.orders);
        }
        Command::PlaceLinked(Box::new(linked))
    }

    fn amend(&mut self) -> Command {
        let change = self.random.below(12);
        let price = (change < 7).then(|| self.price());
        let quantity = (5..12).contains(&change).then(|| self.quantity());
        let nothing = self.random.percent(2);
        Command::Amend(Amend {
            order: self.order_ref(),
            account: self.asker(),
            price: price.filter(|_| !nothing),
            quantity: quantity.filter(|_| !nothing),
        })
    }

    fn mass_cancel(&mut self) -> Command {
        let account = self.account();
        let instrument = self.instrument();
        let side = self.side();
        Command::MassCancel(MassCancel {
            account: self.random.percent(70).then_some(account),
            instrument: self.random.percent(60).then_some(instrument),
            side: self.random.percent(50).then_some(side),
            cause: self
                .random
                .pick(&[MassCancelCause::Asked, MassCancelCause::Disconnected]),
        })
    }

    fn phase(&mut self) -> Command {
        let instrument = self.instrument();
        let phase = self.random.weighted(&[
            (5, Phase::Auction),
            (2, Phase::Halted),
            (2, Phase::Closed),
            (2, Phase::Continuous),
        ]);
        if self.random.percent(10) {
            return Command::Uncross(instrument);
        }
        let back = match self.random.below(4) {
            0 => Command::Uncross(instrument),
            _ => Command::SetPhase(SetPhase {
                instrument,
                phase: Phase::Continuous,
            }),
        };
        if phase != Phase::Continuous && self.random.percent(80) {
            // Auctions last longer than halts, so that they fill.
            let waits = if phase == Phase::Auction { 4 } else { 1 };
            self.undo.extend(std::iter::repeat_n(Command::Tick, waits));
            self.undo.push(back);
        }
        Command::SetPhase(SetPhase { instrument, phase })
    }

    fn kill(&mut self) -> Command {
        let scope = match self.random.below(3) {
            0 => Scope::Engine,
            _ => Scope::Account(self.account()),
        };
        if self.random.percent(15) {
            return Command::Resume(scope);
        }
        self.undo.push(Command::Resume(scope));
        Command::Kill(scope)
    }

    fn timeout(&mut self) -> Option<u64> {
        match self.random.below(6) {
            0 => None,
            1 => Some(0),
            2 if self.profile == Profile::Extremes => Some(u64::MAX),
            _ => Some(1 + self.random.below(20)),
        }
    }

    /// Mostly a live order, sometimes one that was or will be.
    fn order_ref(&mut self) -> OrderRef {
        let live = self.engine.live_orders();
        if live.is_empty() || self.random.percent(10) {
            let id = (self.last_id + 1).saturating_sub(self.random.below(self.last_id.clamp(1, 14) + 1));
            return OrderRef::Id(OrderId::new(id));
        }
        if self.random.percent(3) {
            return OrderRef::Client(self.account(), self.client_id());
        }
        let id = self.random.pick(&live);
        match self.engine.owner_and_name(id) {
            Some((owner, name)) if self.random.percent(30) => OrderRef::Client(owner, name),
            _ => OrderRef::Id(id),
        }
    }

    /// Who asks: mostly nobody says.
    fn asker(&mut self) -> Option<AccountId> {
        let account = self.account();
        self.random.percent(10).then_some(account)
    }

    fn account(&mut self) -> AccountId {
        let number = 1 + self.random.below(3);
        AccountId::new(number).expect("a number from 1 is an account")
    }

    fn client_id(&mut self) -> ClientOrderId {
        let name = self.random.pick(&["a", "b", "c", "d"]);
        ClientOrderId::new(name).expect("a letter is a client order id")
    }

    fn instrument(&mut self) -> InstrumentId {
        let known = self.listed.max(1);
        let beyond = u64::from(self.random.percent(1));
        InstrumentId::new(self.random.below(known + beyond) as u32)
    }

    fn side(&mut self) -> Side {
        self.random.pick(&Side::BOTH)
    }

    /// A price near the middle; in the profile of extremes sometimes anything.
    fn price(&mut self) -> Price {
        if self.profile == Profile::Extremes && self.random.percent(8) {
            return Price::new(
                self.random
                    .pick(&[i64::MIN, i64::MAX, 0, -1, 1, Price::MAX.ticks() + 1]),
            );
        }
        let spread = self.random.weighted(&[(6, 3), (3, 6), (1, 30)]);
        Price::new(self.middle + self.random.within(-spread, spread))
    }

    fn quantity(&mut self) -> Qty {
        if self.profile == Profile::Extremes && self.random.percent(20) {
            let max = Qty::MAX.lots();
            return Qty::new(
                self.random
                    .pick(&[max, max - 1, max / 2, max / 3, max + 1, u64::MAX, 1 << 40]),
            );
        }
        let most = self.random.weighted(&[(6, 9), (3, 20), (1, 60)]);
        Qty::new(1 + self.random.below(most))
    }
}
