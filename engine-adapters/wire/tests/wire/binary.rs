//! The binary forms: what goes in comes out, and no bytes do harm.

use engine_core::{Event, EventBatch, Place, Seq, Timestamp};
use engine_wire::{
    COMMAND_VERSION, DecodeError, EVENT_VERSION, decode_batch, decode_command, decode_events,
    decode_sequenced, encode_batch, encode_command, encode_events, encode_sequenced,
};
use proptest::prelude::*;

use crate::samples;

#[test]
fn every_command_comes_out_as_it_went_in() {
    for command in samples::commands() {
        let mut bytes = Vec::new();
        encode_command(&command, &mut bytes);
        assert_eq!(decode_command(COMMAND_VERSION, &bytes), Ok(command));
    }
}

#[test]
fn every_event_comes_out_as_it_went_in() {
    let events = samples::events();
    let mut bytes = Vec::new();
    encode_events(&events, &mut bytes);
    let mut decoded = Vec::new();
    assert_eq!(decode_events(EVENT_VERSION, &bytes, &mut decoded), Ok(()));
    assert_eq!(decoded, events);
}

#[test]
fn a_sequenced_command_and_a_batch_need_nothing_beside_them() {
    let (seq, time) = (Seq::new(71), Timestamp::from_nanos(u64::MAX));
    for command in samples::commands() {
        let mut bytes = Vec::new();
        encode_sequenced(seq, time, &command, &mut bytes);
        assert_eq!(decode_sequenced(&bytes), Ok((seq, time, command)));
    }
    let events = samples::events();
    let mut bytes = Vec::new();
    encode_batch(
        EventBatch {
            seq,
            time,
            events: &events,
        },
        &mut bytes,
    );
    let mut decoded = Vec::new();
    assert_eq!(decode_batch(&bytes, &mut decoded), Ok((seq, time)));
    assert_eq!(decoded, events);
}

#[test]
fn an_unknown_version_is_named() {
    for found in [0, 2, u16::MAX] {
        let error = DecodeError::Version { found, newest: 1 };
        assert_eq!(decode_command(found, &[12]), Err(error.clone()));
        assert_eq!(decode_events(found, &[], &mut Vec::new()), Err(error.clone()));
        let mut bytes = found.to_le_bytes().to_vec();
        bytes.extend([0; 17]);
        assert_eq!(decode_sequenced(&bytes), Err(error.clone()));
        assert_eq!(decode_batch(&bytes, &mut Vec::new()), Err(error));
    }
}

#[test]
fn a_cut_command_is_truncated_and_a_longer_one_has_trailing_bytes() {
    for command in samples::commands() {
        let mut bytes = Vec::new();
        encode_command(&command, &mut bytes);
        for length in 0..bytes.len() {
            assert_eq!(
                decode_command(COMMAND_VERSION, &bytes[..length]),
                Err(DecodeError::Truncated)
            );
        }
        bytes.extend([0, 0, 0]);
        assert_eq!(
            decode_command(COMMAND_VERSION, &bytes),
            Err(DecodeError::TrailingBytes(3))
        );
    }
}

#[test]
fn a_list_that_claims_to_be_endless_is_truncated() {
    // The kind of the command, the kind of the list, and a count of 2^32 - 1 orders of which none follows.
    let bytes = [2, 0, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(
        decode_command(COMMAND_VERSION, &bytes),
        Err(DecodeError::Truncated)
    );
}

#[test]
fn events_before_a_broken_one_are_not_appended() {
    let events = samples::events();
    let mut bytes = Vec::new();
    encode_events(&events, &mut bytes);
    bytes.push(0xff);
    let mut decoded = vec![events[0]];
    let error = DecodeError::UnknownTag {
        what: "event",
        tag: 0xff,
    };
    assert_eq!(decode_events(EVENT_VERSION, &bytes, &mut decoded), Err(error));
    assert_eq!(decoded, [events[0]]);
}

/// The bytes of a sample, of which a few are changed: most of them still begin like something real.
fn nearly_real(encoded: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (prop::sample::select(encoded), changes).prop_map(|(mut bytes, changes)| {
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes
    })
}

fn encoded_commands() -> Vec<Vec<u8>> {
    let encode = |command| {
        let mut bytes = Vec::new();
        encode_command(&command, &mut bytes);
        bytes
    };
    samples::commands().into_iter().map(encode).collect()
}

fn encoded_events() -> Vec<Vec<u8>> {
    let encode = |event: Event| {
        let mut bytes = Vec::new();
        encode_events(&[event], &mut bytes);
        bytes
    };
    samples::events().into_iter().map(encode).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_command_comes_out_as_it_went_in(command in samples::any_command()) {
        let mut bytes = Vec::new();
        encode_command(&command, &mut bytes);
        prop_assert_eq!(decode_command(COMMAND_VERSION, &bytes), Ok(command));
    }

    #[test]
    fn bytes_that_are_a_command_are_its_only_bytes(
        bytes in prop_oneof![nearly_real(encoded_commands()), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        if let Ok(command) = decode_command(COMMAND_VERSION, &bytes) {
            let mut again = Vec::new();
            encode_command(&command, &mut again);
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn bytes_that_are_events_are_their_only_bytes(
        bytes in prop_oneof![nearly_real(encoded_events()), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        let mut events = Vec::new();
        if decode_events(EVENT_VERSION, &bytes, &mut events).is_ok() {
            let mut again = Vec::new();
            encode_events(&events, &mut again);
            prop_assert_eq!(again, bytes);
        }
    }
}

#[test]
fn a_plain_order_is_small() {
    let Some(engine_core::Command::Place(place)) = samples::commands().into_iter().nth(2) else {
        panic!("the third sample is a plain order")
    };
    let mut bytes = Vec::new();
    encode_command(
        &engine_core::Command::Place(Place {
            account: Some(samples::account(7)),
            ..place
        }),
        &mut bytes,
    );
    assert_eq!(bytes.len(), 41);
}
