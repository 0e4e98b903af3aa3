use super::engine::Numbered;
use super::market::{amend, cancel, place, terms};
use super::{Contender, Tally, Terms, count};
use crate::workload::{self, Header, Kind};
use engine_core::{
    AccountId, AccountsConfig, Amount, AssetId, AssetSpec, Command, InstrumentSpec, OrderIds, Place, Seq,
    Sequenced, Timestamp, Transfer,
};

/// How many accounts the orders are spread over.
const ACCOUNTS: u64 = 100_000;

const BASE: AssetId = AssetId::new(0);
const QUOTE: AssetId = AssetId::new(1);

/// What each account has of both assets, in smallest units: more than the flow can use up.
const DEPOSIT: Amount = Amount::new(1_000_000_000_000_000_000);

/// [`engine_core::Engine`] with 100,000 accounts: every order is held for, every fill is paid, with fees.
pub struct EngineWithAccounts<const BATCHED: bool> {
    engine: Numbered,
    batch: Vec<Sequenced<Command>>,
    ends: Vec<usize>,
}

impl<const BATCHED: bool> Contender for EngineWithAccounts<BATCHED> {
    const NAME: &'static str = if BATCHED {
        "engine-accounts-batch"
    } else {
        "engine-accounts"
    };
    const NOTE: Option<&'static str> = Some(if BATCHED {
        "the same, takes 64 commands in a call"
    } else {
        "100,000 accounts with holds, fees and positions; hands the ids out"
    });
    const BATCH: usize = if BATCHED { 64 } else { 1 };
    const TERMS: Terms = Terms::EngineIds;

    fn new(header: &Header) -> Self {
        let mut engine = Numbered::new(OrderIds::Assigned, Some(AccountsConfig::default()));
        for name in ["BASE", "QUOTE"] {
            engine.submit(Command::AddAsset(Box::new(AssetSpec {
                name: name.to_owned(),
                scale: 8,
            })));
        }
        for number in 0..ACCOUNTS {
            for asset in [BASE, QUOTE] {
                let transfer = Transfer {
                    account: account(number),
                    asset,
                    amount: DEPOSIT,
                    key: None,
                };
                engine.submit(Command::Deposit(transfer));
            }
        }
        for _ in 0..header.symbols {
            engine.submit(Command::List(Box::new(paid())));
        }
        Self {
            engine,
            batch: Vec::new(),
            ends: Vec::new(),
        }
    }

    #[inline]
    fn apply(&mut self, command: &workload::Command, tally: &mut Tally) {
        // Each kind is submitted where it is known which it is, as without accounts.
        let engine = &mut self.engine;
        let events = match command.kind {
            Kind::Add | Kind::Ioc => engine.submit(Command::Place(placed(command))),
            Kind::Cancel => engine.submit(Command::Cancel(cancel(command))),
            Kind::Reduce | Kind::Reprice => engine.submit(Command::Amend(amend(command))),
        };
        count(events, tally);
    }

    fn replay(&mut self, commands: &[workload::Command], tally: &mut Tally) {
        if BATCHED {
            return commands
                .chunks(Self::BATCH)
                .for_each(|batch| self.apply_all(batch, tally));
        }
        for command in commands {
            self.apply(command, tally);
        }
    }
}

impl<const BATCHED: bool> EngineWithAccounts<BATCHED> {
    fn apply_all(&mut self, commands: &[workload::Command], tally: &mut Tally) {
        let Numbered {
            engine, next, events, ..
        } = &mut self.engine;
        self.batch.clear();
        self.batch
            .extend(commands.iter().zip(*next..).map(|(command, seq)| Sequenced {
                seq: Seq::new(seq),
                time: Timestamp::from_nanos(seq),
                value: paid_for(command),
            }));
        *next += commands.len() as u64;
        events.clear();
        self.ends.clear();
        engine
            .apply_all(&self.batch, events, &mut self.ends)
            .expect("commands are numbered without a gap");
        count(events, tally);
    }
}

/// A command of the flow as somebody's.
#[inline]
fn paid_for(command: &workload::Command) -> Command {
    match command.kind {
        Kind::Add | Kind::Ioc => Command::Place(placed(command)),
        Kind::Cancel => Command::Cancel(cancel(command)),
        Kind::Reduce | Kind::Reprice => Command::Amend(amend(command)),
    }
}

/// An order of the flow as somebody's. Orders one after the other belong to accounts that are far apart in memory.
#[inline]
fn placed(command: &workload::Command) -> Place {
    Place {
        account: Some(account(command.id.wrapping_mul(0x9E37_79B9_7F4A_7C15) % ACCOUNTS)),
        ..place(command)
    }
}

fn account(number: u64) -> AccountId {
    AccountId::new(1 + number).expect("one more than something is not zero")
}

/// The instrument of the flow, with assets and fees: the maker pays 0.01 %, the taker 0.02 %.
fn paid() -> InstrumentSpec {
    let terms = terms().assets(BASE, QUOTE).fees_ppm(100, 200);
    terms
        .build()
        .expect("a tick, a lot, two assets and fees are a spec")
}
