//! Rules 7: stops.

use crate::check;

#[test]
fn stops_wait_for_the_price_against_them_and_take_profits_for_it_in_their_favour() {
    // A trade at 105 sets off what rises to it, one at 95 what falls to it.
    check(
        "
        buy 1 1 @ 105
        buy 2 1 @ 95
        buy 10 1 stop 105
        sell 11 1 profit 105
        buy 12 1 stop 106
        sell 13 1 stop 95
        buy 14 1 profit 95
        sell 15 1 stop 94
        ---
        sell 3 1 @ 105
        sell 4 1 @ 95
        ",
        "
        accepted 3
        traded 1 x 3: 1 @ 105
        triggered 10
        cancelled 10 1 NoLiquidity
        triggered 11
        traded 2 x 11: 1 @ 95
        triggered 13
        cancelled 13 1 NoLiquidity
        triggered 14
        cancelled 14 1 NoLiquidity
        accepted 4
        rested 4 1 @ 95
        ",
    );
}

#[test]
fn every_price_traded_since_the_last_election_is_seen() {
    // The sweep ends at 103, but it traded at 101 too.
    check(
        "
        sell 1 1 @ 101
        sell 2 1 @ 103
        sell 3 9 @ 110
        sell 10 1 stop 101 @ 101
        buy 11 1 profit 101 @ 101
        sell 12 1 profit 102 @ 120
        ---
        buy 4 2 @ 103
        ",
        "
        accepted 4
        traded 1 x 4: 1 @ 101
        traded 2 x 4: 1 @ 103
        triggered 12
        rested 12 1 @ 120
        triggered 10
        rested 10 1 @ 101
        triggered 11
        traded 10 x 11: 1 @ 101
        ",
    );
}

#[test]
fn a_mark_price_sets_off_stops_where_the_spec_says_so() {
    check(
        "
        list trigger mark
        sell 1 1 @ 100
        buy 10 1 stop 100 @ 90
        buy 11 1 stop 101 @ 91
        ---
        buy 2 1 @ 100
        mark 100
        mark 100
        ",
        "
        accepted 2
        traded 1 x 2: 1 @ 100
        marked 100
        triggered 10
        rested 10 1 @ 90
        marked 100
        ",
    );
    check(
        "
        buy 10 1 stop 100
        ---
        mark 100
        ",
        "
        marked 100
        ",
    );
}

#[test]
fn a_trailing_stop_follows_the_best_price_at_its_distance() {
    // A sell at 5 from 100: 95; the price rises to 104: 99. It falls to 100, then to 99.
    check(
        "
        list trigger mark
        mark 100
        sell 10 1 trail 5 @ 90
        mark 104
        mark 100
        ---
        mark 99
        ",
        "
        marked 99
        triggered 10
        rested 10 1 @ 90
        ",
    );
    check(
        "
        list trigger mark
        mark 100
        buy 10 1 trail 5 @ 90
        mark 96
        mark 100
        ---
        mark 101
        ",
        "
        marked 101
        triggered 10
        rested 10 1 @ 90
        ",
    );
}

#[test]
fn a_distance_in_basis_points_is_rounded_up_to_a_tick() {
    // 150 bps of 333 are 4.995: 5 ticks, so 328. 1 bp of 100 is 0.01: 1 tick.
    check(
        "
        list trigger mark
        mark 333
        sell 10 1 trail 150bp @ 300
        mark 329
        ---
        sell 11 1 trail 150bp @ 300
        mark 328
        ",
        "
        accepted 11
        terms 11 gtc trigger 324
        marked 328
        triggered 10
        rested 10 1 @ 300
        ",
    );
    check(
        "
        list trigger mark
        mark 100
        sell 10 1 trail 1bp @ 90
        ",
        "
        listed 0
        marked 100
        accepted 10
        terms 10 gtc trigger 99
        ",
    );
}

#[test]
fn a_trailing_stop_without_a_price_begins_with_the_first() {
    check(
        "
        sell 10 1 trail 3
        buy 1 1 @ 100
        sell 2 1 @ 100
        buy 3 1 @ 98
        sell 4 1 @ 98
        buy 5 9 @ 97
        ---
        sell 6 1 @ 97
        ",
        "
        accepted 6
        traded 5 x 6: 1 @ 97
        triggered 10
        traded 5 x 10: 1 @ 97
        ",
    );
}

