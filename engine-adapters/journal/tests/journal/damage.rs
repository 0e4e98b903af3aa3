//! R3, R4 and R5: damage is found wherever it is, and never read as something else.

use engine_core::Seq;
use engine_journal::simulation::{Random, SimulatedDisk};
use engine_journal::{Damage, DamageCause, Directory, Identity, LogOptions, OpenError, ReadError, Stream};

use crate::support::{
    IDENTITY, batch, closed_log, open, options, payload, read_all, seed, soak, write_groups,
};

const HISTORY: u64 = 30;
const LAST: u64 = 52;
const SECTOR: usize = 512;
/// Eight sectors: small enough that every bit can be tried.
const SEGMENT: u64 = 4 << 10;
const SAMPLES: [&str; 3] = [
    "commands-0000000001.log",
    "commands-0000000002.log",
    "commands-0000000003.log",
];

/// Three segments, the last one half full, cleanly closed.
fn sample() -> SimulatedDisk {
    let disk = closed_log(&options(SEGMENT), HISTORY, LAST, 3);
    let bytes = |name| disk.read_file(name).expect("there are three segments");
    assert!(
        bytes(SAMPLES[2])[SECTOR..].iter().any(|byte| *byte != 0),
        "the last segment is in use"
    );
    assert_eq!(
        disk.read_file("commands-0000000004.log"),
        None,
        "three segments are enough"
    );
    disk
}

/// What reading everything says; it must not be a wrong state, which `read_all` checks.
fn found(disk: &SimulatedDisk) -> Option<Damage> {
    match read_all(disk, &options(SEGMENT), HISTORY, 1) {
        Ok(end) => {
            assert_eq!(end, LAST, "a log that reads well is whole");
            None
        }
        Err(OpenError::Read(ReadError::Damage(damage))) => Some(damage),
        Err(error) => panic!("damage was expected, not {error}"),
    }
}

