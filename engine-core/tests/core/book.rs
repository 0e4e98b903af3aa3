//! Rules 1: the book.

use crate::check;

#[test]
fn a_better_price_trades_first() {
    check(
        "
        sell 1 5 @ 101
        sell 2 5 @ 100
        ---
        buy 3 6 @ 101
        ",
        "
        accepted 3
        traded 2 x 3: 5 @ 100
        traded 1 x 3: 1 @ 101
        ",
    );
}

#[test]
fn older_order_at_a_price_trades_first() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 100
        ---
        buy 3 7 @ 100
        ",
        "
        accepted 3
        traded 1 x 3: 5 @ 100
        traded 2 x 3: 2 @ 100
        ",
    );
}

#[test]
fn what_nobody_sees_stands_behind_what_is_displayed_at_its_price() {
    check(
        "
        sell 1 5 @ 100 hidden
        sell 2 5 @ 100 aon
        sell 3 5 @ 100
        ---
        buy 4 15 @ 100
        ",
        "
        accepted 4
        traded 3 x 4: 5 @ 100 buy displayed
        traded 1 x 4: 5 @ 100 buy undisplayed
        traded 2 x 4: 5 @ 100 buy undisplayed
        ",
    );
}

#[test]
fn every_entry_into_a_queue_is_said_with_what_it_displays() {
    check(
        "
        buy 1 5 @ 100
        buy 2 5 @ 100 hidden
        buy 3 5 @ 100 iceberg 2
        buy 4 5 @ 100 aon
        buy 5 5 peg primary
        ",
        "
        accepted 1
        rested 1 5 @ 100 buy
        accepted 2
        rested 2 0 @ 100 buy
        accepted 3
        rested 3 2 @ 100 buy
        accepted 4
        rested 4 0 @ 100 buy
        accepted 5
        rested 5 0 @ 100 buy
        ",
    );
}

#[test]
fn an_iceberg_displays_its_part_or_what_is_left_of_it() {
    check(
        "
        sell 1 5 @ 100 iceberg 2
        ---
        buy 2 1 @ 100
        cancel 1
        ",
        "
        accepted 2
        traded 1 x 2: 1 @ 100
        cancelled 1 4 User shown 1 @ 100
        ",
    );
}

#[test]
fn pegs_follow_displayed_quantity_only() {
    check(
        "
        buy 1 5 @ 99
        buy 2 5 @ 100 hidden
        ---
        buy 3 5 peg primary
        ",
        "
        accepted 3
        rested 3 0 @ 99
        ",
    );
}

#[test]
fn no_command_ends_with_displayed_orders_that_reach_each_other() {
    // The part of 2 that is left rests at its own limit, which no seller is below any more.
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 102
        buy 3 8 @ 101
        sell 4 9 @ 99
        ",
        "
        accepted 1
        rested 1 5 @ 100
        accepted 2
        rested 2 5 @ 102
        accepted 3
        traded 1 x 3: 5 @ 100
        rested 3 3 @ 101
        accepted 4
        traded 3 x 4: 3 @ 101
        rested 4 6 @ 99
        ",
    );
}

#[test]
fn no_more_orders_live_than_may() {
    check(
        "
        engine orders 2
        list
        list
        buy 1 5 @ 100
        sell 2 5 stop 90 in 1
        ---
        buy 3 5 @ 100
        sell 4 5 @ 100 ioc
        cancel 1
        buy 3 5 @ 100
        oco: buy 5 5 @ 99 | buy 6 5 stop 105
        ",
        "
        rejected 3 BookFull
        rejected 4 BookFull
        cancelled 1 5 User
        accepted 3
        rested 3 5 @ 100
        rejected 5 BookFull
        ",
    );
}

#[test]
fn a_side_holds_no_more_than_the_greatest_quantity() {
    check(
        "
        buy 1 MAX-5 @ 100
        sell 2 MAX @ 200
        ---
        buy 3 6 @ 100
        buy 4 3 stop 300
        buy 5 3 @ 100
        buy 6 2 @ 100
        amend 6 qty 3
        amend 1 qty MAX-6
        amend 6 qty 3
        ",
        "
        rejected 3 BookFull
        accepted 4
        terms 4 gtc trigger 300
        rejected 5 BookFull
        accepted 6
        rested 6 2 @ 100
        rejected 6 BookFull Amend
        amended 1 9223372036854775801 @ 100 kept
        reduced 1 by 1 @ 100
        pulled 6 2 @ 100
        amended 6 3 @ 100 lost
        rested 6 3 @ 100
        ",
    );
}

#[test]
fn the_two_sides_and_other_instruments_have_room_of_their_own() {
    check(
        "
        list
        list
        buy 1 MAX @ 100
        ---
        sell 2 MAX @ 200
        buy 3 MAX @ 100 in 1
        ",
        "
        accepted 2
        rested 2 9223372036854775807 @ 200
        accepted 3
        rested 3 9223372036854775807 @ 100 buy in 1
        ",
    );
}

#[test]
fn arrival_counts_acceptances_and_is_new_where_the_place_is_lost() {
    // 1 loses its place by the amend and 3 by being triggered, so the oldest are 2, 4, 1, 3.
    check(
        "
        list
        list trigger mark
        buy 1 5 @ 90 acct 7
        buy 2 5 @ 91 acct 7
        buy 3 5 stop 120 @ 95 acct 7 in 1
        buy 4 5 @ 92 acct 7
        amend 1 price 93
        mark 120 in 1
        ---
        mass-cancel acct 7
        ",
        "
        cancelled 2 5 MassCancel
        cancelled 4 5 MassCancel
        cancelled 1 5 MassCancel
        cancelled 3 5 MassCancel
        ",
    );
}
