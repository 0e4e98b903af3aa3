//! Rules 10: time.

use crate::check;

#[test]
fn what_is_due_happens_before_the_command() {
    check(
        "
        sell 1 5 @ 100 gtd 5s
        ---
        at 4999999999
        buy 2 1 @ 100
        at 5s
        buy 3 1 @ 100
        ",
        "
        accepted 2
        traded 1 x 2: 1 @ 100
        cancelled 1 4 Expired shown 4 @ 100
        accepted 3
        rested 3 1 @ 100
        ",
    );
}

#[test]
fn time_never_goes_back() {
    check(
        "
        at 5s
        tick
        ---
        at 3s
        buy 1 5 @ 100 gtd 4s
        buy 1 5 @ 100 gtd 5s
        switch 7 1s
        ",
        "
        rejected 1 ExpiryInPast
        rejected 1 ExpiryInPast
        switch 7 at 6s
        ",
    );
}

#[test]
fn orders_expire_by_moment_then_instrument_then_age() {
    check(
        "
        list
        list
        buy 1 5 @ 100 gtd 6s in 1
        buy 2 5 @ 100 gtd 6s
        buy 3 5 @ 100 gtd 5s in 1
        buy 4 5 @ 99 gtd 6s
        sell 5 5 stop 90 gtd 6s
        amend 2 price 98
        ---
        at 9s
        tick
        ",
        "
        cancelled 3 5 Expired
        cancelled 4 5 Expired
        cancelled 5 5 Expired
        cancelled 2 5 Expired
        cancelled 1 5 Expired
        ",
    );
}

#[test]
fn no_expired_order_trades() {
    check(
        "
        sell 1 5 @ 100 gtd 5s
        sell 2 5 @ 101
        ---
        at 60s
        buy 3 9 @ 100
        ",
        "
        cancelled 1 5 Expired
        accepted 3
        rested 3 9 @ 100
        ",
    );
}

#[test]
fn at_one_moment_orders_expire_then_switches_fire_then_auctions_end() {
    check(
        "
        list dynamic 100 for 5s
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 3 5 @ 105
        buy 4 5 @ 105
        buy 5 3 @ 104 acct 8
        buy 6 3 @ 103 acct 7
        buy 7 3 @ 102 gtd 5s
        switch 8 5s
        switch 7 5s
        ---
        at 5s
        tick
        ",
        "
        cancelled 7 3 Expired shown 3 @ 102
        cancelled 6 3 CancelAllAfter shown 3 @ 103
        cancelled 5 3 CancelAllAfter shown 3 @ 104
        reduced 4 by 5 @ 105
        reduced 3 by 5 @ 105
        traded 3 x 4: 5 @ 105
        phase continuous
        ",
    );
}

#[test]
fn what_was_due_earlier_happens_earlier() {
    // The auction ends at 5, before the order for it expires at 6.
    check(
        "
        list dynamic 100 for 5s
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 3 5 @ 105 gtd 6s
        buy 4 7 @ 105 gtd 6s
        ---
        at 60s
        tick
        ",
        "
        reduced 4 by 5 @ 105
        reduced 3 by 5 @ 105
        traded 3 x 4: 5 @ 105
        phase continuous
        cancelled 4 2 Expired shown 2 @ 105
        ",
    );
}

#[test]
fn what_is_due_happens_also_before_a_command_with_an_earlier_time() {
    check(
        "
        at 18446744073709551615ns
        sell 1 5 @ 100 acct 7
        switch 7 1ns
        ---
        at 5ns
        tick
        ",
        "cancelled 1 5 CancelAllAfter",
    );
}

#[test]
fn all_that_is_due_at_a_moment_ends_before_anything_follows() {
    // The exits of 1 are armed by its end, and would sell to 5.
    check(
        "
        bracket: buy 1 5 @ 100 gtd 5s | sell 2 5 @ 101 | sell 3 5 stop 90
        sell 4 2 @ 100
        buy 5 3 @ 101 gtd 5s
        ---
        at 5s
        tick
        ",
        "
        cancelled 1 3 Expired shown 3 @ 100
        cancelled 5 3 Expired shown 3 @ 101
        armed 2 2
        armed 3 2
        rested 2 2 @ 101
        ",
    );
}
