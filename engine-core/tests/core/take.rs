//! Rules 3: taking.

use crate::check;

#[test]
fn every_fill_is_at_the_makers_price() {
    check(
        "
        sell 1 5 @ 100
        buy 2 5 @ 200
        ---
        buy 3 5 @ 105
        sell 4 10 @ 95
        ",
        "
        accepted 3
        rested 3 5 @ 105
        accepted 4
        traded 3 x 4: 5 @ 105
        rested 4 5 @ 95
        ",
    );
}

#[test]
fn a_partly_filled_maker_stays_first() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 100
        ---
        buy 3 2 @ 100
        buy 4 4 @ 100
        ",
        "
        accepted 3
        traded 1 x 3: 2 @ 100
        accepted 4
        traded 1 x 4: 3 @ 100
        traded 2 x 4: 1 @ 100
        ",
    );
}

#[test]
fn a_used_up_maker_is_over_without_further_event() {
    check(
        "
        sell 1 5 @ 100
        ---
        buy 2 5 @ 100
        cancel 1
        cancel 2
        ",
        "
        accepted 2
        traded 1 x 2: 5 @ 100
        rejected 1 OrderNotFound
        rejected 2 OrderNotFound
        ",
    );
}

#[test]
fn an_iceberg_shows_its_next_part_at_the_back_of_its_price() {
    check(
        "
        sell 1 5 @ 100 iceberg 2
        sell 2 3 @ 100
        ---
        buy 3 9 @ 100
        ",
        "
        accepted 3
        traded 1 x 3: 2 @ 100
        replenished 1 2 @ 100
        traded 2 x 3: 3 @ 100
        traded 1 x 3: 2 @ 100
        replenished 1 1 @ 100
        traded 1 x 3: 1 @ 100
        rested 3 1 @ 100
        ",
    );
}

#[test]
fn executed_resting_and_cancelled_of_an_iceberg_are_what_was_submitted() {
    // 3 + 2 + 1 traded, 4 cancelled: 10.
    check(
        "
        sell 1 10 @ 100 iceberg 3
        ---
        buy 2 3 @ 100
        buy 3 3 @ 100 ioc
        cancel 1
        ",
        "
        accepted 2
        traded 1 x 2: 3 @ 100
        replenished 1 3 @ 100
        accepted 3
        terms 3 ioc
        traded 1 x 3: 3 @ 100
        replenished 1 3 @ 100
        cancelled 1 4 User shown 3 @ 100
        ",
    );
}

#[test]
fn a_marketable_limit_stops_at_its_limit_and_rests() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 103
        ---
        buy 3 8 @ 102
        ",
        "
        accepted 3
        traded 1 x 3: 5 @ 100
        rested 3 3 @ 102
        ",
    );
}

#[test]
fn a_market_order_takes_whatever_price_there_is() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 900 hidden
        ---
        buy 3 8 market
        ",
        "
        accepted 3
        traded 1 x 3: 5 @ 100
        traded 2 x 3: 3 @ 900
        ",
    );
}

#[test]
fn protection_bounds_a_market_order_from_the_best_price() {
    // 150 bps of 333 are 4.995, rounded down to 4; the hidden order is the best price.
    check(
        "
        list protect 150
        sell 1 1 @ 333 hidden
        sell 2 1 @ 337
        sell 3 1 @ 338
        buy 4 1 @ 300
        buy 5 1 @ 296
        buy 6 1 @ 295
        ---
        buy 7 5 market
        sell 8 5 market
        ",
        "
        accepted 7
        traded 1 x 7: 1 @ 333
        traded 2 x 7: 1 @ 337
        cancelled 7 3 NoLiquidity
        accepted 8
        traded 4 x 8: 1 @ 300
        traded 5 x 8: 1 @ 296
        cancelled 8 3 NoLiquidity
        ",
    );
}

