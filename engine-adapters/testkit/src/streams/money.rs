//! Commands about accounts for streams, and what specs have more where orders are paid for.

use engine_core::{
    AccountsConfig, Amount, AssetId, AssetSpec, Command, Funding, GroupId, InstrumentSpecBuilder, Limits,
    Notional, Price, Qty, SetAccount, SetLimits, Transfer, TransferKey,
};
use rust_decimal::Decimal;

use super::{Random, Writer};

/// How many assets there are from the beginning.
const ASSETS: u64 = 3;

/// The limits of an engine with accounts; tight ones are reached.
pub(super) fn config(random: &mut Random) -> AccountsConfig {
    let is_tight = random.percent(15);
    AccountsConfig {
        accounts_max: if is_tight { 2 } else { 10 },
        assets_max: if is_tight { ASSETS as u32 } else { 5 },
        transfer_keys_max: 2,
    }
}

/// The commands about money between which weights decide.
#[derive(Clone, Copy)]
enum What {
    Deposit,
    Withdraw,
    Account,
    Limits,
    Freeze,
    Asset,
}

impl Writer {
    /// What a stream with accounts begins with: assets, and money for everybody.
    pub(super) fn money_to_begin_with(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        for _ in 0..ASSETS {
            let spec = self.asset();
            commands.push(Command::AddAsset(Box::new(spec)));
        }
        for number in 1..=3 {
            for asset in 0..ASSETS {
                if !self.random.percent(90) {
                    continue;
                }
                let account = engine_core::AccountId::new(number).expect("it counts from 1");
                let units = self.random.weighted(&[(3, 300), (6, 30_000), (3, 3_000_000)]);
                commands.push(Command::Deposit(Transfer {
                    account,
                    asset: AssetId::new(asset as u32),
                    amount: Amount::new(1 + i128::from(self.random.below(units))),
                    key: None,
                }));
            }
        }
        commands
    }

    fn asset(&mut self) -> AssetSpec {
        AssetSpec {
            name: "A".to_owned(),
            scale: self.random.pick(&[0, 0, 0, 1, 2]),
        }
    }

    pub(super) fn money(&mut self) -> Command {
        let what = self.random.weighted(&[
            (10, What::Deposit),
            (8, What::Withdraw),
            (5, What::Account),
            (12, What::Limits),
            (5, What::Freeze),
            (4, What::Asset),
        ]);
        let account = self.account();
        match what {
            What::Deposit | What::Withdraw => self.transfer_or_repeat(matches!(what, What::Deposit)),
            What::Account => {
                let group = GroupId::new(self.random.below(2) as u32);
                Command::SetAccount(SetAccount {
                    account,
                    tier: self.random.percent(50).then_some(self.random.below(4) as u8),
                    group: self.random.percent(30).then_some(group),
                })
            }
            What::Limits => {
                let instrument = self.instrument();
                let limits = self.limits();
                if self.random.percent(60) {
                    // Most limits go again, so that a stream does not come to rest.
                    self.undo.push(Command::SetLimits(Box::new(SetLimits {
                        account: Some(account),
                        instrument,
                        limits: Limits::default(),
                    })));
                }
                Command::SetLimits(Box::new(SetLimits {
                    account: self.random.percent(70).then_some(account),
                    instrument,
                    limits,
                }))
            }
            What::Freeze => {
                if self.random.percent(20) {
                    return Command::Unfreeze(account);
                }
                self.undo.push(Command::Unfreeze(account));
                Command::Freeze(account)
            }
            What::Asset => {
                let mut spec = self.asset();
                match self.random.below(4) {
                    0 => spec.name = String::new(),
                    1 => spec.name = "TOO-LONG-FOR-A-NAME".to_owned(),
                    2 => spec.scale = 19,
                    _ => {}
                }
                Command::AddAsset(Box::new(spec))
            }
        }
    }

    /// Mostly a new transfer, sometimes one that was asked for before.
    fn transfer_or_repeat(&mut self, is_deposit: bool) -> Command {
        if let Some(before) = &self.last_keyed
            && self.random.percent(15)
        {
            return before.clone();
        }
        let transfer = self.transfer();
        let command = if is_deposit {
            Command::Deposit(transfer)
        } else {
            Command::Withdraw(transfer)
        };
        if transfer.key.is_some() {
            self.last_keyed = Some(command.clone());
        }
        command
    }