fn changed(disk: &SimulatedDisk, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> SimulatedDisk {
    let copy = disk.restart();
    let mut bytes = copy.read_file(name).expect("the file is there");
    change(&mut bytes);
    copy.write_file(name, bytes);
    copy
}

#[test]
fn r3_every_flipped_bit_of_three_segments_is_found_where_it_is() {
    let disk = sample();
    assert_eq!(found(&disk), None);
    for name in SAMPLES {
        for bit in 0..SEGMENT as usize * 8 {
            let flipped = changed(&disk, name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            let damage = found(&flipped).unwrap_or_else(|| panic!("bit {bit} of {name} was not found"));
            assert_eq!(damage.file, name, "bit {bit}");
            let sector = (bit / 8 / SECTOR * SECTOR) as u64;
            assert_eq!(damage.offset, sector, "bit {bit} of {name}: {damage}");
            assert!(
                damage.sequence.is_some_and(|sequence| sequence.get() <= LAST + 1),
                "bit {bit} of {name}: {damage}"
            );
            assert!(
                damage.to_string().contains("exchange-server journal verify"),
                "{damage}"
            );
        }
    }
}

/// The check values of a large segment are tried bit by bit in the crate; here its outcome as a user sees it.
#[test]
fn r3_random_flips_of_a_large_log_are_found_where_they_are() {
    let seed = seed("r3", 31);
    let mut random = Random::new(seed);
    let options = options(256 << 10);
    let disk = closed_log(&options, HISTORY, 8_000, 60);
    let names: Vec<String> = (1..)
        .map(|n| format!("commands-{n:010}.log"))
        .take_while(|n| disk.read_file(n).is_some())
        .collect();
    assert!(names.len() > 2, "the log has several segments");
    for _ in 0..300 {
        let name = &names[random.below(names.len() as u64) as usize];
        let bit = random.below((256 << 10) * 8) as usize;
        let flipped = changed(&disk, name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        match read_all(&flipped, &options, HISTORY, 1) {
            Err(OpenError::Read(ReadError::Damage(damage))) => {
                assert_eq!(
                    (&damage.file, damage.offset),
                    (name, (bit / 8 / SECTOR * SECTOR) as u64)
                );
            }
            other => panic!("bit {bit} of {name}: {other:?}"),
        }
    }
}

#[test]
fn r3_every_flipped_bit_of_the_small_files_is_found() {
    let disk = sample();
    {
        let directory = Directory::open(disk.clone(), IDENTITY).expect("it is whole");
        directory
            .cursors()
            .advance("redis", Seq::new(9))
            .expect("a disk without faults");
    }
    for (name, from, to) in [("journal.id", 0, SECTOR), ("commands.mark", 0, SECTOR)] {
        for bit in from * 8..to * 8 {
            let flipped = changed(&disk, name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            let damage = found(&flipped).unwrap_or_else(|| panic!("bit {bit} of {name} was not found"));
            assert_eq!(damage.file, name);
        }
    }
    for bit in 0..SECTOR * 8 {
        let flipped = changed(&disk, "cursor-redis.cur", |bytes| {
            bytes[bit / 8] ^= 1 << (bit % 8)
        });
        let directory = Directory::open(flipped, IDENTITY).expect("the cursor is read later");
        directory
            .cursors()
            .position("redis")
            .expect_err("a flipped bit is found");
        directory
            .cursors()
            .slowest()
            .expect_err("retention does not run on a guess");
    }
}

/// Gives every sector of a segment the check value that its bytes should have.
fn forge_check_values(bytes: &mut [u8]) {
    let seed = crc32c::crc32c(&bytes[..SECTOR - 4]);
    bytes[SECTOR - 4..SECTOR].copy_from_slice(&seed.to_le_bytes());
    for (index, sector) in (1_u32..).zip(bytes[SECTOR..].chunks_mut(SECTOR)) {
        if sector.iter().any(|byte| *byte != 0) {
            let placed = crc32c::crc32c_append(seed, &index.to_le_bytes());
            let checksum = crc32c::crc32c_append(placed, &sector[4..]);
            sector[..4].copy_from_slice(&checksum.to_le_bytes());
        }
    }
}

#[test]
fn r3_changes_that_the_check_values_of_sectors_do_not_show_are_still_no_wrong_state_and_no_panic() {
    let seed = seed("r3-forged", 33);
    let mut random = Random::new(seed);
    let disk = sample();
    let mut changed_state = 0;
    for _ in 0..20_000 * soak() {
        let name = SAMPLES[random.below(3) as usize];
        let copy = changed(&disk, name, |bytes| {
            // Mostly in the headers of segment, sectors and records, where single fields decide.
            let at = match random.below(3) {
                0 => random.below(64),
                1 => random.below(8) * SECTOR as u64 + random.below(48),
                _ => random.below(SEGMENT),
            } as usize;
            let value = if random.one_in(2) {
                0xff
            } else {
                random.next_u64() as u8
            };
            let length = 1 + random.below(8) as usize;
            bytes[at..(at + length).min(SEGMENT as usize)].fill(value);
            // A length that is possible is believed, and a gigabyte of zeros teaches nothing.
            if bytes[30..32] != [0, 0] {
                bytes[28..32].fill(0xff);
            }
            forge_check_values(bytes);
        });
        match read_all(&copy, &options(SEGMENT), HISTORY, 1) {
            Ok(end) => assert_eq!(end, LAST, "ENGINE_SEED={seed}"),
            Err(_) => changed_state += 1,
        }
        let directory = Directory::open(copy, IDENTITY).expect("the directory is whole");
        // Whatever it says, it must say it and not panic.
        let _ = directory.verify(|_| ());
    }
    assert!(changed_state > 10_000, "{changed_state} changes are too few");
}

#[test]
fn r4_sectors_zeroed_swapped_or_repeated_are_found() {
    let disk = sample();
    let sectors = SEGMENT as usize / SECTOR;
    let mut tried = 0;
    for name in SAMPLES {
        let whole = disk.read_file(name).expect("the segment is there");
        let mut check = |what: &str, bytes: Vec<u8>| {
            if bytes == whole {
                return;
            }
            tried += 1;
            let copy = disk.restart();
            copy.write_file(name, bytes);
            let damage = found(&copy).unwrap_or_else(|| panic!("{what} of {name} was not found"));
            assert_eq!(damage.file, name, "{what}");
        };
        for one in 0..sectors {
            let at = |sector: usize| sector * SECTOR..(sector + 1) * SECTOR;
            let mut bytes = whole.clone();
            bytes[at(one)].fill(0);
            check(&format!("sector {one} zeroed"), bytes);
            for other in 0..sectors {
                let mut bytes = whole.clone();
                bytes.copy_within(at(one), other * SECTOR);
                check(&format!("sector {one} repeated at {other}"), bytes);
                let mut bytes = whole.clone();
                bytes.copy_within(at(one), other * SECTOR);
                bytes[at(one)].copy_from_slice(&whole[at(other)]);
                check(&format!("sectors {one} and {other} swapped"), bytes);
            }
        }
    }
    assert!(tried > 200, "{tried} changes are too few");
}

#[test]
fn r5_a_missing_segment_is_named_with_the_sequence_that_is_lost() {
    let disk = sample();
    let firsts = SAMPLES.map(|name| {
        let bytes = disk.read_file(name).expect("the segment is there");
        u64::from_le_bytes(bytes[40..48].try_into().expect("8 bytes")) + 1
    });
    for (name, first) in SAMPLES.iter().zip(firsts) {
        let copy = disk.restart();
        assert!(copy.remove_file(name));
        let damage = found(&copy).expect("a missing segment is damage");
        assert_eq!(
            (damage.file.as_str(), damage.cause),
            (*name, DamageCause::Missing)
        );
        assert_eq!(damage.sequence, Some(Seq::new(first)));
        assert!(damage.help().contains("put the missing"), "{}", damage.help());
    }
    let copy = disk.restart();
    SAMPLES.iter().for_each(|name| assert!(copy.remove_file(name)));
    assert_eq!(
        found(&copy).expect("no segment is damage").cause,
        DamageCause::Missing
    );
}

/// Even after a power cut that took the running mark along: that a segment began is noted durably.
#[test]
fn r5_the_newest_segment_missing_is_found_without_the_running_mark() {
    let disk = SimulatedDisk::new();
    let (_directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
    write_groups(&mut writer, HISTORY, 1, LAST, 3);
    let copy = changed(&disk, "commands.mark", |bytes| bytes[4096..].fill(0xff));
    assert!(copy.remove_file(SAMPLES[2]));
    let damage = found(&copy).expect("a missing segment is damage");
    assert_eq!(
        (damage.file.as_str(), damage.cause),
        (SAMPLES[2], DamageCause::Missing)
    );
}

#[test]
fn r5_segments_that_changed_places_are_found() {
    let disk = sample();
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let copy = disk.restart();
        let bytes = |i: usize| disk.read_file(SAMPLES[i]).expect("the segment is there");
        copy.write_file(SAMPLES[one], bytes(other));
        copy.write_file(SAMPLES[other], bytes(one));
        assert_eq!(
            found(&copy).expect("swapped segments are damage").cause,
            DamageCause::Misnamed
        );
    }
}

#[test]
fn r5_a_segment_or_mark_from_an_old_backup_is_found() {
    let disk = SimulatedDisk::new();
    let (directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("an empty disk opens");
    let mut backups = Vec::new();
    for first in (1..=LAST).step_by(3) {
        write_groups(&mut writer, HISTORY, first, (first + 2).min(LAST), 3);
        backups.push(disk.restart());
    }
    writer.close().expect("a disk without faults");
    drop(directory);
    let disk = disk.restart();
    let mut tried = 0;
    for (name, backup) in SAMPLES
        .iter()
        .flat_map(|name| backups.iter().map(move |backup| (name, backup)))
    {
        let Some(old) = backup
            .read_file(name)
            .filter(|old| Some(old) != disk.read_file(name).as_ref())
        else {
            continue;
        };
        let copy = disk.restart();
        copy.write_file(name, old);
        let damage = found(&copy).expect("an old segment is damage");
        assert_eq!(
            (damage.file.as_str(), damage.cause),
            (*name, DamageCause::Unwritten),
            "{damage}"
        );
        tried += 1;
    }
    assert!(tried >= 15, "{tried} old segments are too few");
}

#[test]
fn r5_a_segment_of_another_history_does_not_follow() {
    let disk = sample();
    let other = closed_log(&options(SEGMENT), HISTORY + 1, LAST, 3);
    for name in &SAMPLES[..2] {
        let copy = disk.restart();
        copy.write_file(name, other.read_file(name).expect("the other history is as long"));
        let (directory, _writer, recovery) =
            open(copy, &options(SEGMENT)).expect("its newest segment is whole");
        let mut reader = directory
            .reader(Stream::Commands, Seq::new(1))
            .expect("it starts well");
        let error = loop {
            match reader.next(recovery.end) {
                Ok(Some(_)) => {}
                Ok(None) => panic!("records of two histories were read as one"),
                Err(error) => break error,
            }
        };
        let ReadError::Damage(damage) = error else {
            panic!("damage was expected, not {error}")
        };
        assert_eq!(damage.cause, DamageCause::Discontinuous, "{damage}");
    }
}

/// Two logs that are one up to command 45, and then differ: in bytes but not in length, or in their groups.
#[test]
fn r5_the_newest_segment_of_a_history_that_parted_late_is_refused_by_the_mark() {
    let common = closed_log(&options(SEGMENT), HISTORY, 45, 3);
    let parted = |payload: &[u8]| {
        let disk = common.restart();
        let (_directory, mut writer, _) = open(disk.clone(), &options(SEGMENT)).expect("it is whole");
        let mut batch = engine_journal::Batch::new();
        batch
            .push_whole(Seq::new(46), Default::default(), 1, payload)
            .expect("it follows");
        writer.write(&batch).expect("a disk without faults");
        writer.close().expect("a disk without faults");
        disk.restart()
    };
    let newest = |disk: &SimulatedDisk| disk.read_file(SAMPLES[2]).expect("it is there");
    for other in [parted(&[2; 40]), parted(&[2; 1000])] {
        let disk = parted(&[1; 40]);
        disk.write_file(SAMPLES[2], newest(&other));
        let opened = open(disk, &options(SEGMENT)).map(|_| ());
        let Err(OpenError::Read(ReadError::Damage(damage))) = opened else {
            panic!("{opened:?}")
        };
        assert_eq!(
            (damage.file.as_str(), damage.cause),
            (SAMPLES[2], DamageCause::OtherHistory)
        );
    }
}

#[test]
fn a_file_of_another_journal_or_shard_is_refused() {
    let disk = sample();
    for identity in [
        Identity {
            journal: 7,
            ..IDENTITY
        },
        Identity { shard: 4, ..IDENTITY },
    ] {
        let other = SimulatedDisk::new();
        {
            let directory = Directory::open(other.clone(), identity).expect("an empty disk opens");
            let (mut writer, _) = directory
                .commands(&options(SEGMENT))
                .expect("an empty disk opens");
            writer
                .write(&batch(HISTORY, 1..=2))
                .expect("a disk without faults");
            writer.close().expect("a disk without faults");
            directory
                .cursors()
                .advance("redis", Seq::new(1))
                .expect("a disk without faults");
        }
        for name in [SAMPLES[0], "commands.mark"] {
            let copy = disk.restart();
            copy.write_file(name, other.read_file(name).expect("the file is there"));
            assert_eq!(
                found(&copy).expect("foreign files are damage").cause,
                DamageCause::OtherJournal
            );
        }
        let copy = disk.restart();
        copy.write_file(
            "cursor-redis.cur",
            other.read_file("cursor-redis.cur").expect("the file is there"),
        );
        let directory = Directory::open(copy, IDENTITY).expect("the cursor is read later");
        directory
            .cursors()
            .position("redis")
            .expect_err("foreign files are damage");
    }
}

#[test]
fn a_newer_format_is_refused_by_its_number_and_not_taken_for_damage() {
    let disk = sample();
    for name in ["journal.id", "commands.mark", SAMPLES[1]] {
        let copy = changed(&disk, name, |bytes| {
            bytes[8..10].copy_from_slice(&9_u16.to_le_bytes());
            let checksum = crc32c::crc32c(&bytes[..SECTOR - 4]);
            bytes[SECTOR - 4..SECTOR].copy_from_slice(&checksum.to_le_bytes());
        });
        match read_all(&copy, &options(SEGMENT), HISTORY, 1) {
            Err(OpenError::Read(ReadError::NewerFormat {
                file,
                found: 9,
                supported: 1,
            })) => {
                assert_eq!(file, name);
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn files_that_are_no_journal_are_refused_and_files_of_others_are_left_alone() {
    let disk = sample();
    let copy = changed(&disk, SAMPLES[1], |bytes| {
        bytes[..8].copy_from_slice(b"PK\x03\x04abcd")
    });
    assert_eq!(
        found(&copy).expect("a foreign file is damage").cause,
        DamageCause::NotAJournal
    );
    let copy = disk.restart();
    for name in [
        "notes.txt",
        "commands-1.log",
        "commands-00000000001.log",
        "other-0000000001.log",
    ] {
        copy.write_file(name, b"mine".to_vec());
    }
    assert_eq!(found(&copy), None, "names that only look alike are none of ours");
    assert_eq!(copy.read_file("notes.txt"), Some(b"mine".to_vec()));
}

#[test]
fn a_directory_that_lost_its_identity_or_mark_does_not_start_as_a_new_one() {
    let disk = sample();
    for name in ["journal.id", "commands.mark"] {
        let copy = disk.restart();
        assert!(copy.remove_file(name));
        let damage = found(&copy).expect("a lost file is damage");
        assert_eq!((damage.file.as_str(), damage.cause), (name, DamageCause::Missing));
    }
}

#[test]
fn a_directory_is_refused_while_it_is_in_use_and_for_another_shard() {
    let disk = sample();
    let held = Directory::open(disk.clone(), IDENTITY).expect("it is free");
    assert!(matches!(
        Directory::open(disk.clone(), IDENTITY),
        Err(OpenError::Locked { .. })
    ));
    let message = Directory::open(disk.clone(), IDENTITY)
        .err()
        .map(|error| error.to_string());
    assert!(message.is_some_and(|message| message.contains("in use by another process")));
    let (writer, _) = held.commands(&options(SEGMENT)).expect("it is whole");
    drop(held);
    assert!(
        Directory::open(disk.clone(), IDENTITY).is_err(),
        "a log that is open keeps the lock"
    );
    drop(writer);
    let other = Identity { shard: 9, ..IDENTITY };
    assert!(matches!(
        Directory::open(disk.clone(), other),
        Err(OpenError::OtherShard {
            found: 3,
            wanted: 9,
            ..
        })
    ));
    let renumbered = Identity {
        journal: 1,
        ..IDENTITY
    };
    let directory = Directory::open(disk, renumbered).expect("a journal keeps its number");
    assert_eq!(directory.identity(), IDENTITY);
}

#[test]
fn a_segment_size_that_cannot_be_is_refused() {
    for segment_bytes in [0, 512, 1000, 1025, 1 << 42] {
        let options = LogOptions {
            segment_bytes,
            ..LogOptions::default()
        };
        let opened = open(SimulatedDisk::new(), &options);
        assert!(
            matches!(opened, Err(OpenError::SegmentSize { .. })),
            "{segment_bytes} was taken"
        );
    }
    let (_directory, mut writer, _) =
        open(SimulatedDisk::new(), &options(1024)).expect("two sectors are enough");
    writer.write(&batch(HISTORY, 1..=9)).expect("one group a segment");
    assert_eq!(writer.sync(), Ok(Seq::new(9)));
    assert!(payload(HISTORY, 1).len() < 100);
}
