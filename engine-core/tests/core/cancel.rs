//! Rules 11: cancels, mass cancels, switches.

use crate::check;

#[test]
fn a_cancel_says_what_was_left_and_where_it_was_displayed() {
    check(
        "
        buy 1 5 @ 100 acct 7
        buy 2 5 @ 99 hidden
        buy 3 5 stop 110
        sell 4 2 @ 100
        ---
        cancel 1
        cancel 2
        cancel 3
        ",
        "
        cancelled 1 3 User shown 3 @ 100 buy acct 7
        cancelled 2 5 User buy
        cancelled 3 5 User buy
        ",
    );
}

#[test]
fn what_is_not_live_or_not_ones_own_is_not_found() {
    check(
        "
        buy 1 5 @ 100 acct 7 name mine
        ---
        cancel 1 acct 8
        cancel 7/other
        cancel 8/mine
        cancel 7/mine acct 8
        cancel 1 acct 7
        cancel 1
        ",
        "
        rejected 1 OrderNotFound
        rejected 0 OrderNotFound
        rejected 0 OrderNotFound
        rejected 0 OrderNotFound
        cancelled 1 5 User
        rejected 1 OrderNotFound
        ",
    );
}

#[test]
fn an_order_can_be_named_by_its_owners_own_name() {
    check(
        "
        buy 1 5 @ 100 acct 7 name mine
        buy 2 5 @ 100 acct 8 name mine
        ---
        amend 7/mine qty 4
        cancel 7/mine
        buy 3 5 @ 99 acct 7 name mine
        ",
        "
        amended 1 4 @ 100 kept
        reduced 1 by 1 @ 100
        cancelled 1 4 User
        accepted 3
        named 3 mine
        rested 3 5 @ 99
        ",
    );
}

#[test]
fn a_mass_cancel_takes_all_that_match_oldest_first() {
    let setup = "
        list
        list
        buy 1 5 @ 100 acct 7 in 1
        sell 2 5 @ 110 acct 7
        buy 3 5 @ 100 acct 8
        buy 4 5 @ 99 acct 7
        buy 5 5 stop 120 acct 7
        ---
        ";
    for (mass, cancelled) in [
        ("mass-cancel acct 7", vec![1, 2, 4, 5]),
        ("mass-cancel", vec![1, 2, 3, 4, 5]),
        ("mass-cancel in 0", vec![2, 3, 4, 5]),
        ("mass-cancel buy in 0 acct 7", vec![4, 5]),
        ("mass-cancel sell", vec![2]),
        ("mass-cancel acct 9", vec![]),
    ] {
        let lines: String = cancelled
            .iter()
            .map(|order| format!("cancelled {order} 5 MassCancel\n"))
            .collect();
        check(&format!("{setup}{mass}"), &lines);
    }
    check(
        &format!("{setup}mass-cancel sell disconnected\nmass-cancel in 2"),
        "cancelled 2 5 Disconnected\nrejected 0 UnknownInstrument MassCancel",
    );
}

#[test]
fn what_is_linked_to_mass_cancelled_orders_follows_when_all_are_cancelled() {
    check(
        "
        oco: sell 1 5 @ 110 acct 7 | sell 2 5 stop 90 acct 7
        bracket: buy 3 5 @ 100 acct 7 | sell 4 5 @ 120 acct 7 | sell 5 5 stop 80 acct 7
        sell 6 2 @ 100
        ---
        mass-cancel buy acct 7
        mass-cancel acct 7
        ",
        "
        cancelled 3 3 MassCancel
        armed 4 2
        armed 5 2
        rested 4 2 @ 120
        cancelled 1 5 MassCancel
        cancelled 2 5 MassCancel
        cancelled 4 2 MassCancel
        cancelled 5 2 MassCancel
        ",
    );
    check(
        "
        bracket: buy 1 5 @ 100 | sell 2 5 @ 120 | sell 3 5 stop 80
        sell 4 2 @ 100
        ---
        kill all
        ",
        "
        killed all
        cancelled 1 3 Killed
        cancelled 2 5 Killed
        cancelled 3 5 Killed
        ",
    );
}

#[test]
fn a_dead_mans_switch_cancels_unless_it_is_armed_again() {
    check(
        "
        buy 1 5 @ 100 acct 7
        buy 2 5 @ 101 acct 8
        sell 3 5 @ 110 acct 7
        ---
        switch 7 5s
        at 4s
        switch 7 5s
        at 5s
        tick
        at 9s
        tick
        at 20s
        buy 4 5 @ 100 acct 7
        ",
        "
        switch 7 at 5s
        switch 7 at 9s
        cancelled 1 5 CancelAllAfter shown 5 @ 100
        cancelled 3 5 CancelAllAfter shown 5 @ 110
        accepted 4
        rested 4 5 @ 100
        ",
    );
}

#[test]
fn a_dead_mans_switch_can_be_disarmed() {
    check(
        "
        buy 1 5 @ 100 acct 7
        switch 7 5s
        switch 8 5s
        ---
        switch 7 off
        switch 8 0
        switch 9 off
        at 9s
        tick
        ",
        "
        switch 7 off
        switch 8 off
        switch 9 off
        ",
    );
}

#[test]
fn a_killed_account_has_no_orders_and_gets_none() {
    check(
        "
        buy 1 5 @ 100 acct 7
        buy 2 5 @ 100 acct 8
        sell 3 5 stop 90 acct 7
        ---
        kill 7
        buy 4 5 @ 100 acct 7
        buy 4 5 @ 100 acct 8
        kill 7
        cancel 2
        resume 7
        resume 7
        buy 5 5 @ 99 acct 7
        ",
        "
        killed 7
        cancelled 1 5 Killed shown 5 @ 100
        cancelled 3 5 Killed
        rejected 4 Killed
        accepted 4
        rested 4 5 @ 100
        killed 7
        cancelled 2 5 User
        resumed 7
        resumed 7
        accepted 5
        rested 5 5 @ 99
        ",
    );
}

#[test]
fn a_killed_engine_takes_no_orders_whoever_resumes() {
    check(
        "
        buy 1 5 @ 100 acct 7
        buy 2 5 @ 100
        ---
        kill all
        resume 7
        buy 3 5 @ 100
        oco: buy 3 5 @ 100 | buy 4 5 stop 110
        resume all
        buy 3 5 @ 100
        ",
        "
        killed all
        cancelled 1 5 Killed
        cancelled 2 5 Killed
        resumed 7
        rejected 3 Killed Place
        rejected 3 Killed PlaceLinked
        resumed all
        accepted 3
        rested 3 5 @ 100
        ",
    );
}