#[test]
fn a_trailing_trigger_is_cut_to_the_range_of_prices() {
    check(
        "
        list trigger mark
        mark MIN+2
        sell 1 1 trail 5 @ 0
        mark MAX-2
        buy 2 1 trail 5 @ 0
        ---
        mark MAX
        ",
        "
        marked 9007199254740991
        triggered 2
        rested 2 1 @ 0
        ",
    );
}

#[test]
fn a_trailing_stop_sees_only_the_price_that_is_though_its_best_follows_all() {
    // The sweep trades at 103 and 109: the best is 109, the trigger 104, the price 109.
    check(
        "
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 3 1 @ 103
        sell 4 1 @ 109
        sell 10 1 trail 5 @ 50
        ---
        buy 5 2 @ 109
        buy 6 1 @ 104
        sell 7 1 @ 104
        ",
        "
        accepted 5
        traded 3 x 5: 1 @ 103
        traded 4 x 5: 1 @ 109
        accepted 6
        rested 6 1 @ 104
        accepted 7
        traded 6 x 7: 1 @ 104
        triggered 10
        rested 10 1 @ 50
        ",
    );
}

#[test]
fn rising_stops_go_first_by_trigger_then_falling_ones_then_by_age() {
    check(
        "
        list trigger mark
        mark 100
        buy 10 1 stop 108 @ 50
        sell 11 1 stop 93 @ 200
        buy 12 1 stop 105 @ 50
        sell 13 1 stop 96 @ 200
        buy 14 1 stop 105 @ 50
        sell 15 1 profit 103 @ 200
        ---
        mark 110
        mark 90
        ",
        "
        marked 110
        triggered 15
        rested 15 1 @ 200
        triggered 12
        rested 12 1 @ 50
        triggered 14
        rested 14 1 @ 50
        triggered 10
        rested 10 1 @ 50
        marked 90
        triggered 13
        rested 13 1 @ 200
        triggered 11
        rested 11 1 @ 200
        ",
    );
    check(
        "
        phase auction
        sell 10 1 stop 93 @ 200
        buy 11 1 stop 90 @ 50
        buy 1 1 @ 92
        sell 2 1 @ 92
        ---
        uncross
        ",
        "
        reduced 1 by 1 @ 92
        reduced 2 by 1 @ 92
        traded 1 x 2: 1 @ 92
        phase continuous
        triggered 11
        rested 11 1 @ 50
        triggered 10
        rested 10 1 @ 200
        ",
    );
}

#[test]
fn a_cascade_goes_on_until_no_stop_is_left_to_set_off() {
    // Each stop trades at the trigger of the next; 13 was elected first but its turn comes after 10.
    check(
        "
        sell 1 1 @ 100
        sell 2 1 @ 101
        sell 3 1 @ 102
        sell 4 1 @ 103
        buy 10 1 stop 100
        buy 11 1 stop 101
        buy 12 1 stop 102
        buy 13 1 stop 100
        ---
        buy 5 1 @ 100
        ",
        "
        accepted 5
        traded 1 x 5: 1 @ 100
        triggered 10
        traded 2 x 10: 1 @ 101
        triggered 13
        traded 3 x 13: 1 @ 102
        triggered 11
        traded 4 x 11: 1 @ 103
        triggered 12
        cancelled 12 1 NoLiquidity
        ",
    );
}

#[test]
fn a_long_cascade_of_stops_is_a_loop() {
    let mut script = String::from("sell 1 1 @ 0\n");
    let mut expected = String::from("accepted 2\ntraded 1 x 2: 1 @ 0\n");
    for step in 0..500 {
        let (maker, stop) = (10_000 + step, 20_000 + step);
        script += &format!("sell {maker} 1 @ {}\nbuy {stop} 1 stop {step}\n", step + 1);
        expected += &format!("triggered {stop}\ntraded {maker} x {stop}: 1 @ {}\n", step + 1);
    }
    script += "---\nbuy 2 1 @ 0";
    check(&script, &expected);
}

#[test]
fn an_elected_order_can_be_cancelled_before_its_turn() {
    // Both are elected; what 10 does cancels 11, which belongs to the same pair.
    check(
        "
        sell 1 1 @ 100
        sell 2 9 @ 101
        oco: buy 10 1 stop 100 | buy 11 1 stop 100 @ 105
        ---
        buy 3 1 @ 100
        ",
        "
        accepted 3
        traded 1 x 3: 1 @ 100
        triggered 10
        cancelled 11 1 Linked
        traded 2 x 10: 1 @ 101
        ",
    );
}

