//! The bytes of each version, frozen. A line of a fixture is the hexadecimal form of the sample with its number; new
//! samples come at the end of both, and nothing that stands there changes.

use engine_wire::{decode_command, decode_events, encode_command, encode_events};

use crate::samples;

const COMMANDS_V1: &str = include_str!("fixtures/commands-v1.hex");
const EVENTS_V1: &str = include_str!("fixtures/events-v1.hex");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().collect();
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("a fixture is ASCII");
        u8::from_str_radix(pair, 16).expect("a fixture is hexadecimal")
    };
    digits.chunks(2).map(byte).collect()
}

#[test]
fn commands_of_version_1_are_written_and_read_as_ever() {
    let samples = samples::commands();
    let written: Vec<_> = samples
        .iter()
        .map(|command| {
            let mut bytes = Vec::new();
            encode_command(command, &mut bytes);
            hex(&bytes)
        })
        .collect();
    assert_eq!(written.join("\n"), COMMANDS_V1.trim_end());
    let read = COMMANDS_V1
        .lines()
        .map(|line| decode_command(1, &unhex(line)).expect("a command of version 1"));
    assert_eq!(read.collect::<Vec<_>>(), samples);
}

#[test]
fn events_of_version_1_are_written_and_read_as_ever() {
    let samples = samples::events();
    let written: Vec<_> = samples
        .iter()
        .map(|event| {
            let mut bytes = Vec::new();
            encode_events(&[*event], &mut bytes);
            hex(&bytes)
        })
        .collect();
    assert_eq!(written.join("\n"), EVENTS_V1.trim_end());
    let mut read = Vec::new();
    for line in EVENTS_V1.lines() {
        decode_events(1, &unhex(line), &mut read).expect("an event of version 1");
    }
    assert_eq!(read, samples);
}

/// The one that is written out here by hand, field by field, from the tables of the format.
#[test]
fn a_limit_order_is_these_bytes() {
    let by_hand = [
        "01",               // a new order
        "06000000",         // flags: a buy, and a limit order, whose number 3 stands from bit 1 on
        "00000000",         // instrument 0
        "0100000000000000", // order 1
        "0500000000000000", // 5 lots
        "e803000000000000", // 1,000 ticks
    ];
    assert_eq!(COMMANDS_V1.lines().nth(2), Some(&*by_hand.concat()));
}