#[test]
fn protection_holds_for_a_market_order_by_value_and_for_a_stop() {
    check(
        "
        list protect 100
        sell 1 1 @ 100
        buy 2 1 @ 100
        sell 3 1 @ 100
        sell 4 5 @ 101
        sell 5 5 @ 102
        buy 6 9 stop 101
        ---
        buy 7 0 value 1000
        ",
        "
        accepted 7
        traded 3 x 7: 1 @ 100
        traded 4 x 7: 5 @ 101
        cancelled 7 0 NoLiquidity
        triggered 6
        traded 5 x 6: 5 @ 102
        cancelled 6 4 NoLiquidity
        ",
    );
}

#[test]
fn all_or_none_makers_are_no_best_price() {
    check(
        "
        list protect 100
        sell 1 2 @ 100 aon
        ---
        buy 2 5 market
        buy 3 5 to-limit
        sell 4 1 @ 110
        buy 5 5 to-limit
        ",
        "
        accepted 2
        cancelled 2 5 NoLiquidity
        accepted 3
        cancelled 3 5 NoLiquidity
        accepted 4
        rested 4 1 @ 110
        accepted 5
        traded 1 x 5: 2 @ 100
        traded 4 x 5: 1 @ 110
        rested 5 2 @ 110
        ",
    );
}

#[test]
fn market_to_limit_takes_the_best_price_and_rests_there() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 101
        ---
        buy 3 8 to-limit
        ",
        "
        accepted 3 buy MarketToLimit 8
        traded 1 x 3: 5 @ 100
        rested 3 3 @ 100
        ",
    );
}

#[test]
fn an_all_or_none_maker_is_passed_by_who_cannot_fill_it() {
    check(
        "
        sell 1 5 @ 100 aon
        sell 2 2 @ 100 hidden
        sell 3 5 @ 101
        ---
        buy 4 4 @ 101
        buy 5 5 @ 101
        ",
        "
        accepted 4
        traded 2 x 4: 2 @ 100
        traded 3 x 4: 2 @ 101
        accepted 5
        traded 1 x 5: 5 @ 100
        ",
    );
}

#[test]
fn passing_an_all_or_none_maker_comes_before_a_budget_is_done() {
    // The budget buys 1 at 100 or none at 120, the all-or-none order at 90 wants 3.
    check(
        "
        sell 1 3 @ 90 aon
        sell 2 1 @ 100
        sell 3 1 @ 120
        ---
        buy 4 0 value 119
        ",
        "
        accepted 4
        traded 2 x 4: 1 @ 100
        ",
    );
}

#[test]
fn the_band_comes_before_self_trade_prevention() {
    check(
        "
        list dynamic 100
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 3 5 @ 105 acct 7
        ---
        buy 4 5 @ 105 acct 7 stp oldest
        ",
        "
        accepted 4
        rested 4 5 @ 105
        phase auction
        indicative 5 @ 105 imbalance 0
        ",
    );
}

#[test]
fn a_market_order_by_value_buys_what_its_budget_is_enough_for() {
    // 250: two at 100 leave 50, which buys none at 100.
    check(
        "
        sell 1 5 @ 100
        ---
        buy 2 0 value 250
        sell 3 5 market
        ",
        "
        accepted 2
        traded 1 x 2: 2 @ 100
        accepted 3
        cancelled 3 5 NoLiquidity
        ",
    );
}

#[test]
fn a_market_order_by_value_that_is_spent_is_over() {
    check(
        "
        sell 1 2 @ 100
        ---
        buy 2 0 value 200
        ",
        "
        accepted 2
        traded 1 x 2: 2 @ 100
        ",
    );
}

#[test]
fn a_market_order_by_value_that_runs_out_of_makers_is_cancelled() {
    check(
        "
        sell 1 2 @ 100
        ---
        buy 2 0 value 250
        ",
        "
        accepted 2
        traded 1 x 2: 2 @ 100
        cancelled 2 0 NoLiquidity
        ",
    );
}

#[test]
fn a_market_order_by_value_that_buys_nothing_is_cancelled() {
    check(
        "
        sell 1 2 @ 100
        sell 2 2 @ -5
        ---
        buy 3 0 value 99
        cancel 2
        buy 4 0 value 99
        ",
        "
        accepted 3
        cancelled 3 0 NoLiquidity
        cancelled 2 2 User
        accepted 4
        cancelled 4 0 NoLiquidity
        ",
    );
}