#[test]
fn a_triggered_order_is_entered_with_its_conditions() {
    check(
        "
        list trigger mark
        mark 100
        sell 1 4 @ 105 acct 7
        buy 10 9 stop 110 @ 105 iceberg 2 acct 7 stp oldest
        buy 11 9 stop 110 @ 104 hidden day
        buy 12 9 stop 110 @ 105 ioc
        buy 13 9 stop 110 fok
        buy 14 9 stop 110 ioc
        sell 15 3 stop 90 @ 101 fok
        ---
        mark 110
        mark 90
        ",
        "
        marked 110
        triggered 10
        cancelled 1 4 SelfTrade shown 4 @ 105
        rested 10 2 @ 105
        triggered 11
        rested 11 0 @ 104
        triggered 12
        cancelled 12 9 IocRemainder
        triggered 13
        cancelled 13 9 FokKilled
        triggered 14
        cancelled 14 9 NoLiquidity
        marked 90
        triggered 15
        traded 10 x 15: 2 @ 105
        replenished 10 2 @ 105
        traded 10 x 15: 1 @ 105
        ",
    );
}

#[test]
fn a_triggered_order_is_not_checked_again() {
    // The price has run 20 % away since the stop-limit was accepted.
    check(
        "
        list trigger mark band 500
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 10 1 stop 90 @ 96
        buy 3 1 @ 105
        sell 4 1 @ 105
        buy 5 1 @ 110
        sell 6 1 @ 110
        buy 7 1 @ 115
        sell 8 1 @ 115
        ---
        mark 90
        ",
        "
        marked 90
        triggered 10
        rested 10 1 @ 96
        ",
    );
}

#[test]
fn a_triggered_order_gets_a_new_arrival() {
    check(
        "
        list trigger mark
        buy 10 1 stop 110 @ 90 acct 7
        buy 1 1 @ 90 acct 7
        mark 110
        ---
        mass-cancel acct 7
        ",
        "
        cancelled 1 1 MassCancel
        cancelled 10 1 MassCancel
        ",
    );
}

#[test]
fn elected_orders_wait_again_when_the_market_leaves_the_continuous_phase() {
    // 10 would trade at 110, outside the band, so 11 stays a stop until the auction has ended.
    check(
        "
        list dynamic 500
        sell 1 1 @ 100
        buy 2 1 @ 100
        sell 3 1 @ 101
        sell 4 9 @ 110
        buy 10 1 stop 101
        buy 11 1 stop 101 @ 99
        ---
        buy 5 1 @ 101
        cancel 4
        uncross
        ",
        "
        accepted 5
        traded 3 x 5: 1 @ 101
        triggered 10
        cancelled 10 1 VolatilityInterruption
        phase auction
        cancelled 4 9 User
        phase continuous
        triggered 11
        rested 11 1 @ 99
        ",
    );
}

#[test]
fn a_stop_whose_condition_holds_is_set_off_at_once() {
    check(
        "
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 3 5 @ 101
        ---
        buy 10 1 stop 100
        sell 11 1 stop 100 @ 100
        ",
        "
        accepted 10
        terms 10 gtc trigger 100
        triggered 10
        traded 3 x 10: 1 @ 101
        accepted 11
        terms 11 gtc trigger 100
        ",
    );
}

#[test]
fn what_was_traded_before_a_stop_began_to_wait_is_not_for_it() {
    // The entry trades at 100 and 105: 6 waited and sees the 100, 5 begins to wait after it.
    check(
        "
        sell 1 1 @ 100
        sell 2 1 @ 105
        sell 6 1 stop 101 @ 130
        ---
        bracket: buy 3 2 @ 105 | sell 4 2 @ 120 | sell 5 2 stop 102
        ",
        "
        accepted 3
        accepted 4
        accepted 5
        terms 5 gtc trigger 102
        traded 1 x 3: 1 @ 100
        traded 2 x 3: 1 @ 105
        armed 4 2
        armed 5 2
        rested 4 2 @ 120
        triggered 6
        rested 6 1 @ 130
        ",
    );
}
