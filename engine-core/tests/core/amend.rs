//! Rules 12: amends.

use crate::check;

#[test]
fn an_amend_is_checked_in_order_and_a_refused_one_changes_nothing() {
    check(
        "
        list quantities 2..100 notional 200 band 1000 parts 4
        buy 1 20 @ 100
        buy 2 20 @ 100
        sell 3 5 @ 100
        buy 4 20 @ 90 iceberg 5
        sell 5 10 @ 105
        sell 6 10 stop 95
        ---
        amend 9
        amend 1
        amend 1 qty 0 price MAX+1
        amend 1 qty 101 price MAX+1
        amend 1 qty 1 price MAX+1
        amend 1 qty 5 price MAX+1
        amend 6 qty 10 price MAX+1
        amend 1 price MAX+1
        amend 1 price 111
        amend 4 qty 21 price 90
        amend 1 qty 6 price 90
        amend 5 qty 2 price 90
        amend 5 qty 2 price 99
        sell 7 20 @ 100
        ",
        "
        rejected 9 OrderNotFound
        rejected 1 NothingToAmend
        rejected 1 ZeroQuantity
        rejected 1 QuantityTooLarge
        rejected 1 QuantityTooSmall
        rejected 1 QuantityBelowFilled
        rejected 6 PriceNotAllowed
        rejected 1 InvalidPrice
        rejected 1 PriceBand
        rejected 4 InvalidDisplay
        pulled 1 15 @ 100
        amended 1 6 @ 90 lost
        rested 1 1 @ 90
        rejected 5 MinNotional
        rejected 5 MinNotional
        accepted 7
        traded 2 x 7: 20 @ 100
        ",
    );
}

#[test]
fn only_kinds_with_a_limit_price_have_it_amended() {
    check(
        "
        sell 1 5 stop 90
        buy 2 5 profit 90
        sell 3 5 trail 5
        buy 4 5 @ 90
        buy 5 5 peg primary limit 95
        phase auction
        sell 6 5 market
        ---
        amend 1 price 100
        amend 2 price 100
        amend 3 price 100
        amend 5 price 100
        amend 6 price 100
        ",
        "
        rejected 1 PriceNotAllowed
        rejected 2 PriceNotAllowed
        rejected 3 PriceNotAllowed
        rejected 5 PriceNotAllowed
        rejected 6 PriceNotAllowed
        ",
    );
}

#[test]
fn an_amended_post_only_order_is_refused_or_slides() {
    check(
        "
        sell 1 5 @ 100
        buy 2 5 @ 98 post-only
        buy 3 5 @ 103 slide
        buy 4 5 @ 99
        ---
        amend 2 price 100
        amend 3 price 104
        amend 3 price 104 qty 6
        sell 5 5 @ 99
        ",
        "
        rejected 2 PostOnlyWouldCross
        amended 3 5 @ 99 kept
        pulled 3 5 @ 99
        amended 3 6 @ 99 lost
        rested 3 6 @ 99
        accepted 5
        traded 4 x 5: 5 @ 99
        ",
    );
}

#[test]
fn less_quantity_at_the_same_price_keeps_the_place() {
    check(
        "
        buy 1 5 @ 100
        buy 2 5 @ 100
        ---
        amend 1 qty 3
        amend 1 price 100
        amend 1 price 100 qty 3
        sell 3 4 @ 100
        ",
        "
        amended 1 3 @ 100 kept
        reduced 1 by 2 @ 100
        amended 1 3 @ 100 kept
        amended 1 3 @ 100 kept
        accepted 3
        traded 1 x 3: 3 @ 100
        traded 2 x 3: 1 @ 100
        ",
    );
}

#[test]
fn the_new_quantity_includes_what_has_traded() {
    check(
        "
        buy 1 9 @ 100
        sell 2 4 @ 100
        ---
        amend 1 qty 6
        cancel 1
        ",
        "
        amended 1 6 @ 100 kept
        reduced 1 by 3 @ 100
        cancelled 1 2 User shown 2 @ 100
        ",
    );
}

#[test]
fn an_icebergs_reserve_falls_first() {
    check(
        "
        buy 1 10 @ 100 iceberg 4
        ---
        amend 1 qty 5
        amend 1 qty 3
        ",
        "
        amended 1 5 @ 100 kept
        amended 1 3 @ 100 kept
        reduced 1 by 1 @ 100
        ",
    );
}