#[test]
fn a_market_order_by_value_sells_for_its_budget() {
    check(
        "
        buy 1 2 @ 100
        buy 2 5 @ 60
        ---
        sell 3 0 value 400
        ",
        "
        accepted 3
        traded 1 x 3: 2 @ 100
        traded 2 x 3: 3 @ 60
        ",
    );
}

#[test]
fn what_an_immediate_order_leaves_is_cancelled() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 101
        ---
        buy 3 7 @ 100 ioc
        buy 4 7 to-limit ioc
        buy 5 7 market ioc
        ",
        "
        accepted 3
        terms 3 ioc
        traded 1 x 3: 5 @ 100
        cancelled 3 2 IocRemainder
        accepted 4
        terms 4 ioc
        traded 2 x 4: 5 @ 101
        cancelled 4 2 IocRemainder
        accepted 5
        terms 5 ioc
        cancelled 5 7 NoLiquidity
        ",
    );
}

#[test]
fn market_to_limit_without_a_price_is_cancelled_whatever_its_time_in_force() {
    check(
        "
        buy 1 5 to-limit
        buy 2 5 to-limit ioc
        buy 3 5 to-limit day
        ",
        "
        accepted 1
        cancelled 1 5 NoLiquidity
        accepted 2
        terms 2 ioc
        cancelled 2 5 NoLiquidity
        accepted 3
        terms 3 day
        cancelled 3 5 NoLiquidity
        ",
    );
}

#[test]
fn a_trade_outside_the_dynamic_band_starts_an_auction_instead() {
    // 2 % of 100: 102 may trade, 103 may not. The band is measured from the trade before the taker.
    check(
        "
        list dynamic 200
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 3 5 @ 102
        sell 4 5 @ 103
        ---
        buy 5 8 @ 103
        ",
        "
        accepted 5
        traded 3 x 5: 5 @ 102
        rested 5 3 @ 103
        phase auction
        indicative 3 @ 103 imbalance -2
        ",
    );
}

#[test]
fn without_a_trade_before_there_is_no_dynamic_band() {
    check(
        "
        list dynamic 100
        sell 1 5 @ 100
        sell 2 5 @ 200
        ---
        buy 3 8 @ 200
        ",
        "
        accepted 3
        traded 1 x 3: 5 @ 100
        traded 2 x 3: 3 @ 200
        ",
    );
}

#[test]
fn what_cannot_rest_is_cancelled_by_a_volatility_interruption() {
    for order in ["market", "@ 110 ioc", "to-limit", "value 500"] {
        let quantity = if order.starts_with("value") { 0 } else { 5 };
        let script = format!(
            "
            list dynamic 100
            buy 1 1 @ 100
            sell 2 1 @ 100
            sell 3 5 @ 105
            buy 4 {quantity} {order}
            ---
            cancel 4
            uncross
            "
        );
        check(&script, "rejected 4 OrderNotFound\nphase continuous");
    }
    check(
        "
        list dynamic 100
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 3 1 @ 101
        sell 4 5 @ 105
        ---
        buy 5 5 market
        ",
        "
        accepted 5
        traded 3 x 5: 1 @ 101
        cancelled 5 4 VolatilityInterruption
        phase auction
        ",
    );
}

#[test]
fn a_volatility_auction_ends_by_itself_when_its_time_has_passed() {
    check(
        "
        list dynamic 100 for 10s
        buy 1 1 @ 100
        sell 2 1 @ 100
        sell 3 5 @ 105
        at 5s
        buy 4 5 @ 105
        ---
        at 14s
        tick
        at 15s
        cancel 9
        ",
        "
        reduced 4 by 5 @ 105
        reduced 3 by 5 @ 105
        traded 3 x 4: 5 @ 105 buy undisplayed
        phase continuous
        rejected 9 OrderNotFound
        ",
    );
}

