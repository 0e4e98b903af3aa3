//! Rules 6: pegged orders.

use crate::check;

#[test]
fn a_pegged_order_stands_behind_at_the_price_that_it_follows() {
    check(
        "
        buy 1 5 @ 97
        sell 2 5 @ 104
        ---
        buy 3 5 peg primary
        buy 4 5 peg primary -2
        buy 5 5 peg market -3
        sell 6 5 peg market +2
        sell 7 5 peg primary +1
        ",
        "
        accepted 3
        rested 3 0 @ 97
        accepted 4
        rested 4 0 @ 95
        accepted 5
        rested 5 0 @ 101
        accepted 6
        traded 5 x 6: 5 @ 101
        accepted 7
        rested 7 0 @ 105
        ",
    );
}

#[test]
fn the_middle_is_rounded_away_from_trading() {
    check(
        "
        buy 1 5 @ 97
        sell 2 5 @ 102
        ---
        buy 3 5 peg mid
        sell 4 5 peg mid
        ",
        "
        accepted 3
        rested 3 0 @ 99
        accepted 4
        rested 4 0 @ 100
        ",
    );
    check(
        "
        buy 1 5 @ -102
        sell 2 5 @ -97
        ---
        buy 3 5 peg mid
        sell 4 5 peg mid
        ",
        "
        accepted 3
        rested 3 0 @ -100
        accepted 4
        rested 4 0 @ -99
        ",
    );
}

#[test]
fn a_pegged_order_is_cut_to_its_limit_and_short_of_the_other_side() {
    check(
        "
        buy 1 5 @ 97
        sell 2 5 @ 100
        ---
        buy 3 5 peg primary limit 95
        buy 4 5 peg market
        buy 5 5 peg primary +9
        sell 6 5 peg primary limit 103
        ",
        "
        accepted 3
        rested 3 0 @ 95
        accepted 4
        rested 4 0 @ 99
        accepted 5
        rested 5 0 @ 99
        accepted 6
        rested 6 0 @ 103
        ",
    );
}

#[test]
fn a_pegged_order_without_its_reference_waits_without_a_place() {
    check(
        "
        buy 1 5 peg primary
        buy 2 5 peg market
        buy 3 5 peg mid
        buy 4 5 @ 90
        sell 5 5 @ 110
        cancel 4
        sell 6 15 @ 90 ioc
        ",
        "
        accepted 1
        accepted 2
        accepted 3
        accepted 4
        rested 4 5 @ 90
        rested 1 0 @ 90
        accepted 5
        rested 5 5 @ 110
        rested 2 0 @ 109
        rested 3 0 @ 100
        cancelled 4 5 User
        accepted 6
        terms 6 ioc
        traded 2 x 6: 5 @ 109 sell undisplayed
        cancelled 6 10 IocRemainder
        ",
    );
}

#[test]
fn a_peg_beyond_the_range_of_prices_waits() {
    check(
        "
        buy 1 5 @ MAX-3
        ---
        buy 2 5 peg primary +4
        sell 3 5 @ MAX
        ",
        "
        accepted 2
        accepted 3
        rested 3 5 @ 9007199254740991
        rested 2 0 @ 9007199254740990
        ",
    );
}

#[test]
fn pegs_move_oldest_first_when_a_command_is_done_and_keep_their_place_otherwise() {
    check(
        "
        buy 1 5 @ 97
        buy 2 5 peg primary -1
        buy 3 5 peg primary
        buy 4 5 peg primary limit 96
        ---
        buy 5 5 @ 98
        sell 6 6 @ 96
        ",
        "
        accepted 5
        rested 5 5 @ 98
        rested 2 0 @ 97
        rested 3 0 @ 98
        accepted 6
        traded 5 x 6: 5 @ 98
        traded 3 x 6: 1 @ 98
        rested 2 0 @ 96
        rested 3 0 @ 97
        ",
    );
}

#[test]
fn a_placed_peg_takes_what_it_reaches_behind() {
    check(
        "
        buy 1 5 @ 97
        sell 2 3 @ 99 hidden
        sell 3 5 @ 103
        ---
        buy 4 5 peg mid
        sell 5 5 peg mid
        ",
        "
        accepted 4
        traded 2 x 4: 3 @ 99 buy undisplayed
        rested 4 0 @ 100
        accepted 5
        traded 4 x 5: 2 @ 100 sell undisplayed
        rested 5 0 @ 100
        ",
    );
}

#[test]
fn pegs_are_placed_in_the_continuous_phase_only() {
    check(
        "
        buy 1 5 @ 97
        buy 2 5 peg primary
        phase auction
        ---
        buy 3 5 @ 99
        sell 4 5 @ 97
        uncross
        ",
        "
        accepted 3
        rested 3 5 @ 99
        accepted 4
        rested 4 5 @ 97
        indicative 5 @ 99 imbalance 0
        reduced 3 by 5 @ 99
        reduced 4 by 5 @ 97
        traded 3 x 4: 5 @ 99
        phase continuous
        ",
    );
}

#[test]
fn a_queued_peg_trades_as_a_maker_behind() {
    check(
        "
        buy 1 5 @ 97
        buy 2 5 peg primary
        buy 3 5 @ 97
        ---
        sell 4 12 @ 97
        ",
        "
        accepted 4
        traded 1 x 4: 5 @ 97 sell displayed
        traded 3 x 4: 5 @ 97 sell displayed
        traded 2 x 4: 2 @ 97 sell undisplayed
        ",
    );
}

#[test]
fn a_peg_takes_part_in_no_auction() {
    check(
        "
        buy 1 5 @ 97
        buy 2 5 peg primary
        phase auction
        ---
        sell 3 9 @ 97
        uncross
        ",
        "
        accepted 3
        rested 3 9 @ 97
        indicative 5 @ 97 imbalance -4
        reduced 1 by 5 @ 97
        reduced 3 by 5 @ 97
        traded 1 x 3: 5 @ 97
        phase continuous
        ",
    );
}
