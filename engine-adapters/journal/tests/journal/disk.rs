//! The same journal on the real disk.

use engine_core::Seq;
use engine_journal::{Directory, Disk, Journal, OpenError, Stream};

use crate::support::{IDENTITY, batch, open, options, read_range};

const HISTORY: u64 = 60;

#[test]
fn a_journal_on_the_real_disk_is_closed_opened_read_and_trimmed() {
    let place = tempfile::tempdir().expect("there is a temporary directory");
    let path = place.path().join("data/shard-3");
    for round in 0..3 {
        let disk = Disk::open(&path).expect("a directory can be made");
        let (directory, writer, recovery) = open(disk, &options(32 << 10)).expect("the disk works");
        assert_eq!((recovery.end.get(), recovery.torn), (round * 1_000, None));
        let mut journal = Journal::spawn(writer, |_| ()).expect("threads can be started");
        for next in (round * 1_000 + 1..=(round + 1) * 1_000).step_by(10) {
            journal
                .append(&batch(HISTORY, next..next + 10))
                .expect("the disk works");
        }
        assert_eq!(journal.close(), Ok(Seq::new((round + 1) * 1_000)));
        read_range(&directory, Stream::Commands, HISTORY, 1, (round + 1) * 1_000).expect("it can be read");
    }
    let (directory, writer, _) =
        open(Disk::open(&path).expect("it is there"), &options(32 << 10)).expect("the disk works");
    let removed = writer
        .retention()
        .remove_through(Seq::new(1_500))
        .expect("the disk works");
    assert!(
        removed.iter().all(|name| !path.join(name).exists()) && !removed.is_empty(),
        "{removed:?}"
    );
    let report = directory.verify(|_| ()).expect("the disk works");
    assert_eq!(
        (report.damage.as_slice(), report.logs[0].end),
        (&[][..], Seq::new(3_000))
    );
    let length = |name: &str| std::fs::metadata(path.join(name)).expect("it is there").len();
    assert!(
        report.logs[0]
            .segments
            .iter()
            .all(|segment| length(&segment.file) == 32 << 10),
        "all pre-allocated"
    );
}

#[test]
fn a_directory_of_the_real_disk_is_locked_against_a_second_opening() {
    let place = tempfile::tempdir().expect("there is a temporary directory");
    let disk = Disk::open(place.path()).expect("it is there");
    let held = Directory::open(disk.clone(), IDENTITY).expect("it is free");
    match Directory::open(disk.clone(), IDENTITY) {
        Err(OpenError::Locked { directory }) => assert_eq!(directory, place.path().display().to_string()),
        other => panic!("two processes would share it: {:?}", other.map(|_| ())),
    }
    drop(held);
    Directory::open(disk, IDENTITY).expect("it is free again");
}

/// R6 on a real file system: point `ENGINE_SMALL_DISK` at a directory on one of about 16 MB.
#[test]
fn r6_a_real_full_disk_stops_the_log_and_loses_nothing() {
    let Ok(small) = std::env::var("ENGINE_SMALL_DISK") else {
        println!("skipped: mount a file system of 16 MB and set ENGINE_SMALL_DISK to it");
        return;
    };
    let place = tempfile::tempdir_in(small).expect("the small disk can be written");
    let ballast = place.path().join("ballast");
    std::fs::write(&ballast, vec![1; 6 << 20]).expect("the small disk takes 6 MB");
    let disk = Disk::open(place.path().join("data")).expect("a directory can be made");
    let (directory, mut writer, _) =
        open(disk.clone(), &options(1 << 20)).expect("there is room for a segment");
    let mut next = 1;
    let stopped = loop {
        let written = writer.write(&batch(HISTORY, next..next + 2_000));
        match written.and_then(|()| Ok(writer.sync()?)) {
            Ok(_) => next += 2_000,
            Err(error) => break error,
        }
    };
    println!(
        "stopped as it should after {}: {stopped}",
        writer.durable_through()
    );
    let acknowledged = writer.durable_through();
    drop((writer, directory));
    std::fs::remove_file(ballast).expect("the ballast is there");
    let (directory, mut writer, recovery) = open(disk, &options(1 << 20)).expect("a full disk is no damage");
    assert!(recovery.end >= acknowledged);
    let end = recovery.end.get();
    writer
        .write(&batch(HISTORY, end + 1..=end + 10))
        .expect("there is room again");
    writer.sync().expect("there is room again");
    read_range(&directory, Stream::Commands, HISTORY, 1, end + 10).expect("nothing is lost or doubled");
}
