//! Rules 4: conditions on entry.

use crate::check;

#[test]
fn fill_or_kill_fills_whole_or_changes_nothing() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 101
        ---
        buy 3 11 @ 101 fok
        buy 4 6 @ 100 fok
        buy 5 11 market fok
        buy 6 10 @ 101 fok
        ",
        "
        accepted 3
        terms 3 fok
        cancelled 3 11 FokKilled
        accepted 4
        terms 4 fok
        cancelled 4 6 FokKilled
        accepted 5
        terms 5 fok
        cancelled 5 11 FokKilled
        accepted 6
        terms 6 fok
        traded 1 x 6: 5 @ 100
        traded 2 x 6: 5 @ 101
        ",
    );
}

#[test]
fn what_is_executable_counts_reserves_and_what_nobody_sees() {
    check(
        "
        sell 1 8 @ 100 iceberg 2
        sell 2 4 @ 101 hidden
        ---
        buy 3 12 @ 101 fok
        ",
        "
        accepted 3
        terms 3 fok
        traded 1 x 3: 2 @ 100
        replenished 1 2 @ 100
        traded 1 x 3: 2 @ 100
        replenished 1 2 @ 100
        traded 1 x 3: 2 @ 100
        replenished 1 2 @ 100
        traded 1 x 3: 2 @ 100
        traded 2 x 3: 4 @ 101
        ",
    );
}

#[test]
fn an_all_or_none_maker_is_executable_only_if_it_could_be_filled() {
    check(
        "
        sell 1 4 @ 100
        sell 2 5 @ 100 aon
        ---
        buy 3 8 @ 100 fok
        buy 4 9 @ 100 fok
        ",
        "
        accepted 3
        terms 3 fok
        cancelled 3 8 FokKilled
        accepted 4
        terms 4 fok
        traded 1 x 4: 4 @ 100
        traded 2 x 4: 5 @ 100
        ",
    );
}

#[test]
fn own_orders_are_passed_over_or_end_what_is_executable() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 101 acct 7
        sell 3 5 @ 102
        ---
        buy 4 10 @ 102 fok acct 7 stp newest
        buy 5 10 @ 102 fok acct 7 stp both
        buy 6 10 @ 102 fok acct 7 stp decrement
        buy 7 11 @ 102 fok acct 7 stp oldest
        buy 8 10 @ 102 fok acct 7 stp oldest
        ",
        "
        accepted 4
        terms 4 fok
        cancelled 4 10 FokKilled
        accepted 5
        terms 5 fok
        cancelled 5 10 FokKilled
        accepted 6
        terms 6 fok
        cancelled 6 10 FokKilled
        accepted 7
        terms 7 fok
        cancelled 7 11 FokKilled
        accepted 8
        terms 8 fok
        traded 1 x 8: 5 @ 100
        cancelled 2 5 SelfTrade shown 5 @ 101
        traded 3 x 8: 5 @ 102
        ",
    );
}

#[test]
fn a_reserve_behind_an_own_order_is_not_executable() {
    // The reserve of 1 stands behind 2 when its part is used up.
    check(
        "
        sell 1 50 @ 100 iceberg 5
        sell 2 5 @ 100 acct 7
        ---
        buy 3 6 @ 100 fok acct 7 stp newest
        buy 4 5 @ 100 fok acct 7 stp newest
        ",
        "
        accepted 3
        terms 3 fok
        cancelled 3 6 FokKilled
        accepted 4
        terms 4 fok
        traded 1 x 4: 5 @ 100
        replenished 1 5 @ 100
        ",
    );
}

#[test]
fn nothing_of_a_shared_level_with_an_own_order_is_executable() {
    check(
        "
        list prorata
        sell 1 10 @ 100
        sell 2 10 @ 101
        sell 3 10 @ 101 acct 7
        ---
        buy 4 11 @ 101 fok acct 7 stp newest
        buy 5 10 @ 101 fok acct 7 stp newest
        ",
        "
        accepted 4
        terms 4 fok
        cancelled 4 11 FokKilled
        accepted 5
        terms 5 fok
        traded 1 x 5: 10 @ 100
        ",
    );
}

