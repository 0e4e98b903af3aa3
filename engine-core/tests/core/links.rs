//! Rules 9: linked orders.

use crate::check;

#[test]
fn lists_that_do_not_fit_are_refused_before_everything_else() {
    for list in [
        "oco: buy 1 0 @ 100 in 9",
        "oco: buy 1 5 @ 100 | buy 2 5 @ 99",
        "oco: buy 1 5 @ 100 | sell 2 5 stop 90",
        "oco: buy 1 5 @ 100 acct 7 | buy 2 5 stop 105",
        "oco: buy 1 5 @ 100 | buy 2 5 stop 105 in 1",
        "oco: buy 1 5 @ 100 ioc | buy 2 5 stop 105",
        "oco: buy 1 5 @ 100 | buy 2 5 stop 105 fok",
        "oco: buy 1 5 market | buy 2 5 stop 105",
        "oco: buy 1 5 peg mid | buy 2 5 stop 105",
        "oco: buy 1 5 @ 100 | buy 2 5 stop 105 | buy 3 5 stop 106",
        "bracket: buy 1 5 @ 100 | sell 2 5 @ 110",
        "bracket: buy 1 5 @ 100 | buy 2 5 @ 110 | sell 3 5 stop 90",
        "bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | buy 3 5 stop 90",
        "bracket: buy 1 5 @ 100 | sell 2 4 @ 110 | sell 3 5 stop 90",
        "bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 6 stop 90",
        "bracket: buy 1 5 @ 100 | sell 2 5 stop 110 | sell 3 5 stop 90",
        "bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 profit 90",
        "bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 @ 90",
        "bracket: buy 1 5 @ 100 at-open | sell 2 5 @ 110 | sell 3 5 stop 90",
        "bracket: buy 1 5 @ 100 at-close | sell 2 5 @ 110 | sell 3 5 stop 90",
        "bracket: buy 1 5 @ 100 | sell 2 5 @ 110 ioc | sell 3 5 stop 90",
        "bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 stop 90 fok",
        "bracket: buy 1 5 to-limit | sell 2 5 @ 110 | sell 3 5 stop 90",
        "bracket: buy 1 5 @ 100 acct 7 | sell 2 5 @ 110 acct 8 | sell 3 5 stop 90 acct 7",
    ] {
        check(list, "rejected 1 InvalidLink PlaceLinked");
    }
    check("oco:", "rejected 0 InvalidLink PlaceLinked nowhere");
}

#[test]
fn a_list_is_refused_with_the_first_reason_and_nothing_of_it_is_accepted() {
    for (list, refusal) in [
        (
            "oco: buy 1 0 @ 100 in 9 | buy 2 5 stop 105 in 9",
            "rejected 1 UnknownInstrument PlaceLinked buy Limit 0 @ 100 in 9",
        ),
        ("oco: buy 1 5 @ 100 | buy 2 0 stop 105", "rejected 1 ZeroQuantity"),
        (
            "oco: buy 1 5 @ MAX+1 | buy 2 0 stop 105",
            "rejected 1 InvalidPrice",
        ),
        (
            "oco: buy 1 5 @ 100 | buy 1 5 stop 105",
            "rejected 1 DuplicateOrderId",
        ),
        (
            "oco: buy 1 5 @ 100 acct 7 name a | buy 2 5 stop 105 acct 7 name a",
            "rejected 1 DuplicateClientOrderId PlaceLinked buy Limit 5 @ 100 acct 7\nnamed 1 a",
        ),
        ("oco: buy 1 MAX @ 100 | buy 2 1 stop 105", "rejected 1 BookFull"),
        (
            "bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 stop MAX+1",
            "rejected 1 InvalidTrigger",
        ),
    ] {
        check(
            &format!("{list}\ncancel 2"),
            &format!("{refusal}\nrejected 2 OrderNotFound"),
        );
    }
}

#[test]
fn a_list_counts_together_against_the_limits() {
    check(
        "
        engine orders 4
        list stops 2
        buy 1 5 stop 105
        ---
        oco: sell 2 5 stop 90 | sell 3 5 stop 91
        bracket: buy 2 5 stop 105 | sell 3 5 @ 110 | sell 4 5 stop 90
        oco: sell 2 5 @ 100 | sell 3 5 stop 90
        buy 9 5 stop 105
        buy 5 5 @ 90
        buy 6 5 @ 90
        ",
        "
        rejected 2 TooManyStops
        rejected 2 TooManyStops
        accepted 2
        accepted 3
        terms 3 gtc trigger 90
        rested 2 5 @ 100
        rejected 9 TooManyStops
        accepted 5
        rested 5 5 @ 90
        rejected 6 BookFull
        ",
    );
    check(
        "
        engine orders 2
        list
        bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 stop 90
        ",
        "
        listed 0
        rejected 1 BookFull
        ",
    );
}

