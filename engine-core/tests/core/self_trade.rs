//! Rules 5: self-trade prevention.

use crate::check;

#[test]
fn own_orders_have_the_same_account_or_the_same_group() {
    check(
        "
        sell 1 5 @ 100 acct 7
        sell 2 5 @ 101 acct 8 group 1
        sell 3 5 @ 102 acct 8
        ---
        buy 4 15 @ 102 acct 7 group 1 stp oldest
        ",
        "
        accepted 4
        cancelled 1 5 SelfTrade shown 5 @ 100
        cancelled 2 5 SelfTrade shown 5 @ 101
        traded 3 x 4: 5 @ 102
        rested 4 10 @ 102
        ",
    );
}

#[test]
fn two_orders_of_nobody_are_not_own() {
    check(
        "
        sell 1 5 @ 100
        ---
        buy 2 5 @ 100 stp newest
        ",
        "
        accepted 2
        traded 1 x 2: 5 @ 100
        ",
    );
}

#[test]
fn without_prevention_own_orders_trade() {
    check(
        "
        sell 1 5 @ 100 acct 7 stp newest
        ---
        buy 2 5 @ 100 acct 7
        ",
        "
        accepted 2
        traded 1 x 2: 5 @ 100 buy displayed accts 7 x 7
        ",
    );
}

#[test]
fn an_own_all_or_none_maker_that_is_passed_is_not_met() {
    check(
        "
        sell 1 9 @ 100 aon acct 7
        sell 2 5 @ 101
        ---
        buy 3 5 @ 101 acct 7 stp newest
        buy 4 9 @ 101 acct 7 stp newest
        ",
        "
        accepted 3
        traded 2 x 3: 5 @ 101
        accepted 4
        cancelled 4 9 SelfTrade
        ",
    );
}

#[test]
fn an_uncrossing_lets_own_orders_trade() {
    check(
        "
        phase auction
        sell 1 5 @ 100 acct 7
        buy 2 5 @ 100 acct 7 stp newest
        ---
        uncross
        ",
        "
        reduced 2 by 5 @ 100
        reduced 1 by 5 @ 100
        traded 1 x 2: 5 @ 100
        phase continuous
        ",
    );
}

#[test]
fn cancel_newest_ends_the_taker() {
    check(
        "
        sell 1 2 @ 100
        sell 2 5 @ 101 acct 7
        ---
        buy 3 5 @ 101 acct 7 stp newest
        ",
        "
        accepted 3
        traded 1 x 3: 2 @ 100
        cancelled 3 3 SelfTrade
        ",
    );
}

#[test]
fn cancel_oldest_ends_the_maker_and_the_taker_goes_on() {
    check(
        "
        sell 1 8 @ 100 acct 7 iceberg 3
        sell 2 5 @ 101
        ---
        buy 3 5 @ 101 acct 7 stp oldest
        ",
        "
        accepted 3
        cancelled 1 8 SelfTrade shown 3 @ 100
        traded 2 x 3: 5 @ 101
        ",
    );
}

#[test]
fn cancel_both_ends_the_maker_then_the_taker() {
    check(
        "
        sell 1 5 @ 100 acct 7
        ---
        buy 2 3 @ 100 acct 7 stp both
        cancel 1
        ",
        "
        accepted 2
        cancelled 1 5 SelfTrade shown 5 @ 100
        cancelled 2 3 SelfTrade
        rejected 1 OrderNotFound
        ",
    );
}

#[test]
fn decrement_takes_the_lesser_quantity_from_both() {
    check(
        "
        sell 1 5 @ 100 acct 7
        sell 2 9 @ 101 acct 7 hidden
        ---
        buy 3 8 @ 101 acct 7 stp decrement
        ",
        "
        accepted 3
        cancelled 1 5 SelfTrade shown 5 @ 100
        decremented 3 by 5 left 3
        decremented 2 by 3 left 6
        cancelled 3 3 SelfTrade
        ",
    );
}

#[test]
fn decrement_of_two_equal_orders_cancels_both() {
    check(
        "
        sell 1 5 @ 100 acct 7
        ---
        buy 2 5 @ 100 acct 7 stp decrement
        ",
        "
        accepted 2
        cancelled 1 5 SelfTrade shown 5 @ 100
        cancelled 2 5 SelfTrade
        ",
    );
}

#[test]
fn a_decremented_maker_keeps_its_place_and_its_total_falls() {
    check(
        "
        sell 1 5 @ 100 acct 7
        sell 2 5 @ 100
        ---
        buy 3 2 @ 100 acct 7 stp decrement
        buy 4 4 @ 100
        amend 2 qty 3
        ",
        "
        accepted 3
        decremented 1 by 2 left 3
        reduced 1 by 2 @ 100
        cancelled 3 2 SelfTrade
        accepted 4
        traded 1 x 4: 3 @ 100
        traded 2 x 4: 1 @ 100
        amended 2 3 @ 100 kept
        reduced 2 by 2 @ 100
        ",
    );
    // 3 traded of what was 5: it lost 2, so 3 is its total and no more than that has traded.
    check(
        "
        sell 1 5 @ 100 acct 7
        buy 2 2 @ 100 acct 7 stp decrement
        buy 3 1 @ 100
        ---
        amend 1 qty 1
        amend 1 qty 3
        ",
        "
        rejected 1 QuantityBelowFilled
        amended 1 3 @ 100 kept
        ",
    );
}