#[test]
fn prices_outside_the_dynamic_band_are_not_executable() {
    check(
        "
        list dynamic 100
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 3 5 @ 101
        sell 4 5 @ 102
        ---
        buy 5 6 @ 102 fok
        ",
        "
        accepted 5
        terms 5 fok
        cancelled 5 6 FokKilled
        ",
    );
}

#[test]
fn a_minimum_quantity_is_asked_of_what_is_executable_on_entry_only() {
    check(
        "
        sell 1 5 @ 100
        ---
        buy 2 9 @ 100 min 6
        buy 3 9 @ 100 min 5
        amend 3 qty 10
        ",
        "
        accepted 2
        cancelled 2 9 MinQuantity
        accepted 3
        traded 1 x 3: 5 @ 100
        rested 3 4 @ 100
        pulled 3 4 @ 100
        amended 3 10 @ 100 lost
        rested 3 5 @ 100
        ",
    );
}

#[test]
fn an_all_or_none_order_takes_whole_or_waits_behind() {
    check(
        "
        sell 1 5 @ 100
        ---
        buy 2 6 @ 100 aon
        buy 3 6 @ 100 aon ioc
        buy 4 6 @ 100 aon fok
        buy 5 5 @ 100 aon
        ",
        "
        accepted 2
        rested 2 0 @ 100
        accepted 3
        terms 3 ioc
        cancelled 3 6 FokKilled
        accepted 4
        terms 4 fok
        cancelled 4 6 FokKilled
        accepted 5
        traded 1 x 5: 5 @ 100
        ",
    );
}

#[test]
fn a_waiting_all_or_none_order_is_tried_when_liquidity_comes_to_rest() {
    check(
        "
        sell 1 5 @ 100
        buy 2 8 @ 101 aon
        ---
        sell 3 2 @ 101
        sell 4 2 @ 101
        ",
        "
        accepted 3
        rested 3 2 @ 101
        accepted 4
        rested 4 2 @ 101
        traded 1 x 2: 5 @ 100
        traded 3 x 2: 2 @ 101
        traded 4 x 2: 1 @ 101
        ",
    );
}

#[test]
fn all_or_none_orders_are_tried_buys_first_and_by_priority() {
    // 4 lots come: 1 wants 5 and cannot, 3 is before 2 because of its price.
    check(
        "
        buy 1 5 @ 102 aon
        buy 2 4 @ 100 aon
        buy 3 4 @ 101 aon
        sell 4 2 @ 103
        ---
        sell 5 1 @ 100
        sell 6 3 @ 100
        ",
        "
        accepted 5
        rested 5 1 @ 100
        accepted 6
        rested 6 3 @ 100
        traded 5 x 3: 1 @ 100
        traded 6 x 3: 3 @ 100
        ",
    );
}

#[test]
fn two_all_or_none_orders_meet_only_with_enough() {
    check(
        "
        sell 1 3 @ 100 aon
        buy 2 8 @ 100 aon
        ---
        sell 3 5 @ 100
        ",
        "
        accepted 3
        rested 3 5 @ 100
        traded 3 x 2: 5 @ 100
        traded 1 x 2: 3 @ 100
        ",
    );
}

#[test]
fn post_only_is_refused_where_it_would_trade_also_with_what_nobody_sees() {
    check(
        "
        sell 1 5 @ 101
        sell 2 5 @ 100 hidden
        ---
        buy 3 5 @ 100 post-only
        buy 3 5 @ 99 post-only
        sell 4 5 @ 99 post-only
        ",
        "
        rejected 3 PostOnlyWouldCross
        accepted 3
        rested 3 5 @ 99
        rejected 4 PostOnlyWouldCross
        ",
    );
}

