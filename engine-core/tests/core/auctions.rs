//! Rules 8: phases and auctions.

use crate::check;

#[test]
fn a_change_of_phase_that_is_none_is_refused() {
    check(
        "
        phase continuous
        uncross
        phase halted
        uncross
        phase halted
        ",
        "
        rejected 0 SamePhase SetPhase
        rejected 0 NoAuction Uncross
        phase halted
        rejected 0 NoAuction Uncross
        rejected 0 SamePhase SetPhase
        ",
    );
}

#[test]
fn an_auction_collects_orders_without_trading() {
    check(
        "
        buy 1 5 @ 99
        sell 2 5 @ 98 at-open
        buy 3 5 market at-open
        buy 4 5 @ 97 aon
        ---
        phase auction
        sell 5 4 @ 97
        sell 6 5 market
        buy 7 5 @ 97 hidden
        buy 8 6 @ 97 iceberg 2
        ",
        "
        phase auction
        rested 2 5 @ 98
        indicative 5 @ 98 imbalance 5
        accepted 5
        rested 5 4 @ 97
        indicative 9 @ 98 imbalance 1
        accepted 6
        indicative 10 @ 98 imbalance -4
        accepted 7
        rested 7 0 @ 97
        accepted 8
        rested 8 2 @ 97
        ",
    );
}

#[test]
fn icebergs_and_hidden_orders_take_part_with_all_they_have() {
    check(
        "
        phase auction
        buy 1 6 @ 100 iceberg 2
        buy 2 5 @ 100 hidden
        ---
        sell 3 20 @ 100
        ",
        "
        accepted 3
        rested 3 20 @ 100
        indicative 11 @ 100 imbalance -9
        ",
    );
}

#[test]
fn the_auction_price_trades_most() {
    // At 99 only 5 are sold, at 101 only 5 are bought.
    check(
        "
        phase auction
        buy 1 5 @ 101
        buy 2 3 @ 100
        sell 3 5 @ 99
        ---
        sell 4 5 @ 100
        ",
        "
        accepted 4
        rested 4 5 @ 100
        indicative 8 @ 100 imbalance -2
        ",
    );
}

#[test]
fn of_equal_volumes_the_least_imbalance_decides() {
    // 5 trade at 100 and at 101; at 101 nothing is left over.
    check(
        "
        phase auction
        buy 1 5 @ 101
        buy 2 3 @ 100
        ---
        sell 3 5 @ 100
        ",
        "
        accepted 3
        rested 3 5 @ 100
        indicative 5 @ 101 imbalance 0
        ",
    );
}

#[test]
fn of_equal_imbalances_the_nearest_to_the_last_trade_then_the_higher_decides() {
    for (last, price) in [(90, 100), (101, 100), (102, 104), (103, 104), (120, 104)] {
        check(
            &format!(
                "
                buy 1 1 @ {last}
                sell 2 1 @ {last}
                phase auction
                buy 3 5 @ 104
                ---
                sell 4 5 @ 100
                "
            ),
            &format!(
                "
                accepted 4
                rested 4 5 @ 100
                indicative 5 @ {price} imbalance 0
                "
            ),
        );
    }
}

#[test]
fn without_a_last_trade_the_lowest_of_them_decides() {
    check(
        "
        phase auction
        buy 1 5 @ 104
        ---
        sell 2 5 @ 100
        ",
        "
        accepted 2
        rested 2 5 @ 100
        indicative 5 @ 100 imbalance 0
        ",
    );
}

#[test]
fn market_orders_alone_trade_at_the_last_price_or_not() {
    check(
        "
        phase auction
        buy 1 5 market
        sell 2 3 market
        ---
        uncross
        ",
        "
        cancelled 1 5 NoLiquidity
        cancelled 2 3 NoLiquidity
        phase continuous
        ",
    );
    check(
        "
        buy 1 1 @ 77
        sell 2 1 @ 77
        phase auction
        buy 3 5 market
        ---
        sell 4 3 market
        uncross
        ",
        "
        accepted 4
        indicative 3 @ 77 imbalance 2
        traded 3 x 4: 3 @ 77
        cancelled 3 2 NoLiquidity
        phase continuous
        ",
    );
}

#[test]
fn the_indicative_price_is_said_when_it_differs() {
    check(
        "
        phase auction
        ---
        buy 1 5 @ 100
        sell 2 3 @ 100
        buy 3 5 @ 99
        sell 4 1 @ 101
        cancel 2
        tick
        ",
        "
        accepted 1
        rested 1 5 @ 100
        accepted 2
        rested 2 3 @ 100
        indicative 3 @ 100 imbalance 2
        accepted 3
        rested 3 5 @ 99
        accepted 4
        rested 4 1 @ 101
        cancelled 2 3 User
        indicative none
        ",
    );
}