#[test]
fn unarmed_exits_count_as_stops() {
    check(
        "
        list stops 1
        bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 stop 90
        ---
        buy 4 5 stop 120
        ",
        "
        rejected 4 TooManyStops
        ",
    );
}

#[test]
fn lists_are_refused_in_an_auction() {
    check(
        "
        phase auction
        ---
        oco: buy 1 0 @ 100 | buy 2 5 stop 105
        ",
        "
        rejected 1 InvalidCombination
        ",
    );
}

#[test]
fn when_one_of_two_trades_as_a_maker_the_other_is_cancelled() {
    check(
        "
        oco: sell 1 5 @ 110 | sell 2 5 stop 90
        ---
        buy 3 7 @ 110
        ",
        "
        accepted 3
        traded 1 x 3: 5 @ 110
        rested 3 2 @ 110
        cancelled 2 5 Linked
        ",
    );
    check(
        "
        oco: sell 1 5 @ 110 | sell 2 5 stop 90
        ---
        buy 3 2 @ 110
        cancel 1
        ",
        "
        accepted 3
        traded 1 x 3: 2 @ 110
        cancelled 2 5 Linked
        cancelled 1 3 User shown 3 @ 110
        ",
    );
}

#[test]
fn when_one_of_two_is_set_off_the_other_is_cancelled_before_it_is_entered() {
    check(
        "
        list trigger mark
        buy 1 5 @ 80
        oco: sell 2 5 @ 110 | sell 3 5 stop 90
        ---
        mark 90
        ",
        "
        marked 90
        triggered 3
        cancelled 2 5 Linked shown 5 @ 110
        traded 1 x 3: 5 @ 80
        ",
    );
}

#[test]
fn when_one_of_two_is_over_the_other_is_cancelled() {
    check(
        "
        oco: sell 1 5 @ 110 | sell 2 5 stop 90
        oco: sell 3 5 @ 110 gtd 5s | sell 4 5 stop 90
        ---
        cancel 2
        at 5s
        tick
        ",
        "
        cancelled 2 5 User
        cancelled 1 5 Linked shown 5 @ 110
        cancelled 3 5 Expired shown 5 @ 110
        cancelled 4 5 Linked
        ",
    );
}

#[test]
fn the_second_of_two_is_cancelled_before_it_is_entered_if_the_first_trades() {
    check(
        "
        buy 1 2 @ 100
        ---
        oco: sell 2 5 @ 100 | sell 3 5 stop 100
        ",
        "
        accepted 2
        accepted 3
        terms 3 gtc trigger 100
        traded 1 x 2: 2 @ 100
        rested 2 3 @ 100
        cancelled 3 5 Linked
        ",
    );
}

#[test]
fn both_of_two_are_entered_before_a_stop_is_elected() {
    check(
        "
        buy 1 1 @ 100
        sell 2 1 @ 100
        buy 3 5 @ 99
        ---
        oco: sell 4 5 stop 100 | sell 5 5 @ 99
        ",
        "
        accepted 4
        terms 4 gtc trigger 100
        accepted 5
        traded 3 x 5: 5 @ 99
        cancelled 4 5 Linked
        ",
    );
}

#[test]
fn an_amend_of_one_of_two_that_trades_cancels_the_other() {
    check(
        "
        buy 1 2 @ 100
        oco: sell 2 5 @ 110 | sell 3 5 stop 90
        ---
        amend 2 price 100
        ",
        "
        pulled 2 5 @ 110
        amended 2 5 @ 100 lost
        traded 1 x 2: 2 @ 100
        rested 2 3 @ 100
        cancelled 3 5 Linked
        ",
    );
}

#[test]
fn exits_are_armed_with_what_the_entry_traded() {
    check(
        "
        bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 stop 90
        sell 4 3 @ 100
        ---
        cancel 1
        buy 5 1 @ 110
        ",
        "
        cancelled 1 2 User shown 2 @ 100
        armed 2 3
        armed 3 3
        rested 2 3 @ 110
        accepted 5
        traded 2 x 5: 1 @ 110
        cancelled 3 3 Linked
        ",
    );
}

#[test]
fn exits_of_a_filled_entry_are_armed_before_stops_are_elected() {
    // The trade at 100 sets 4 off; first the exits of 1 are armed, and 4 takes the one at 101.
    check(
        "
        bracket: buy 1 5 @ 100 | sell 2 5 @ 101 | sell 3 5 stop 90
        buy 4 2 stop 100
        ---
        sell 5 5 @ 100
        ",
        "
        accepted 5
        traded 1 x 5: 5 @ 100
        armed 2 5
        armed 3 5
        rested 2 5 @ 101
        triggered 4
        traded 2 x 4: 2 @ 101
        cancelled 3 5 Linked
        ",
    );
}