#[test]
fn a_sliding_order_is_put_one_tick_short() {
    check(
        "
        sell 1 5 @ 100
        buy 2 5 @ 95
        ---
        buy 3 5 @ 103 slide
        sell 4 5 @ 90 slide
        buy 5 5 @ 98 slide
        ",
        "
        accepted 3 buy Limit 5 @ 99
        rested 3 5 @ 99
        accepted 4 sell Limit 5 @ 100
        rested 4 5 @ 100
        accepted 5 buy Limit 5 @ 98
        rested 5 5 @ 98
        ",
    );
}

#[test]
fn a_sliding_order_without_room_is_refused() {
    check(
        "
        sell 1 5 @ MIN
        ---
        buy 2 5 @ 0 slide
        ",
        "
        rejected 2 PostOnlyWouldCross
        ",
    );
}

#[test]
fn post_only_is_queued_in_an_auction_as_it_is() {
    check(
        "
        phase auction
        sell 1 5 @ 100
        ---
        buy 2 5 @ 101 post-only
        buy 3 5 @ 102 slide
        ",
        "
        accepted 2
        rested 2 5 @ 101
        indicative 5 @ 100 imbalance 0
        accepted 3
        rested 3 5 @ 102
        indicative 5 @ 102 imbalance 0
        ",
    );
}

#[test]
fn post_only_of_a_list_is_asked_again_when_it_is_entered() {
    // When 2 has bought, its exit would sell to 5.
    for (condition, outcome) in [
        ("post-only", "cancelled 3 5 PostOnly\ncancelled 4 5 Linked"),
        ("slide", "rested 3 5 @ 111"),
    ] {
        let script = format!(
            "
            sell 1 5 @ 120
            bracket: buy 2 5 @ 100 | sell 3 5 @ 110 {condition} | sell 4 5 stop 90
            buy 5 5 @ 110
            ---
            amend 2 price 120
            "
        );
        let expected = format!(
            "
            pulled 2 5 @ 100
            amended 2 5 @ 120 lost
            traded 1 x 2: 5 @ 120
            armed 3 5
            armed 4 5
            {outcome}
            "
        );
        check(&script, &expected);
    }
}

#[test]
fn linked_orders_follow_before_all_or_none_orders_are_tried() {
    check(
        "
        buy 1 7 @ 99
        sell 2 9 @ 99 aon
        oco: sell 3 5 @ 100 | sell 4 5 stop 90
        ---
        buy 5 7 @ 100
        ",
        "
        accepted 5
        traded 3 x 5: 5 @ 100
        rested 5 2 @ 100
        cancelled 4 5 Linked
        traded 5 x 2: 2 @ 100
        traded 1 x 2: 7 @ 99
        ",
    );
}

#[test]
fn all_or_none_orders_are_tried_before_stops_are_elected() {
    check(
        "
        buy 1 7 @ 99
        sell 2 9 @ 99 aon
        sell 3 5 @ 100
        sell 4 1 @ 105
        buy 5 1 stop 100
        ---
        buy 6 7 @ 100
        ",
        "
        accepted 6
        traded 3 x 6: 5 @ 100
        rested 6 2 @ 100
        traded 6 x 2: 2 @ 100
        traded 1 x 2: 7 @ 99
        triggered 5
        traded 4 x 5: 1 @ 105
        ",
    );
}

#[test]
fn elected_orders_are_set_off_one_by_one_before_pegs_are_placed() {
    check(
        "
        sell 1 1 @ 100
        sell 2 1 @ 101
        sell 3 1 @ 102
        sell 4 1 @ 110
        buy 5 1 peg market -1
        buy 6 1 stop 100
        buy 7 1 stop 100
        ---
        buy 8 1 @ 100
        ",
        "
        accepted 8
        traded 1 x 8: 1 @ 100
        triggered 6
        traded 2 x 6: 1 @ 101
        triggered 7
        traded 3 x 7: 1 @ 102
        rested 5 0 @ 109
        ",
    );
}