#[test]
fn a_decremented_iceberg_loses_its_displayed_part_first() {
    check(
        "
        sell 1 10 @ 100 acct 7 iceberg 3
        sell 2 1 @ 100
        ---
        buy 3 2 @ 100 acct 7 stp decrement
        buy 4 2 @ 100 acct 7 stp decrement
        buy 5 2 @ 100
        ",
        "
        accepted 3
        decremented 1 by 2 left 8
        reduced 1 by 2 @ 100
        cancelled 3 2 SelfTrade
        accepted 4
        decremented 1 by 2 left 6
        reduced 1 by 1 @ 100
        replenished 1 3 @ 100
        cancelled 4 2 SelfTrade
        accepted 5
        traded 2 x 5: 1 @ 100
        traded 1 x 5: 1 @ 100
        ",
    );
}

#[test]
fn decrement_cancels_an_all_or_none_maker_whole() {
    check(
        "
        sell 1 5 @ 100 acct 7 aon
        ---
        buy 2 7 @ 100 acct 7 stp decrement
        ",
        "
        accepted 2
        cancelled 1 5 SelfTrade
        decremented 2 by 5 left 2
        rested 2 2 @ 100
        ",
    );
}

#[test]
fn decrement_takes_its_value_off_a_budget() {
    // 1,000 buy 10 at 100; 4 of them are lost, 600 are left: 5 at 110.
    check(
        "
        sell 1 4 @ 100 acct 7
        sell 2 9 @ 110
        ---
        buy 3 0 value 1000 acct 7 stp decrement
        ",
        "
        accepted 3
        cancelled 1 4 SelfTrade shown 4 @ 100
        decremented 3 by 4 left 6
        traded 2 x 3: 5 @ 110
        ",
    );
}

#[test]
fn the_takers_mode_decides_also_when_it_was_triggered_or_amended() {
    check(
        "
        sell 1 5 @ 100 acct 7 stp both
        buy 2 5 @ 90 acct 7 stp newest
        ---
        amend 2 price 100
        ",
        "
        pulled 2 5 @ 90
        amended 2 5 @ 100 lost
        cancelled 2 5 SelfTrade
        ",
    );
    check(
        "
        sell 1 1 @ 100
        sell 2 5 @ 101 acct 7 stp newest
        buy 3 5 stop 100 acct 7 stp oldest
        ---
        buy 4 1 @ 100
        ",
        "
        accepted 4
        traded 1 x 4: 1 @ 100
        triggered 3
        cancelled 2 5 SelfTrade shown 5 @ 101
        cancelled 3 5 NoLiquidity
        ",
    );
}

#[test]
fn an_all_or_none_order_that_is_tried_again_is_the_taker() {
    check(
        "
        sell 1 3 @ 100 acct 7 stp newest
        buy 2 5 @ 100 acct 7 aon stp oldest
        ---
        sell 3 5 @ 100
        ",
        "
        accepted 3
        traded 2 x 3: 5 @ 100
        ",
    );
    check(
        "
        sell 1 3 @ 100 acct 7 stp newest
        buy 2 5 @ 100 acct 7 aon stp oldest
        ---
        sell 3 2 @ 100
        sell 4 3 @ 100
        ",
        "
        accepted 3
        rested 3 2 @ 100
        accepted 4
        rested 4 3 @ 100
        cancelled 1 3 SelfTrade shown 3 @ 100
        traded 3 x 2: 2 @ 100
        traded 4 x 2: 3 @ 100
        ",
    );
}

#[test]
fn a_shared_level_is_cleared_of_own_orders_first() {
    let setup = "
        list prorata
        sell 1 10 @ 100
        sell 2 10 @ 100 acct 7
        sell 3 10 @ 100
        sell 4 10 @ 100 acct 7
        ---
        ";
    check(
        &format!("{setup} buy 5 10 @ 100 acct 7 stp oldest"),
        "
        accepted 5
        cancelled 2 10 SelfTrade shown 10 @ 100
        cancelled 4 10 SelfTrade shown 10 @ 100
        traded 1 x 5: 5 @ 100
        traded 3 x 5: 5 @ 100
        ",
    );
    check(
        &format!("{setup} buy 5 10 @ 100 acct 7 stp newest"),
        "
        accepted 5
        cancelled 5 10 SelfTrade
        ",
    );
    check(
        &format!("{setup} buy 5 10 @ 100 acct 7 stp both"),
        "
        accepted 5
        cancelled 2 10 SelfTrade shown 10 @ 100
        cancelled 5 10 SelfTrade
        ",
    );
    check(
        &format!("{setup} buy 5 16 @ 100 acct 7 stp decrement"),
        "
        accepted 5
        cancelled 2 10 SelfTrade shown 10 @ 100
        decremented 5 by 10 left 6
        decremented 4 by 6 left 4
        reduced 4 by 6 @ 100
        cancelled 5 6 SelfTrade
        ",
    );
}