#[test]
fn exits_of_an_entry_that_traded_nothing_are_cancelled() {
    check(
        "
        bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 stop 90
        ---
        cancel 1
        bracket: buy 4 5 market | sell 5 5 profit 110 | sell 6 5 trail 5
        ",
        "
        cancelled 1 5 User
        cancelled 2 5 Linked
        cancelled 3 5 Linked
        accepted 4
        accepted 5
        terms 5 gtc trigger 110
        accepted 6
        terms 6 gtc
        cancelled 4 5 NoLiquidity
        cancelled 5 5 Linked
        cancelled 6 5 Linked
        ",
    );
}

#[test]
fn an_exit_that_trades_when_it_is_armed_ends_the_other_before_it_is_entered() {
    check(
        "
        buy 1 2 @ 95
        sell 2 5 @ 100
        ---
        bracket: buy 3 5 market | sell 4 5 @ 94 | sell 5 5 stop 100
        ",
        "
        accepted 3
        accepted 4
        accepted 5
        terms 5 gtc trigger 100
        traded 2 x 3: 5 @ 100
        armed 4 5
        armed 5 5
        traded 1 x 4: 2 @ 95
        rested 4 3 @ 94
        cancelled 5 5 Linked
        ",
    );
}

#[test]
fn an_exit_that_was_cancelled_leaves_the_other_to_be_armed_alone() {
    check(
        "
        bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 stop 90
        cancel 3
        ---
        sell 4 5 @ 100
        buy 5 1 @ 110
        ",
        "
        accepted 4
        traded 1 x 4: 5 @ 100
        armed 2 5
        rested 2 5 @ 110
        accepted 5
        traded 2 x 5: 1 @ 110
        ",
    );
}

#[test]
fn an_unarmed_exit_takes_no_part_in_anything() {
    check(
        "
        list trigger mark
        bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 stop 90
        ---
        buy 4 5 @ 110
        mark 80
        ",
        "
        accepted 4
        rested 4 5 @ 110
        marked 80
        ",
    );
}

#[test]
fn a_stop_entry_arms_its_exits_when_it_has_traded() {
    check(
        "
        list trigger mark
        sell 1 5 @ 101
        bracket: buy 2 5 stop 100 | sell 3 5 profit 110 | sell 4 5 trail 5
        mark 90
        ---
        mark 100
        mark 95
        ",
        "
        marked 100
        triggered 2
        traded 1 x 2: 5 @ 101
        armed 3 5
        armed 4 5
        marked 95
        triggered 4
        cancelled 3 5 Linked
        cancelled 4 5 NoLiquidity
        ",
    );
}

#[test]
fn several_lists_follow_in_the_order_in_which_they_were_touched() {
    check(
        "
        oco: sell 1 1 @ 101 | sell 2 1 stop 90
        bracket: sell 3 1 @ 100 | buy 4 1 @ 80 | buy 5 1 stop 120
        oco: sell 6 1 @ 102 | sell 7 1 stop 91
        ---
        buy 8 3 @ 102
        ",
        "
        accepted 8
        traded 3 x 8: 1 @ 100
        traded 1 x 8: 1 @ 101
        traded 6 x 8: 1 @ 102
        armed 4 1
        armed 5 1
        rested 4 1 @ 80
        cancelled 2 1 Linked
        cancelled 7 1 Linked
        ",
    );
}

#[test]
fn linked_orders_that_an_uncrossing_touched_follow_the_change_of_phase() {
    check(
        "
        oco: sell 1 5 @ 100 | sell 2 5 stop 90
        phase auction
        buy 3 2 @ 100
        ---
        uncross
        ",
        "
        reduced 3 by 2 @ 100
        reduced 1 by 2 @ 100
        traded 1 x 3: 2 @ 100
        phase continuous
        cancelled 2 5 Linked
        ",
    );
}

#[test]
fn an_exit_that_was_amended_to_less_is_armed_with_that() {
    check(
        "
        bracket: buy 1 5 @ 100 | sell 2 5 @ 110 | sell 3 5 stop 90
        amend 2 qty 3
        amend 3 qty 9
        ---
        sell 4 5 @ 100
        ",
        "
        accepted 4
        traded 1 x 4: 5 @ 100
        armed 2 3
        armed 3 5
        rested 2 3 @ 110
        ",
    );
}
