//! Reading one segment, group by group. The only reader of segments: recovery, live readers and tools stand on it.

use std::io;

use crate::directory::Home;
use crate::error::{Damage, DamageCause, Fault, Operation, ReadError};
use crate::format::record::{self, Tip};
use crate::format::sector::{BODY_BYTES, GROUP_SECTORS_MAX, SECTOR_BYTES, Sector, body, classify};
use crate::format::segment::{SegmentHeader, Stream};
use crate::storage::{Storage, StorageFile, read_full};

const WINDOW_SECTORS: usize = 512;

/// What comes next in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole group, whose records are now in `records`.
    Group {
        /// Every sector before this one was durable when the group was written.
        durable_before: u32,
    },
    /// An unwritten sector, where a group should begin or go on.
    Unwritten(u32),
    /// A sector that is neither whole nor unwritten.
    Damaged(u32, DamageCause),
    /// The end of the segment.
    End,
}

/// One open segment and a place in it.
pub(crate) struct SegmentScan<S: Storage> {
    file: S::File,
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    seed: u32,
    /// The first sector of the group that was read last.
    pub(crate) start: u32,
    /// The first sector of the group that comes next.
    pub(crate) next: u32,
    /// The records of the last whole group.
    pub(crate) records: Vec<u8>,
    window: Vec<u8>,
    window_start: u32,
    window_sectors: u32,
}

impl<S: Storage> SegmentScan<S> {
    /// Opens the segment `ordinal` of `stream` and reads its header.
    pub(crate) fn open(home: &Home<S>, stream: Stream, ordinal: u64) -> Result<Self, ReadError> {
        let name = stream.segment_file(ordinal);
        let file = match home.storage.open(&name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Damage::new(&name, 0, None, DamageCause::Missing).into());
            }
            Err(error) => return Err(Fault::new(Operation::Open, &name, &error).into()),
        };
        let mut sector = [0; SECTOR_BYTES];
        let read = read_full(&file, &mut sector, 0).map_err(Fault::at(Operation::Read, &name))?;
        let (header, seed) = SegmentHeader::decode(&name, &sector[..read], home.identity, stream, ordinal)?;
        Ok(Self {
            file,
            name,
            header,
            seed,
            start: 1,
            next: 1,
            records: Vec::new(),
            window: Vec::new(),
            window_start: 0,
            window_sectors: 0,
        })
    }

    pub(crate) fn file(&self) -> &S::File {
        &self.file
    }

    pub(crate) fn into_file(self) -> S::File {
        self.file
    }

    pub(crate) fn seed(&self) -> u32 {
        self.seed
    }

    /// The length of the file, which should be that of the header.
    pub(crate) fn file_bytes(&self) -> Result<u64, Fault> {
        self.file.len().map_err(Fault::at(Operation::Read, &self.name))
    }

    /// Reads the next group into `records` and moves behind it. Anything but a group leaves the place as it is.
    pub(crate) fn step(&mut self) -> Result<Step, Fault> {
        let start = self.next;
        self.records.clear();
        let mut durable_before = start;
        for index in start..self.header.sectors {
            let head = match self.sector(index)? {
                Sector::Unwritten => return Ok(Step::Unwritten(index)),
                Sector::Damaged => return Ok(Step::Damaged(index, DamageCause::Checksum)),
                Sector::Written(head) => head,
            };
            if index == start {
                durable_before = head.durable_before;
            }
            let least_used = if head.is_last { 1 } else { BODY_BYTES };
            let belongs = head.group_start == start
                && head.durable_before == durable_before
                && (1..=start).contains(&durable_before)
                && (!self.header.is_strict || durable_before == start)
                && head.used >= least_used
                && index - start < GROUP_SECTORS_MAX;
            if !belongs {
                return Ok(Step::Damaged(index, DamageCause::Group));
            }
            let at = (index - self.window_start) as usize * SECTOR_BYTES;
            self.records
                .extend_from_slice(body(&head, &self.window[at..at + SECTOR_BYTES]));
            if head.is_last {
                self.start = start;
                self.next = index + 1;
                return Ok(Step::Group { durable_before });
            }
        }
        if start == self.header.sectors {
            return Ok(Step::End);
        }
        Ok(Step::Damaged(self.header.sectors - 1, DamageCause::Group))
    }

    /// Forgets what was read ahead, because the file may have grown since.
    pub(crate) fn refresh(&mut self) {
        self.window_sectors = 0;
    }

    /// Says what sector `index` is; one that the file is too short for counts as unwritten.
    pub(crate) fn sector(&mut self, index: u32) -> Result<Sector, Fault> {
        if index < self.window_start || index >= self.window_start + self.window_sectors {
            self.load(index)?;
        }
        if index >= self.window_start + self.window_sectors {
            return Ok(Sector::Unwritten);
        }
        let at = (index - self.window_start) as usize * SECTOR_BYTES;
        Ok(classify(self.seed, index, &self.window[at..at + SECTOR_BYTES]))
    }

    fn load(&mut self, index: u32) -> Result<(), Fault> {
        let sectors = WINDOW_SECTORS.min((self.header.sectors - index) as usize);
        self.window.resize(sectors * SECTOR_BYTES, 0);
        let offset = u64::from(index) * SECTOR_BYTES as u64;
        let read = read_full(&self.file, &mut self.window, offset)
            .map_err(Fault::at(Operation::Read, &self.name))?;
        self.window_start = index;
        self.window_sectors = (read / SECTOR_BYTES) as u32;
        Ok(())
    }

    /// Takes the records of the current group one after the other, moves `tip` behind them and counts them.
    pub(crate) fn follow(&self, tip: &mut Tip) -> Result<u64, Damage> {
        let mut rest = self.records.as_slice();
        let mut count = 0;
        while !rest.is_empty() {
            let Some(length) = record::unseal(rest, tip) else {
                return Err(self.damage(self.start, *tip, DamageCause::Chain));
            };
            rest = &rest[length..];
            count += 1;
        }
        Ok(count)
    }

    /// Damage at a sector of this segment, behind everything up to `tip`.
    pub(crate) fn damage(&self, sector: u32, tip: Tip, cause: DamageCause) -> Damage {
        Damage::new(&self.name, offset_of(sector), Some(tip.expected()), cause)
    }
}

