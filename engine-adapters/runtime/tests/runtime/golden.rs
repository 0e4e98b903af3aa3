//! R12: snapshots that were written once are read for ever.
//!
//! `ENGINE_WRITE_GOLDEN=1` writes the files of a new version; those that are there are never written again.

use std::path::{Path, PathBuf};

use engine_core::{
    AccountId, AccountsConfig, Amount, AssetId, AssetSpec, Command, EngineConfig, InstrumentId,
    InstrumentSpec, LinkKind, Linked, OrderIds, OrderKind, Place, Price, Side, TimeInForce, Timestamp,
    Transfer, Visibility,
};
use engine_runtime::journal::simulation::SimulatedDisk;
use engine_runtime::journal::{Directory, Storage};
use engine_runtime::{RuntimeConfig, read_snapshot};
use rust_decimal::Decimal;

use crate::support::{BTC, ask, config, done, named, open, place};

/// The files of each version, and the hash of the state that they hold.
const VERSIONS: [(&str, &str); 1] = [("v1", "3a0eadcbf6d26054")];

fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(version)
}

/// Commands that leave something of every kind in the state.
fn commands() -> Vec<Command> {
    let asset = |name: &str, scale| {
        Command::AddAsset(Box::new(AssetSpec {
            name: name.to_owned(),
            scale,
        }))
    };
    let deposit = |account, asset, amount| {
        Command::Deposit(Transfer {
            account: AccountId::new(account).expect("0 is nobody"),
            asset: AssetId::new(asset),
            amount: Amount::new(amount),
            key: None,
        })
    };
    let spec = InstrumentSpec::builder("BTC-KRW", Decimal::from(1_000), Decimal::new(1, 8));
    let spec = spec
        .assets(AssetId::new(0), AssetId::new(1))
        .build()
        .expect("terms in order");
    let stop = Place {
        kind: OrderKind::StopLimit {
            trigger: Price::new(130),
            price: Price::new(140),
        },
        ..place(Side::Buy, 0, 5)
    };
    let iceberg = Place {
        visibility: Visibility::Iceberg {
            display: engine_core::Qty::new(2),
        },
        time_in_force: TimeInForce::Gtd(Timestamp::from_nanos(u64::MAX / 2)),
        ..place(Side::Sell, 120, 9)
    };
    let linked = Linked {
        kind: LinkKind::OneCancelsOther,
        orders: [named(7, "low", place(Side::Buy, 90, 5)), named(7, "stop", stop)]
            .into_iter()
            .collect(),
    };
    vec![
        asset("BTC", 8),
        asset("KRW", 5),
        Command::List(Box::new(spec)),
        deposit(7, 1, 1 << 60),
        deposit(8, 0, 1 << 40),
        Command::Place(named(7, "first", place(Side::Buy, 100, 5))),
        Command::Place(named(8, "taker", place(Side::Sell, 100, 2))),
        Command::Place(named(8, "iceberg", iceberg)),
        Command::PlaceLinked(Box::new(linked)),
    ]
}

fn with_accounts() -> RuntimeConfig {
    RuntimeConfig {
        engine: EngineConfig {
            accounts: Some(AccountsConfig::default()),
            ids: OrderIds::Chosen { hash_seed: 1 },
            ..config().engine
        },
        names_orders: true,
        ..config()
    }
}

/// Writes the journal's name and the newest snapshot of a run.
fn write(folder: &Path) {
    let disk = SimulatedDisk::new();
    let (runtime, _, clock) = open(disk.clone(), &with_accounts()).expect("an empty disk");
    for (number, command) in (1..).zip(commands()) {
        clock.set(Timestamp::from_nanos(number * 1_000));
        done(ask(runtime.handle(), command));
    }
    runtime.stop().expect("a disk without faults");
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let names = disk.list().expect("it can be listed");
    let newest = names
        .iter()
        .rfind(|name| name.ends_with(".snap"))
        .expect("a stop takes one");
    for name in ["journal.id", newest] {
        let bytes = disk.read_file(name).expect("it is there");
        std::fs::write(folder.join(name), bytes).expect("it can be written");
    }
}

#[test]
fn snapshots_of_every_version_hold_the_state_that_they_held() {
    for (version, hash) in VERSIONS {
        let folder = folder(version);
        if std::env::var_os("ENGINE_WRITE_GOLDEN").is_some() && !folder.exists() {
            write(&folder);
        }
        let disk = SimulatedDisk::new();
        for file in std::fs::read_dir(&folder).expect("the files of the version") {
            let file = file.expect("a file");
            let bytes = std::fs::read(file.path()).expect("it can be read");
            disk.write_file(&file.file_name().to_string_lossy(), bytes);
        }
        let directory = Directory::open_existing(disk).expect("a journal");
        let mut newest = directory
            .snapshots()
            .newest()
            .expect("no faults")
            .snapshot
            .expect("it is whole");
        let state = read_snapshot(&mut newest).expect("it is read for ever");
        assert_eq!(state.state_hash().to_string(), hash, "{version}");
        assert_eq!(state.instruments.len(), 1);
        let sides = [&state.instruments[0].buys, &state.instruments[0].sells];
        assert_eq!(sides.map(|side| side.queued.len() + side.waiting.len()), [3, 1]);
        assert_eq!(state.instruments[0].spec.terms().symbol, "BTC-KRW");
        assert_eq!(InstrumentId::new(0), BTC);
    }
}