#[test]
fn every_auction_says_its_price_anew() {
    check(
        "
        phase auction
        buy 1 5 @ 100
        sell 2 3 @ 100
        phase halted
        ---
        phase auction
        ",
        "
        phase auction
        indicative 3 @ 100 imbalance 2
        ",
    );
}

#[test]
fn uncrossing_trades_market_orders_then_by_priority() {
    // Supply at 100: 2 + 3 + 4 + 5 = 14, demand 12. The last seller is left with 2, the older order is the maker.
    check(
        "
        phase auction
        sell 1 5 @ 100 hidden
        sell 2 4 @ 100
        sell 3 3 @ 99
        buy 4 12 @ 100
        sell 5 2 market
        sell 6 9 @ 101
        ---
        uncross
        ",
        "
        reduced 4 by 2 @ 100
        traded 4 x 5: 2 @ 100 sell undisplayed
        reduced 4 by 3 @ 100
        reduced 3 by 3 @ 99
        traded 3 x 4: 3 @ 100 buy undisplayed
        reduced 4 by 4 @ 100
        reduced 2 by 4 @ 100
        traded 2 x 4: 4 @ 100 buy undisplayed
        reduced 4 by 3 @ 100
        traded 1 x 4: 3 @ 100 buy undisplayed
        phase continuous
        ",
    );
}

#[test]
fn an_iceberg_replenishes_in_an_uncrossing_and_keeps_its_turn() {
    check(
        "
        phase auction
        sell 1 10 @ 100 iceberg 3
        sell 2 9 @ 100
        buy 3 8 @ 100
        buy 4 3 @ 100
        ---
        uncross
        buy 5 9 @ 100
        ",
        "
        reduced 3 by 8 @ 100
        reduced 1 by 3 @ 100
        traded 1 x 3: 8 @ 100
        replenished 1 2 @ 100
        reduced 4 by 2 @ 100
        reduced 1 by 2 @ 100
        traded 1 x 4: 2 @ 100
        reduced 4 by 1 @ 100
        reduced 2 by 1 @ 100
        traded 2 x 4: 1 @ 100
        phase continuous
        accepted 5
        traded 2 x 5: 8 @ 100
        rested 5 1 @ 100
        ",
    );
}

#[test]
fn what_was_for_the_auction_only_ends_with_it() {
    check(
        "
        phase auction
        buy 1 2 market
        buy 2 2 market at-open
        buy 3 2 @ 90 at-open
        buy 4 2 @ 91
        sell 5 1 @ 101
        sell 6 5 @ 102 at-close
        ---
        uncross
        ",
        "
        reduced 5 by 1 @ 101
        traded 1 x 5: 1 @ 101
        cancelled 1 1 NoLiquidity
        cancelled 2 2 Closed
        cancelled 3 2 Closed shown 2 @ 90
        phase continuous
        ",
    );
    // At 70 two trade, elsewhere one.
    check(
        "
        phase auction
        sell 1 2 market
        sell 2 2 @ 80 at-open
        buy 3 1 @ 100
        buy 4 2 @ 70 at-open
        ---
        uncross
        ",
        "
        reduced 3 by 1 @ 100
        traded 1 x 3: 1 @ 70
        reduced 4 by 1 @ 70
        traded 1 x 4: 1 @ 70
        cancelled 4 1 Closed shown 1 @ 70
        cancelled 2 2 Closed shown 2 @ 80
        phase continuous
        ",
    );
}

#[test]
fn the_last_price_is_the_auction_price() {
    check(
        "
        phase auction
        buy 1 5 @ 104
        sell 2 5 @ 100
        sell 3 5 stop 100
        buy 4 5 stop 101 @ 50
        ---
        uncross
        ",
        "
        reduced 1 by 5 @ 104
        reduced 2 by 5 @ 100
        traded 1 x 2: 5 @ 100
        phase continuous
        triggered 3
        cancelled 3 5 NoLiquidity
        ",
    );
}

#[test]
fn after_an_auction_all_or_none_orders_stops_and_pegs_follow() {
    check(
        "
        buy 1 1 @ 95
        buy 8 1 @ 94
        buy 2 4 @ 100 aon
        buy 3 1 peg primary
        phase auction
        buy 4 3 @ 101
        sell 5 5 @ 99
        sell 6 2 @ 99
        sell 7 1 stop 101 @ 90
        ---
        phase continuous
        ",
        "
        reduced 4 by 3 @ 101
        reduced 5 by 3 @ 99
        traded 4 x 5: 3 @ 99
        phase continuous
        traded 5 x 2: 2 @ 99
        traded 6 x 2: 2 @ 99
        triggered 7
        traded 1 x 7: 1 @ 95
        rested 3 0 @ 94
        ",
    );
}