pub(crate) fn offset_of(sector: u32) -> u64 {
    u64::from(sector) * SECTOR_BYTES as u64
}

#[cfg(test)]
mod tests {
    use engine_core::{Seq, Timestamp};

    use super::*;
    use crate::simulation::{Random, SimulatedDisk};
    use crate::{Batch, Identity, LogOptions};

    /// No larger than the first segment of a log may be.
    const SEGMENT_BYTES: usize = 4 << 20;

    /// A segment of 4 MiB, a tenth of it unwritten, in groups of up to 60 records.
    fn large_segment(disk: &SimulatedDisk) -> crate::Directory<SimulatedDisk> {
        let directory = crate::Directory::open(disk.clone(), Identity { journal: 1, shard: 0 })
            .expect("an empty disk opens");
        let options = LogOptions {
            segment_bytes: SEGMENT_BYTES as u64,
            ..LogOptions::default()
        };
        let (mut writer, _) = directory.commands(&options).expect("an empty disk opens");
        let mut random = Random::new(5);
        let (mut batch, mut next, mut bytes) = (Batch::new(), 1, 0);
        while bytes < SEGMENT_BYTES / 10 * 8 {
            batch.clear();
            for _ in 0..=random.below(60) {
                let payload = vec![next as u8; random.below(200) as usize];
                batch
                    .push_whole(Seq::new(next), Timestamp::ZERO, 1, &payload)
                    .expect("it follows");
                next += 1;
            }
            bytes += batch.bytes();
            writer.write(&batch).expect("a disk without faults");
        }
        writer.close().expect("a disk without faults");
        directory
    }

    /// Where each group begins, and the end of the last one.
    fn group_starts(scan: &mut SegmentScan<SimulatedDisk>) -> Vec<(u32, Tip)> {
        let mut tip = scan.header.start;
        let mut starts = vec![(scan.next, tip)];
        while let Step::Group { .. } = scan.step().expect("a disk without faults") {
            scan.follow(&mut tip).expect("the segment is whole");
            starts.push((scan.next, tip));
        }
        starts
    }

    #[test]
    fn r3_a_hundred_thousand_random_flips_in_a_large_segment_are_each_found_where_they_are() {
        let seed =
            std::env::var("ENGINE_SEED").map_or(32, |text| text.parse().expect("ENGINE_SEED is a number"));
        let soak: u64 =
            std::env::var("ENGINE_SOAK").map_or(1, |text| text.parse().expect("ENGINE_SOAK is a number"));
        println!("r3: ENGINE_SEED={seed}");
        let disk = SimulatedDisk::new();
        let directory = large_segment(&disk);
        let home = directory.home();
        let mut scan = SegmentScan::open(home, Stream::Commands, 1).expect("the segment is whole");
        let starts = group_starts(&mut scan);
        let (end, _) = starts[starts.len() - 1];
        assert!(
            starts.len() > 500 && end < scan.header.sectors,
            "many groups and an unwritten end"
        );
        let mut random = Random::new(seed);
        for _ in 0..100_000 * soak {
            let bit = random.below(SEGMENT_BYTES as u64 * 8) as usize;
            let sector = (bit / 8 / SECTOR_BYTES) as u32;
            disk.flip_bit(&scan.name, bit);
            if sector == 0 {
                SegmentScan::open(home, Stream::Commands, 1)
                    .map(|_| ())
                    .expect_err("the header is damaged");
            } else {
                // Reading gets to every group the same way, so it can begin at the one with the flipped bit.
                let group = starts.partition_point(|(start, _)| *start <= sector) - 1;
                scan.next = starts[group].0;
                scan.refresh();
                let step = scan.step().expect("a disk without faults");
                let found = if sector > end {
                    Step::Unwritten(end)
                } else {
                    Step::Damaged(sector, DamageCause::Checksum)
                };
                assert_eq!(step, found, "bit {bit}");
                assert_eq!(
                    scan.sector(sector).expect("a disk without faults"),
                    Sector::Damaged,
                    "bit {bit}"
                );
            }
            disk.flip_bit(&scan.name, bit);
        }
        scan.next = 1;
        scan.refresh();
        assert_eq!(group_starts(&mut scan), starts, "every bit was put back");
    }
}
