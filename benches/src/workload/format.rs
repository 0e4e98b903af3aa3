use super::command::{Command, Header, Kind, Workload};
use engine_core::Side;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use thiserror::Error;

/// The first eight bytes of every workload file: `LOBWL1`, little-endian.
const MAGIC: u64 = 0x314C_5742_4F4C;

/// The size of the header, and of eight bytes of it for each of its fields.
const HEADER_BYTES: usize = 64;

/// The size of one command.
const RECORD_BYTES: usize = 32;

/// How many commands are read at a time.
const RECORDS_AT_ONCE: u64 = 32_768;

/// Why bytes are not a workload.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Reading failed, or the file ends too early.
    #[error("the workload cannot be read")]
    Io(#[from] io::Error),
    /// The file starts with something else.
    #[error("this is no workload: it starts with {found:#x}, not with {MAGIC:#x}")]
    Magic {
        /// The first eight bytes.
        found: u64,
    },
    /// More symbols than a record can name, or none.
    #[error("{found} symbols; there can be 1 to 65536")]
    Symbols {
        /// What the header says.
        found: u64,
    },
    /// A command of no known kind.
    #[error("command {index} is of kind {found}; there are 0 to 4")]
    Kind {
        /// Which command, counted from 0.
        index: u64,
        /// The byte.
        found: u8,
    },
    /// Neither buy nor sell.
    #[error("command {index} has side {found}; there are 0 and 1")]
    Side {
        /// Which command, counted from 0.
        index: u64,
        /// The byte.
        found: u8,
    },
    /// A command for an instrument that the header does not count.
    #[error("command {index} is for symbol {found} of {symbols}")]
    Symbol {
        /// Which command, counted from 0.
        index: u64,
        /// The instrument.
        found: u16,
        /// How many there are.
        symbols: u64,
    },
    /// A command for an order beyond the largest id of the header.
    #[error("command {index} is for order {found}; the ids end at {max_id}")]
    Id {
        /// Which command, counted from 0.
        index: u64,
        /// The id.
        found: u64,
        /// The largest id.
        max_id: u64,
    },
}

impl Workload {
    /// Reads a workload: a header of 64 bytes, then 32 bytes for each command, all little-endian.
    ///
    /// # Errors
    /// When the bytes end early or say something that no contender could replay.
    pub fn read_from(source: &mut impl Read) -> Result<Self, FormatError> {
        let mut bytes = [0; HEADER_BYTES];
        source.read_exact(&mut bytes)?;
        let header = header_from(&bytes)?;
        let mut commands = Vec::new();
        let mut chunk = Vec::new();
        let mut left = header.prefill.saturating_add(header.commands);
        while left > 0 {
            let count = left.min(RECORDS_AT_ONCE);
            chunk.resize(count as usize * RECORD_BYTES, 0);
            source.read_exact(&mut chunk)?;
            for record in chunk.chunks_exact(RECORD_BYTES) {
                let command = command_from(record, commands.len() as u64)?;
                check(&command, commands.len() as u64, &header)?;
                commands.push(command);
            }
            left -= count;
        }
        Ok(Self { header, commands })
    }

    /// Writes the workload as [`Self::read_from`] reads it.
    ///
    /// # Errors
    /// Those of the destination.
    pub fn write_to(&self, destination: &mut impl Write) -> io::Result<()> {
        destination.write_all(&header_bytes(&self.header))?;
        let mut bytes = Vec::with_capacity(RECORDS_AT_ONCE as usize * RECORD_BYTES);
        for commands in self.commands.chunks(RECORDS_AT_ONCE as usize) {
            bytes.clear();
            for command in commands {
                bytes.extend_from_slice(&record_bytes(command));
            }
            destination.write_all(&bytes)?;
        }
        Ok(())
    }

    /// The SHA-256 of the file that [`Self::write_to`] would write, in hexadecimal.
    pub fn checksum(&self) -> String {
        let mut hashing = Hashing(Sha256::new());
        self.write_to(&mut hashing).expect("hashing accepts every byte");
        hashing
            .0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// A destination that keeps no byte of what is written to it, only the sum.
struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn header_from(bytes: &[u8; HEADER_BYTES]) -> Result<Header, FormatError> {
    let found = word(bytes, 0);
    if found != MAGIC {
        return Err(FormatError::Magic { found });
    }
    let header = Header {
        symbols: word(bytes, 8),
        prefill: word(bytes, 16),
        commands: word(bytes, 24),
        max_id: word(bytes, 32),
        min_price: word(bytes, 40).cast_signed(),
        max_price: word(bytes, 48).cast_signed(),
        traded: word(bytes, 56),
    };
    if !(1..=1 << u16::BITS).contains(&header.symbols) {
        return Err(FormatError::Symbols {
            found: header.symbols,
        });
    }
    Ok(header)
}

fn header_bytes(header: &Header) -> [u8; HEADER_BYTES] {
    let words = [
        MAGIC,
        header.symbols,
        header.prefill,
        header.commands,
        header.max_id,
        header.min_price.cast_unsigned(),
        header.max_price.cast_unsigned(),
        header.traded,
    ];
    let mut bytes = [0; HEADER_BYTES];
    for (field, word) in bytes.chunks_exact_mut(8).zip(words) {
        field.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

fn command_from(record: &[u8], index: u64) -> Result<Command, FormatError> {
    let kind = match record[0] {
        0 => Kind::Add,
        1 => Kind::Cancel,
        2 => Kind::Ioc,
        3 => Kind::Reduce,
        4 => Kind::Reprice,
        found => return Err(FormatError::Kind { index, found }),
    };
    let side = match record[1] {
        0 => Side::Buy,
        1 => Side::Sell,
        found => return Err(FormatError::Side { index, found }),
    };
    let low = word(record, 0);
    Ok(Command {
        kind,
        side,
        symbol: (low >> 16) as u16,
        quantity: (low >> 32) as u32,
        id: word(record, 8),
        price: word(record, 16).cast_signed(),
        traded: word(record, 24),
    })
}

fn record_bytes(command: &Command) -> [u8; RECORD_BYTES] {
    let kind = match command.kind {
        Kind::Add => 0,
        Kind::Cancel => 1,
        Kind::Ioc => 2,
        Kind::Reduce => 3,
        Kind::Reprice => 4,
    };
    let side = match command.side {
        Side::Buy => 0,
        Side::Sell => 1,
    };
    let mut record = [0; RECORD_BYTES];
    record[0] = kind;
    record[1] = side;
    record[2..4].copy_from_slice(&command.symbol.to_le_bytes());
    record[4..8].copy_from_slice(&command.quantity.to_le_bytes());
    record[8..16].copy_from_slice(&command.id.to_le_bytes());
    record[16..24].copy_from_slice(&command.price.to_le_bytes());
    record[24..].copy_from_slice(&command.traded.to_le_bytes());
    record
}

/// Contenders size their tables by the header, so a command must not reach beyond it.
fn check(command: &Command, index: u64, header: &Header) -> Result<(), FormatError> {
    let Command { symbol, id, .. } = *command;
    if u64::from(symbol) >= header.symbols {
        return Err(FormatError::Symbol {
            index,
            found: symbol,
            symbols: header.symbols,
        });
    }
    if id > header.max_id {
        return Err(FormatError::Id {
            index,
            found: id,
            max_id: header.max_id,
        });
    }
    Ok(())
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("a slice of eight bytes"))
}