#[test]
fn a_halt_keeps_the_auction_and_its_market_orders() {
    check(
        "
        phase auction
        buy 1 5 @ 100
        sell 2 3 market
        phase halted
        ---
        cancel 9
        phase continuous
        ",
        "
        rejected 9 OrderNotFound
        reduced 1 by 3 @ 100
        traded 1 x 2: 3 @ 100
        phase continuous
        ",
    );
}

#[test]
fn a_halt_without_an_auction_ends_without_trades() {
    check(
        "
        buy 1 5 @ 100
        sell 2 5 @ 101
        buy 3 5 @ 99 at-open
        phase halted
        ---
        phase continuous
        phase auction
        ",
        "
        phase continuous
        phase auction
        rested 3 5 @ 99
        ",
    );
}

#[test]
fn a_closing_auction_takes_the_orders_for_it_and_then_ends_the_day() {
    check(
        "
        buy 1 5 @ 100 at-close
        sell 2 10 market at-close
        buy 3 2 @ 99 day
        sell 4 2 @ 105 day
        buy 5 2 @ 98
        phase auction
        ---
        phase closed
        ",
        "
        rested 1 5 @ 100
        reduced 1 by 5 @ 100
        traded 1 x 2: 5 @ 98
        reduced 3 by 2 @ 99
        traded 2 x 3: 2 @ 98
        reduced 5 by 2 @ 98
        traded 2 x 5: 2 @ 98
        cancelled 2 1 Closed
        cancelled 4 2 Expired shown 2 @ 105
        phase closed
        ",
    );
}

#[test]
fn closing_without_an_auction_ends_what_cannot_stay() {
    check(
        "
        sell 1 2 @ 105 day
        buy 2 2 @ 99 day
        buy 3 5 @ 100 at-close
        sell 4 5 market at-close
        buy 5 5 @ 100 at-open
        sell 6 5 stop 90 day
        buy 7 5 @ 90
        ---
        phase closed
        buy 8 5 @ 90
        cancel 7
        ",
        "
        cancelled 2 2 Expired shown 2 @ 99
        cancelled 1 2 Expired shown 2 @ 105
        cancelled 6 5 Expired
        cancelled 3 5 Closed
        cancelled 4 5 Closed
        cancelled 5 5 Closed
        phase closed
        rejected 8 MarketClosed
        cancelled 7 5 User
        ",
    );
}

#[test]
fn closing_from_a_halt_uncrosses_what_an_auction_left_crossed() {
    check(
        "
        phase auction
        buy 1 5 @ 100
        sell 2 3 @ 99
        phase halted
        ---
        phase closed
        ",
        "
        reduced 1 by 3 @ 100
        reduced 2 by 3 @ 99
        traded 1 x 2: 3 @ 99
        phase closed
        ",
    );
}

#[test]
fn waiting_at_the_open_orders_join_oldest_first() {
    check(
        "
        sell 1 5 @ 101 at-open
        buy 2 5 market at-open
        buy 3 5 @ 99 at-open
        ---
        phase auction
        ",
        "
        phase auction
        rested 1 5 @ 101
        rested 3 5 @ 99
        indicative 5 @ 101 imbalance 0
        ",
    );
}

#[test]
fn a_halted_or_closed_market_takes_cancels_only() {
    for (phase, reason) in [("halted", "MarketHalted"), ("closed", "MarketClosed")] {
        check(
            &format!(
                "
                buy 1 5 @ 100
                buy 2 5 @ 99
                sell 3 5 @ 110
                phase {phase}
                ---
                sell 4 5 @ 100
                amend 1 qty 3
                cancel 1
                mass-cancel buy
                "
            ),
            &format!(
                "
                rejected 4 {reason} Place
                rejected 1 {reason} Amend
                cancelled 1 5 User
                cancelled 2 5 MassCancel
                "
            ),
        );
    }
}

#[test]
fn a_market_begins_in_the_phase_of_its_spec() {
    check(
        "
        list phase auction
        buy 1 5 @ 100
        sell 2 5 @ 100
        ",
        "
        listed 0
        accepted 1
        rested 1 5 @ 100
        accepted 2
        rested 2 5 @ 100
        indicative 5 @ 100 imbalance 0
        ",
    );
}

#[test]
fn what_is_due_in_an_auction_tells_its_price_before_the_command() {
    check(
        "
        phase auction
        buy 1 5 @ 100
        sell 2 3 @ 100 gtd 5s
        ---
        at 5s
        sell 3 1 @ 100
        ",
        "
        cancelled 2 3 Expired shown 3 @ 100
        indicative none
        accepted 3
        rested 3 1 @ 100
        indicative 1 @ 100 imbalance 4
        ",
    );
}
