//! Whether what the traders say they need is enough, in an engine where orders are paid for.

use std::collections::BTreeMap;

use engine_core::{
    AccountId, AccountsConfig, AssetId, AssetSpec, Command, EngineConfig, InstrumentId, Transfer,
};
use engine_traders::{Crowd, CrowdConfig, DEMO_ASSETS, History, Need, Past, Top, demo, together};
use rust_decimal::Decimal;

use crate::simulation::{Exchange, HOUR, START, accounts, later, rejects};

/// An exchange that lists the demo's instruments, for accounts.
fn exchange() -> Exchange {
    let config = EngineConfig {
        accounts: Some(AccountsConfig::default()),
        ..EngineConfig::default()
    };
    let mut exchange = Exchange::new(config);
    for name in DEMO_ASSETS {
        exchange.apply(START, Command::AddAsset(Box::new(asset(name))));
    }
    for (spec, _) in demo() {
        exchange.apply(START, Command::List(Box::new(spec)));
        assert_eq!(rejects(&exchange.events).next(), None);
    }
    exchange
}

fn asset(name: &str) -> AssetSpec {
    AssetSpec {
        name: name.into(),
        scale: 8,
    }
}

/// Gives the accounts what they need in all instruments together.
fn deposit(exchange: &mut Exchange, needs: &[(u32, Vec<Need>)]) {
    let mut sums: BTreeMap<(AccountId, AssetId), Decimal> = BTreeMap::new();
    for (instrument, needs) in needs {
        let terms = demo()[*instrument as usize].0.terms().clone();
        let (base, quote) = terms.base.zip(terms.quote).expect("the demo names its assets");
        for need in needs {
            *sums.entry((need.account, base)).or_default() += need.base;
            *sums.entry((need.account, quote)).or_default() += need.quote;
        }
    }
    for ((account, asset_id), sum) in sums {
        let amount = asset("X").amount(sum).expect("the need is an amount");
        let transfer = Transfer {
            account,
            asset: asset_id,
            amount,
            key: None,
        };
        exchange.apply(START, Command::Deposit(transfer));
        assert_eq!(rejects(&exchange.events).next(), None);
    }
}

#[test]
fn what_the_crowds_of_three_instruments_need_is_enough() {
    let mut exchange = exchange();
    let mut crowds: Vec<Crowd> = (0..)
        .zip(demo())
        .map(|(number, (spec, setting))| {
            Crowd::new(CrowdConfig {
                instrument: InstrumentId::new(number),
                spec,
                setting,
                accounts: accounts(1),
                orders_per_second: 4,
                seed: 21 + u64::from(number),
                price: setting.price,
                start: START,
            })
        })
        .collect();
    let needs: Vec<_> = (0..).zip(crowds.iter().map(|crowd| crowd.needs(1))).collect();
    deposit(&mut exchange, &needs);
    let mut commands = Vec::new();
    while let Some(crowd) = crowds.iter_mut().min_by_key(|crowd| crowd.next_due()) {
        let time = crowd.next_due();
        if time >= later(24 * HOUR) {
            break;
        }
        let top: Top = exchange.top(crowd.instrument());
        crowd.act(time, top, &mut commands);
        for command in commands.drain(..) {
            let shown = command.clone();
            let batch = exchange.apply(time, command);
            assert_eq!(rejects(&exchange.events).next(), None, "of {shown:?}");
            crowd.observe(&exchange.batch(batch, time));
        }
    }
    exchange.engine.check_invariants();
}

#[test]
fn what_the_past_needs_is_enough() {
    let mut exchange = exchange();
    let pasts: Vec<Past> = (0..)
        .zip(demo())
        .map(|(number, (spec, setting))| Past {
            instrument: InstrumentId::new(number),
            spec,
            setting,
            accounts: accounts(1),
            until: later(30 * 24 * HOUR),
            days: 30,
            seed: 9,
        })
        .collect();
    let needs: Vec<_> = (0..).zip(pasts.iter().map(Past::needs)).collect();
    deposit(&mut exchange, &needs);
    let histories: Vec<History> = pasts.into_iter().map(Past::history).collect();
    for (time, command) in together(histories) {
        exchange.apply(time, command);
        assert_eq!(rejects(&exchange.events).next(), None);
    }
    assert_eq!(exchange.projections.order_count(), 0);
}