    fn transfer(&mut self) -> Transfer {
        let most = self.random.weighted(&[(6, 100), (3, 3_000), (1, 1_000_000)]);
        let mut amount = Amount::new(1 + i128::from(self.random.below(most)));
        if self.random.percent(self.weights.wrong) {
            let max = Amount::MAX.units();
            amount = Amount::new(self.random.pick(&[0, -1, max, max + 1, i128::MAX]));
        }
        let unknown = u64::from(self.random.percent(3));
        Transfer {
            account: self.account(),
            asset: AssetId::new(self.random.below(ASSETS + 4 * unknown) as u32),
            amount,
            key: self
                .random
                .percent(30)
                .then(|| TransferKey::new(self.random.below(3).into())),
        }
    }

    /// Mostly one limit.
    fn limits(&mut self) -> Limits {
        let mut limits = Limits::default();
        for _ in 0..self.random.weighted(&[(5, 1), (2, 2), (1, 0)]) {
            let lots = Qty::new(1 + self.random.below(30));
            match self.random.below(7) {
                0 => limits.order_quantity_max = Some(lots),
                1 => limits.order_notional_max = Some(Notional::new(i128::from(lots.lots()) * 100)),
                2 => limits.open_orders_max = Some(self.random.below(5) as u32),
                3 => limits.open_quantity_max = Some(lots),
                4 => limits.position_max = Some(lots),
                5 => limits.price_collar_bps = Some(self.random.pick(&[100, 300, 1_000])),
                _ => limits.orders_per_second_max = Some(self.random.below(5) as u32),
            }
        }
        limits
    }

    /// Assets, fees and margin.
    pub(super) fn paid(&mut self, mut spec: InstrumentSpecBuilder) -> InstrumentSpecBuilder {
        let random = &mut self.random;
        let base = 1 + random.below(ASSETS - 1);
        spec = spec.assets(AssetId::new(base as u32), AssetId::new(0));
        let maker = random.pick(&[0, 0, 200, 1_000, -100, -500, 50_000]);
        let taker = random.pick(&[500, 500, 1_000, 30_000, 999_999]);
        spec = spec.fees_ppm(maker, taker);
        if random.percent(30) {
            spec = spec.fee_tier(Decimal::from(500 + random.below(5_000)), maker / 2, taker / 2);
            if random.percent(50) {
                spec = spec.fee_tier(Decimal::from(20_000), 0, 7);
            }
        }
        if random.percent(25) {
            let initial_ppm = random.pick(&[10_000, 100_000, 500_000, 1_000_000]);
            spec = spec
                .prices(Price::MIN, Price::new(1 << 20))
                .funding(Funding::Margin {
                    initial_ppm,
                    maintenance_ppm: initial_ppm / 2,
                    position_max: Qty::new(random.pick(&[10, 100, 10_000])),
                });
        }
        if random.percent(self.weights.wrong) {
            spec = self.spoil_paid(spec);
        }
        spec
    }

    /// Makes a spec one that cannot be listed.
    fn spoil_paid(&mut self, spec: InstrumentSpecBuilder) -> InstrumentSpecBuilder {
        let margin = |initial_ppm, maintenance_ppm, position_max| Funding::Margin {
            initial_ppm,
            maintenance_ppm,
            position_max: Qty::new(position_max),
        };
        match self.random.below(8) {
            0 => engine_core::InstrumentSpec::builder("X", Decimal::ONE, Decimal::ONE),
            1 => spec.assets(AssetId::new(9), AssetId::new(0)),
            2 => engine_core::InstrumentSpec::builder("X", Decimal::new(1, 5), Decimal::new(1, 5))
                .assets(AssetId::new(1), AssetId::new(0)),
            3 => spec.fees_ppm(-600, 500),
            4 => spec.prices(Price::MIN, Price::new(-1)),
            5 => spec.funding(margin(100, 101, 5)),
            6 => spec.funding(margin(1_000_001, 1, 5)),
            _ => spec.funding(margin(100, 100, 1 << 62)),
        }
    }
}
