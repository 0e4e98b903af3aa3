//! What traders own and owe.

use std::collections::BTreeMap;

use engine_core::{AccountId, Event, Side};

use crate::simulation::{HOUR, Simulation, later};

#[test]
fn inventories_stay_within_their_bounds() {
    let mut simulation = Simulation::new(0, 10, 8);
    let usual = i128::from(simulation.setting.quantity.lots());
    let mut positions: BTreeMap<AccountId, i128> = BTreeMap::new();
    let mut most: BTreeMap<u64, i128> = BTreeMap::new();
    simulation.run(later(24 * HOUR), |step| {
        for event in &step.exchange.events {
            let Event::Traded {
                maker_account,
                taker_account,
                taker_side,
                quantity,
                ..
            } = *event
            else {
                continue;
            };
            let lots = i128::from(quantity.lots());
            let bought = if taker_side == Side::Buy { lots } else { -lots };
            for (account, change) in [(taker_account, bought), (maker_account, -bought)] {
                let account = account.expect("only the crowd trades");
                let position = positions.entry(account).or_default();
                *position += change;
                let most = most.entry(account.get()).or_default();
                *most = (*most).max(position.abs());
            }
        }
    });
    for (account, most) in most {
        let bound = [2_000, 2_000, 100, 100, 100, 30][account as usize - 1];
        assert!(most <= bound * usual, "account {account} had {most}");
        assert!(most >= 5 * usual, "account {account} hardly traded: {most}");
    }
}