#[test]
fn every_other_amend_loses_the_place() {
    check(
        "
        buy 1 5 @ 100
        buy 2 5 @ 100
        buy 3 5 @ 100 hidden
        buy 4 5 @ 100 hidden
        ---
        amend 1 qty 6
        amend 3 price 99
        amend 3 price 100
        sell 5 17 @ 100
        ",
        "
        pulled 1 5 @ 100
        amended 1 6 @ 100 lost
        rested 1 6 @ 100
        amended 3 5 @ 99 lost
        rested 3 0 @ 99
        amended 3 5 @ 100 lost
        rested 3 0 @ 100
        accepted 5
        traded 2 x 5: 5 @ 100
        traded 1 x 5: 6 @ 100
        traded 4 x 5: 5 @ 100
        traded 3 x 5: 1 @ 100
        ",
    );
}

#[test]
fn an_amend_into_the_spread_trades() {
    check(
        "
        sell 1 3 @ 101
        buy 2 9 @ 100
        sell 3 2 @ 100
        ---
        amend 2 price 102
        ",
        "
        pulled 2 7 @ 100
        amended 2 9 @ 102 lost
        traded 1 x 2: 3 @ 101
        rested 2 4 @ 102
        ",
    );
}

#[test]
fn an_amended_iceberg_shows_a_whole_new_part() {
    check(
        "
        buy 1 10 @ 100 iceberg 4
        sell 2 3 @ 100
        ---
        amend 1 price 99
        ",
        "
        pulled 1 1 @ 100
        amended 1 10 @ 99 lost
        rested 1 4 @ 99
        ",
    );
}

#[test]
fn an_amended_all_or_none_order_takes_whole_or_waits_behind() {
    check(
        "
        sell 1 5 @ 101
        buy 2 6 @ 100 aon
        ---
        amend 2 price 101
        amend 2 qty 5 price 102
        ",
        "
        amended 2 6 @ 101 lost
        rested 2 0 @ 101
        amended 2 5 @ 102 lost
        traded 1 x 2: 5 @ 101
        ",
    );
}

#[test]
fn an_order_that_waits_stays_waiting_when_it_is_amended() {
    check(
        "
        list trigger mark
        mark 100
        buy 1 5 stop 110 @ 110
        buy 2 5 stop 110
        sell 3 5 trail 5 @ 90
        buy 4 5 @ 90 at-close
        mark 104
        ---
        amend 2 qty 3
        amend 1 price 111
        amend 1 qty 6
        amend 3 qty 9
        amend 4 price 80
        mark 110
        mark 105
        ",
        "
        amended 2 3 kept
        amended 1 5 @ 111 lost
        amended 1 6 @ 111 lost
        amended 3 9 @ 90 lost
        amended 4 5 @ 80 lost
        marked 110
        triggered 2
        cancelled 2 3 NoLiquidity
        triggered 1
        rested 1 6 @ 111
        marked 105
        triggered 3
        traded 1 x 3: 6 @ 111
        rested 3 3 @ 90
        ",
    );
}

#[test]
fn a_market_order_in_an_auction_goes_back_when_it_wants_more() {
    check(
        "
        phase auction
        buy 1 5 market
        buy 2 5 market
        sell 3 5 @ 100
        ---
        amend 1 qty 6
        amend 2 qty 4
        uncross
        ",
        "
        amended 1 6 lost
        indicative 5 @ 100 imbalance 6
        amended 2 4 kept
        indicative 5 @ 100 imbalance 5
        reduced 3 by 4 @ 100
        traded 2 x 3: 4 @ 100
        reduced 3 by 1 @ 100
        traded 3 x 1: 1 @ 100
        cancelled 1 5 NoLiquidity
        phase continuous
        ",
    );
}

#[test]
fn an_amended_pegged_order_loses_its_place_for_more_quantity() {
    check(
        "
        buy 1 5 @ 97
        buy 2 5 peg primary
        buy 3 5 peg primary
        ---
        amend 3 qty 4
        amend 2 qty 6
        sell 4 10 @ 97
        ",
        "
        amended 3 4 kept
        amended 2 6 lost
        rested 2 0 @ 97
        accepted 4
        traded 1 x 4: 5 @ 97
        traded 3 x 4: 4 @ 97
        traded 2 x 4: 1 @ 97
        ",
    );
}

#[test]
fn a_market_to_limit_order_that_rests_is_a_limit_order() {
    check(
        "
        sell 1 2 @ 100
        buy 2 5 to-limit
        ---
        amend 2 qty 4
        amend 2 price 99
        ",
        "
        amended 2 4 @ 100 kept
        reduced 2 by 1 @ 100
        pulled 2 2 @ 100
        amended 2 4 @ 99 lost
        rested 2 2 @ 99
        ",
    );
}