#[test]
fn pro_rata_gives_each_order_its_share_and_the_rest_in_queue_order() {
    // 10 over 20, 20, 60: 2, 2, 6. 11: 2.2, 2.2, 6.6 are 2, 2, 6, and the 1 that is left goes to the first.
    check(
        "
        list prorata
        sell 1 20 @ 100
        sell 2 20 @ 100
        sell 3 60 @ 100
        ---
        buy 4 10 @ 100
        ",
        "
        accepted 4
        traded 1 x 4: 2 @ 100
        traded 2 x 4: 2 @ 100
        traded 3 x 4: 6 @ 100
        ",
    );
    check(
        "
        list prorata
        sell 1 20 @ 100
        sell 2 20 @ 100
        sell 3 60 @ 100
        ---
        buy 4 11 @ 100
        ",
        "
        accepted 4
        traded 1 x 4: 3 @ 100
        traded 2 x 4: 2 @ 100
        traded 3 x 4: 6 @ 100
        ",
    );
    // 5 over 3, 1, 1, 1: 2.5 is 2, the others get nothing. Of the 3 that are left the first has room for 1.
    check(
        "
        list prorata
        sell 1 3 @ 100
        sell 2 1 @ 100
        sell 3 1 @ 100
        sell 4 1 @ 100
        ---
        buy 5 5 @ 100
        ",
        "
        accepted 5
        traded 1 x 5: 3 @ 100
        traded 2 x 5: 1 @ 100
        traded 3 x 5: 1 @ 100
        ",
    );
}

#[test]
fn pro_rata_fills_the_top_order_first_and_drops_small_shares() {
    // The top gets 5; 15 are left over 10, 20, 70: 1.5, 3, 10.5. Below 2 is nothing, so the first of them gets
    // what is left: 15 - 3 - 10 = 2.
    check(
        "
        list prorata top min 2
        sell 1 5 @ 100
        sell 2 10 @ 100
        sell 3 20 @ 100
        sell 4 70 @ 100
        ---
        buy 5 20 @ 100
        ",
        "
        accepted 5
        traded 1 x 5: 5 @ 100
        traded 2 x 5: 2 @ 100
        traded 3 x 5: 3 @ 100
        traded 4 x 5: 10 @ 100
        ",
    );
}

#[test]
fn pro_rata_is_by_time_where_the_level_is_used_up() {
    check(
        "
        list prorata
        sell 1 20 @ 100
        sell 2 30 @ 100
        sell 3 100 @ 101
        ---
        buy 4 60 @ 101
        ",
        "
        accepted 4
        traded 1 x 4: 20 @ 100
        traded 2 x 4: 30 @ 100
        traded 3 x 4: 10 @ 101
        ",
    );
}

#[test]
fn pro_rata_replenishes_icebergs_after_the_round_and_leaves_orders_behind_to_time() {
    // First round: 4 shown of 1 and 6 of 2, 5 taken: 2 and 3. Second: 2 and 3 left, 4 taken: 1 and 2, the 1 that
    // is left goes to order 1, whose part is used up.
    check(
        "
        list prorata
        sell 1 9 @ 100 iceberg 4
        sell 2 6 @ 100
        sell 3 5 @ 100 hidden
        sell 4 5 @ 100 hidden
        ---
        buy 5 5 @ 100
        buy 6 4 @ 100
        buy 7 13 @ 100
        ",
        "
        accepted 5
        traded 1 x 5: 2 @ 100
        traded 2 x 5: 3 @ 100
        accepted 6
        traded 1 x 6: 2 @ 100
        traded 2 x 6: 2 @ 100
        replenished 1 4 @ 100
        accepted 7
        traded 2 x 7: 1 @ 100
        traded 1 x 7: 4 @ 100
        replenished 1 1 @ 100
        traded 1 x 7: 1 @ 100
        traded 3 x 7: 5 @ 100
        traded 4 x 7: 2 @ 100
        ",
    );
}

#[test]
fn auctions_allocate_by_time_in_a_pro_rata_market() {
    check(
        "
        list prorata
        phase auction
        sell 1 20 @ 100
        sell 2 60 @ 100
        buy 3 30 @ 100
        ---
        uncross
        ",
        "
        reduced 3 by 20 @ 100
        reduced 1 by 20 @ 100
        traded 1 x 3: 20 @ 100
        reduced 3 by 10 @ 100
        reduced 2 by 10 @ 100
        traded 2 x 3: 10 @ 100
        phase continuous
        ",
    );
}
