//! The generated flow is the published one, byte for byte, and its file format carries it faithfully.

use engine_benches::workload::{Command, Flow, FormatError, Kind, Recipe, Workload, generate};

fn small(flow: Flow) -> Workload {
    generate(
        &Recipe {
            commands: 20_000,
            ..Recipe::default_of(flow)
        },
        |_| {},
    )
}

/// The sums are those of the reference generator's files with 20,000 commands and the default seeds.
fn check(flow: Flow, checksum: &str) {
    assert_eq!(small(flow).checksum(), checksum, "{flow}");
}

#[test]
fn mixed_flow_is_the_published_one() {
    check(
        Flow::Mixed,
        "cafa20b0b66cfc0649e8ac01fda6a95f222c8b12d815a55709c8310f2e22390c",
    );
}

#[test]
fn deep_flow_is_the_published_one() {
    check(
        Flow::Deep,
        "7d1ddee5c1bf7a034717f93c66d351968fad1484a929e5b6a52c28604c4e1225",
    );
}

#[test]
fn sweep_flow_is_the_published_one() {
    check(
        Flow::Sweep,
        "38c60a081e32ffd5f4a747498f0e9103b13aed46675fbdbcc437114ad599c8c3",
    );
}

#[test]
fn multi_flow_is_the_published_one() {
    check(
        Flow::Multi,
        "61b8887e4572f3c26797de23e2edf9fd0b4ab6ec67c47b26313eb41002ad3b0e",
    );
}

#[test]
fn a_file_gives_back_the_workload_that_was_written() {
    let workload = small(Flow::Mixed);
    let mut bytes = Vec::new();
    workload
        .write_to(&mut bytes)
        .expect("a vector accepts every byte");
    let read = Workload::read_from(&mut bytes.as_slice()).expect("these bytes were just written");
    assert_eq!(read, workload);
}

#[test]
fn a_shorter_stream_is_the_beginning_of_a_longer_one() {
    let long = small(Flow::Mixed);
    let short = generate(
        &Recipe {
            commands: 5_000,
            ..Recipe::default_of(Flow::Mixed)
        },
        |_| {},
    );
    let mut cut = long;
    cut.truncate(5_000);
    assert_eq!(cut.commands, short.commands);
    assert_eq!(cut.header.traded, short.header.traded);
}

#[test]
fn another_seed_gives_other_commands() {
    let recipe = Recipe {
        commands: 1_000,
        ..Recipe::default_of(Flow::Mixed)
    };
    let other = Recipe {
        seed: recipe.seed + 1,
        ..recipe
    };
    assert_ne!(generate(&recipe, |_| {}), generate(&other, |_| {}));
}

/// A workload of one order in one symbol, as bytes, with one byte changed.
fn damaged(at: usize, byte: u8) -> Result<Workload, FormatError> {
    let mut workload = small(Flow::Mixed);
    workload.header.prefill = 0;
    workload.header.max_id = 1;
    workload.commands.truncate(1);
    workload.header.commands = 1;
    let mut bytes = Vec::new();
    workload
        .write_to(&mut bytes)
        .expect("a vector accepts every byte");
    bytes[at] = byte;
    Workload::read_from(&mut bytes.as_slice())
}

#[test]
fn bytes_that_no_contender_could_replay_are_refused() {
    assert!(damaged(63, 0).is_ok(), "unharmed, the bytes are a workload");
    assert!(matches!(damaged(0, 0), Err(FormatError::Magic { .. })));
    assert!(matches!(damaged(8, 0), Err(FormatError::Symbols { found: 0 })));
    assert!(
        matches!(damaged(24, 2), Err(FormatError::Io(_))),
        "one command fewer than the header says"
    );
    assert!(matches!(
        damaged(64, 5),
        Err(FormatError::Kind { index: 0, found: 5 })
    ));
    assert!(matches!(
        damaged(65, 2),
        Err(FormatError::Side { index: 0, found: 2 })
    ));
    assert!(matches!(
        damaged(66, 1),
        Err(FormatError::Symbol {
            index: 0,
            found: 1,
            symbols: 1
        })
    ));
    assert!(matches!(
        damaged(72, 2),
        Err(FormatError::Id {
            index: 0,
            found: 2,
            max_id: 1
        })
    ));
}

/// The mix that a workload says it has is what a table is named after.
#[test]
fn commands_come_in_the_shares_that_the_flow_promises() {
    let workload = small(Flow::Mixed);
    let measured = workload.measured();
    let share =
        |wanted: fn(&Command) -> bool| measured.iter().filter(|c| wanted(c)).count() * 1000 / measured.len();
    assert!((500..650).contains(&share(|c| c.kind == Kind::Add)));
    assert!((250..400).contains(&share(|c| c.kind == Kind::Cancel)));
    assert!((15..35).contains(&share(|c| c.kind == Kind::Ioc)));
    assert!((10..30).contains(&share(|c| c.kind == Kind::Reduce)));
    assert!((20..40).contains(&share(|c| c.kind == Kind::Reprice)));
}
