//! Play money for simulated traders: as much as they need, and no more.

use engine_core::{Amount, AssetId, Command, InstrumentId, Seq, Transfer, TransferKey};
use engine_traders::Need;
use engine_wire::Symbols;
use rust_decimal::Decimal;

use super::failure::ServeError;

/// On what occasion an account is given funds. On one occasion nobody is given anything twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occasion {
    /// How far the engine had come when the server was started.
    pub(crate) seq: Seq,
    /// Where the funds are for.
    pub(crate) instrument: InstrumentId,
}

impl Occasion {
    /// What a deposit is called, so that its repeat is known for one: the account is no part of it, since keys are
    /// told apart by account.
    fn key(self, asset: AssetId) -> TransferKey {
        let (instrument, asset) = (u128::from(self.instrument.get()), u128::from(asset.get()));
        TransferKey::new(u128::from(self.seq.get()) << 64 | instrument << 32 | asset)
    }
}

/// The deposits that bring an account to what it needs, from what it `has`.
pub(crate) fn deposits(
    need: &Need,
    symbols: &Symbols,
    occasion: Occasion,
    has: impl Fn(AssetId) -> Amount,
) -> Result<Vec<Command>, ServeError> {
    let mut deposits = Vec::new();
    let Some(spec) = symbols.spec(occasion.instrument) else {
        return Ok(deposits);
    };
    for (asset, needed) in [(spec.terms().base, need.base), (spec.terms().quote, need.quote)] {
        let Some(asset) = asset.filter(|_| needed > Decimal::ZERO) else {
            continue;
        };
        let spec = symbols.asset_spec(asset);
        let needed = spec.and_then(|spec| spec.amount(needed).ok());
        let needed = needed.ok_or_else(|| ServeError::Traders("their funds cannot be counted".to_owned()))?;
        let missing = needed.units().saturating_sub(has(asset).units());
        if missing > 0 {
            deposits.push(Command::Deposit(Transfer {
                account: need.account,
                asset,
                amount: Amount::new(missing),
                key: Some(occasion.key(asset)),
            }));
        }
    }
    Ok(deposits)
}

#[cfg(test)]
mod tests {
    use engine_core::{
        AccountId, AccountsConfig, AssetSpec, Engine, EngineConfig, Event, InstrumentSpec, Sequenced,
        Timestamp,
    };

    use super::*;

    const KRW: AssetId = AssetId::new(0);
    const BTC: AssetId = AssetId::new(1);

    /// An engine with one instrument and its assets, and a count of the deposits that counted.
    struct Bank {
        engine: Engine,
        symbols: Symbols,
        account: AccountId,
        counted: usize,
    }

    impl Bank {
        fn new() -> Self {
            let config = EngineConfig {
                accounts: Some(AccountsConfig::default()),
                ..EngineConfig::default()
            };
            let mut bank = Self {
                engine: Engine::new(config),
                symbols: Symbols::new(),
                account: AccountId::new(7).expect("it is not 0"),
                counted: 0,
            };
            for name in ["KRW", "BTC"] {
                let asset = AssetSpec {
                    name: name.into(),
                    scale: 8,
                };
                bank.symbols.add_asset(&asset);
                bank.apply(Command::AddAsset(Box::new(asset)));
            }
            let spec = InstrumentSpec::builder("BTC-KRW", Decimal::from(1_000), Decimal::new(1, 8));
            let spec = spec.assets(BTC, KRW).build().expect("a spec");
            bank.symbols.list(&spec).expect("it is new");
            bank.apply(Command::List(Box::new(spec)));
            bank
        }

        fn apply(&mut self, value: Command) {
            let mut events = Vec::new();
            let command = Sequenced {
                seq: self.engine.applied().next(),
                time: Timestamp::from_nanos(1),
                value,
            };
            self.engine.apply(&command, &mut events).expect("there is no gap");
            let rejected = events
                .iter()
                .find(|event| matches!(event, Event::Rejected { .. }));
            assert_eq!(rejected, None);
            let changed = |event: &&Event| matches!(event, Event::BalanceChanged { .. });
            self.counted += events.iter().filter(changed).count();
        }

        fn need(&self) -> Need {
            Need {
                account: self.account,
                base: Decimal::from(3),
                quote: Decimal::from(1_000_000),
            }
        }

        fn missing(&self, seq: u64) -> Vec<Command> {
            let occasion = Occasion {
                seq: Seq::new(seq),
                instrument: InstrumentId::new(0),
            };
            let has = |asset| self.engine.balance(self.account, asset).total;
            deposits(&self.need(), &self.symbols, occasion, has).expect("it can be counted")
        }

        fn totals(&self) -> [i128; 2] {
            [BTC, KRW].map(|asset| self.engine.balance(self.account, asset).total.units())
        }
    }

    #[test]
    fn an_account_is_given_what_is_missing_and_never_more() {
        let mut bank = Bank::new();
        let first = bank.missing(1);
        assert_eq!(first.len(), 2);
        first.iter().for_each(|deposit| bank.apply(deposit.clone()));
        let full = bank.totals();
        assert_eq!(full, [300_000_000, 100_000_000_000_000]);
        assert!(bank.missing(2).is_empty(), "who has everything is given nothing");

        bank.apply(Command::Withdraw(Transfer {
            account: bank.account,
            asset: KRW,
            amount: Amount::new(5),
            key: None,
        }));
        let second = bank.missing(3);
        assert_eq!(second.len(), 1);
        second.iter().for_each(|deposit| bank.apply(deposit.clone()));
        assert_eq!(bank.totals(), full);
    }

    #[test]
    fn a_deposit_that_comes_twice_on_one_occasion_counts_once() {
        let mut bank = Bank::new();
        let deposits = bank.missing(1);
        deposits.iter().for_each(|deposit| bank.apply(deposit.clone()));
        let (once, counted) = (bank.totals(), bank.counted);
        deposits.iter().for_each(|deposit| bank.apply(deposit.clone()));
        assert_eq!((bank.totals(), bank.counted), (once, counted));
    }
}
