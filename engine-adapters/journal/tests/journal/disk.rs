//! The same journal on the real disk.

use std::path::{Path, PathBuf};
use std::process::Command;

use engine_core::Seq;
use engine_journal::{AppendError, Directory, Disk, Journal, OpenError, Stream};

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

/// R6 on real file systems of 16 MB. They are mounted where that is allowed; `ENGINE_SMALL_DISK` names a directory on one that is
/// mounted already.
#[test]
fn r6_a_real_full_disk_stops_the_log_and_loses_nothing() {
    if let Ok(small) = std::env::var("ENGINE_SMALL_DISK") {
        return fill_up(Path::new(&small));
    }
    for kind in [SmallDisk::EXT4, SmallDisk::TMPFS] {
        match SmallDisk::mount(kind) {
            Ok(small) => fill_up(&small.directory()),
            Err(reason) => println!(
                "skipped: {reason}; run it as root, or mount a file system of 16 MB and set ENGINE_SMALL_DISK to it"
            ),
        }
    }
}

fn fill_up(small: &Path) {
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
    let acknowledged = writer.durable_through();
    println!(
        "{}: stopped as it should after {acknowledged}: {stopped}",
        small.display()
    );
    assert!(matches!(stopped, AppendError::Stopped(_)), "{stopped}");
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

/// A file system of 16 MB, mounted for as long as this lives.
struct SmallDisk {
    place: tempfile::TempDir,
}

impl SmallDisk {
    const EXT4: &str = "ext4";
    const TMPFS: &str = "tmpfs";

    fn mount(kind: &str) -> Result<Self, String> {
        let place = tempfile::tempdir().expect("there is a temporary directory");
        let small = Self { place };
        std::fs::create_dir(small.directory()).expect("the temporary directory can be written");
        let (directory, image) = (small.directory(), small.place.path().join("image"));
        let (directory, image) = (path_text(&directory), path_text(&image));
        if kind == Self::TMPFS {
            run("mount", &["-t", "tmpfs", "-o", "size=16m", "tmpfs", directory])?;
        } else {
            let file = std::fs::File::create(image).expect("the temporary directory can be written");
            file.set_len(16 << 20)
                .expect("the temporary directory can be written");
            run("mkfs.ext4", &["-q", "-F", image])?;
            run("mount", &["-o", "loop", image, directory])?;
        }
        Ok(small)
    }

    fn directory(&self) -> PathBuf {
        self.place.path().join("mounted")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Where it was not mounted there is nothing to do, and nobody to tell.
        let _ = run("umount", &[path_text(&self.directory())]);
    }
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("temporary directories have names of text")
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Err(format!("{program}: {error}")),
    }
}
