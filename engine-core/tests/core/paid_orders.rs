//! Rules 3 and 4 of the page of accounts: the checks of orders, and what they could come to.

use crate::check;

#[test]
fn the_checks_of_accounts_come_in_their_order() {
    check(
        "
        engine accounts
        deposit 1 100 of 0
        deposit 1 100 of 1
        buy 1 1 @ 10 acct 1
        sell 2 1 @ 10 acct 1
        limits 1 order 5
        ---
        buy 9 6 stop 50
        freeze 1
        buy 9 6 stop 50 acct 1
        unfreeze 1
        buy 9 6 stop 50 acct 1
        buy 9 6 @ 50 acct 1
        buy 9 5 @ 50 acct 1
        buy 9 5 @ 50 acct 1 post-only
        ",
        "
        rejected 9 AccountRequired Place buy Stop 6
        frozen 1
        rejected 9 AccountFrozen Place buy Stop 6
        unfrozen 1
        rejected 9 UnboundedCost Place buy Stop 6
        rejected 9 RiskLimit(OrderQuantity) Place buy Limit 6
        rejected 9 InsufficientBalance Place buy Limit 5
        shortfall 1 needs 250 has 100 of 0
        rejected 9 InsufficientBalance Place buy Limit 5
        shortfall 1 needs 250 has 100 of 0
        ",
    );
}

#[test]
fn funds_are_asked_for_after_the_stops_are_counted_and_before_posting() {
    check(
        "
        engine accounts
        list assets 1/0 stops 1 protect 100
        deposit 1 1000 of 0
        deposit 2 10 of 1
        buy 1 1 stop 50 acct 1
        sell 2 1 @ 10 acct 2
        ---
        buy 3 900 stop 50 acct 1
        buy 4 900 @ 10 acct 1 post-only
        buy 5 9 @ 10 acct 1 post-only
        ",
        "
        rejected 3 TooManyStops
        rejected 4 InsufficientBalance
        shortfall 1 needs 9000 has 950 of 0
        rejected 5 PostOnlyWouldCross
        ",
    );
}

#[test]
fn an_account_that_nobody_knows_has_nothing() {
    check(
        "
        engine accounts
        ---
        buy 1 5 @ 10 acct 3
        buy 1 5 @ 0 acct 3
        sell 1 5 @ 10 acct 3
        ",
        "
        rejected 1 InsufficientBalance
        shortfall 3 needs 50 has 0 of 0
        rejected 1 InsufficientBalance
        shortfall 3 needs 0 has 0 of 0
        rejected 1 InsufficientBalance
        shortfall 3 needs 5 has 0 of 1
        ",
    );
}

#[test]
fn a_list_is_measured_as_a_whole_at_last() {
    // The larger of 5 × 10 and 4 × 20; then base for the entry, then quote for the larger exit: 2 × 120.
    check(
        "
        engine accounts
        deposit 1 79 of 0
        deposit 1 1 of 1
        ---
        oco: buy 1 5 @ 10 acct 1 | buy 2 4 stop 20 @ 20 acct 1
        bracket: sell 1 2 @ 100 acct 1 | buy 2 2 @ 90 acct 1 | buy 3 2 stop 110 @ 120 acct 1
        deposit 1 1 of 1
        bracket: sell 1 2 @ 100 acct 1 | buy 2 2 @ 90 acct 1 | buy 3 2 stop 110 @ 120 acct 1
        bracket: sell 1 2 @ 100 acct 1 | buy 2 2 @ 90 | buy 3 2 stop 110 @ 120
        limits 1 open 3
        oco: buy 1 3 @ 10 acct 1 | buy 2 4 stop 20 @ 20 acct 1
        deposit 1 1 of 0
        limits 1
        oco: buy 1 5 @ 10 acct 1 | buy 2 4 stop 20 @ 20 acct 1
        ",
        "
        rejected 1 InsufficientBalance PlaceLinked
        shortfall 1 needs 80 has 79 of 0
        rejected 1 InsufficientBalance PlaceLinked
        shortfall 1 needs 2 has 1 of 1
        deposited 1
        balance 1
        rejected 1 InsufficientBalance PlaceLinked
        shortfall 1 needs 240 has 79 of 0
        rejected 1 InvalidLink PlaceLinked
        limits 1
        rejected 1 RiskLimit(OpenQuantity) PlaceLinked
        deposited 1
        balance 1
        limits 1
        accepted 1
        accepted 2
        terms 2
        rested 1
        balance 1 of 0: 80 held 80
        ",
    );
}

#[test]
fn an_amend_is_refused_if_it_needs_more_than_is_free() {
    check(
        "
        engine accounts
        list assets 1/0 fees 0 10000
        deposit 1 1010 of 0
        deposit 2 50 of 1
        buy 1 5 @ 100 acct 1
        sell 2 30 @ 300 acct 2
        ---
        amend 1 qty 11
        amend 1 price 200
        amend 1 price 201
        amend 2 qty 51
        amend 2 qty 50
        amend 1 qty 2
        ",
        "
        rejected 1 InsufficientBalance Amend
        shortfall 1 needs 606 has 505 of 0      # 6 × 100 and 1 % more; 1010 − 505
        pulled 1
        amended 1 5 @ 200 lost
        rested 1
        balance 1 of 0: 1010 held 1010
        rejected 1 InsufficientBalance Amend
        shortfall 1 needs 6 has 0 of 0          # ⌈1005 × 1 %⌉ = 11: 1016
        rejected 2 InsufficientBalance Amend
        shortfall 2 needs 21 has 20 of 1
        pulled 2
        amended 2 50 @ 300 lost
        rested 2
        balance 2 of 1: 50 held 50
        amended 1 2 @ 200 kept
        reduced 1
        balance 1 of 0: 1010 held 404
        ",
    );
}

#[test]
fn a_sliding_amend_is_measured_at_the_price_that_it_gets() {
    check(
        "
        engine accounts
        deposit 1 100 of 0
        deposit 2 5 of 1
        sell 2 5 @ 51 acct 2
        buy 1 2 @ 40 acct 1 slide
        ---
        amend 1 price 80
        amend 1 price 80 qty 3
        ",
        "
        pulled 1
        amended 1 2 @ 50 lost
        rested 1 2 @ 50
        balance 1 of 0: 100 held 100
        rejected 1 InsufficientBalance Amend
        shortfall 1 needs 50 has 0 of 0
        ",
    );
}

#[test]
fn a_buy_at_market_needs_exactly_what_it_pays() {
    // 3 × 10 + 2 × 11 = 52, at 1 %: ⌈0.52⌉ = 1.
    let script = |funds: &str| {
        format!(
            "
            engine accounts
            list assets 1/0 fees 0 10000
            deposit 1 {funds} of 0
            deposit 2 10 of 1
            sell 1 3 @ 10 acct 2
            sell 2 3 @ 11 acct 2
            ---
            buy 3 5 market acct 1
            "
        )
    };
    check(
        &script("52"),
        "
        rejected 3 InsufficientBalance
        shortfall 1 needs 53 has 52 of 0
        ",
    );
    check(
        &script("53"),
        "
        accepted 3
        traded 1 x 3: 3 @ 10
        traded 2 x 3: 2 @ 11
        settled 1 fees 0 1 of 0
        balance 2 of 1: 7 held 3
        balance 2 of 0: 30 held 0
        position 2 -3 cost -30
        settled 2 fees 0 0 of 0
        balance 2 of 1: 5 held 1
        balance 2 of 0: 52 held 0
        position 2 -5 cost -52
        balance 1 of 1: 5 held 0
        balance 1 of 0: 0 held 0
        position 1 5 cost 52
        ",
    );
}

#[test]
fn a_buy_at_market_that_finds_too_little_needs_what_is_there() {
    check(
        "
        engine accounts
        deposit 1 20 of 0
        deposit 2 10 of 1
        sell 1 2 @ 10 acct 2
        ---
        buy 3 5 market acct 1
        buy 4 5 market acct 1
        ",
        "
        accepted 3
        traded 1 x 3: 2 @ 10
        cancelled 3 3 NoLiquidity
        settled 1
        balance 2
        balance 2
        position 2
        balance 1 of 1: 2 held 0
        balance 1 of 0: 0 held 0
        position 1
        accepted 4
        cancelled 4 5 NoLiquidity
        ",
    );
}

#[test]
fn own_and_all_or_none_orders_are_passed_over_in_the_worst_case() {
    // Own: 2 @ 10 is prevented, so 3 @ 12. All or none: 3 @ 10 may be passed, so at worst 2 @ 12 and 1 more at 10.
    check(
        "
        engine accounts
        deposit 1 100 of 1
        deposit 1 35 of 0
        deposit 2 100 of 1
        sell 1 2 @ 10 acct 1
        sell 2 3 @ 12 acct 2
        ---
        buy 3 3 market acct 1 stp oldest
        buy 3 3 market acct 1
        ",
        "
        rejected 3 InsufficientBalance
        shortfall 1 needs 36 has 35 of 0
        accepted 3
        traded 1 x 3: 2 @ 10
        traded 2 x 3: 1 @ 12
        settled 1
        balance 1
        balance 1
        position 1
        settled 2
        balance 2
        balance 2
        position 2
        balance 1 of 1: 101
        balance 1 of 0: 23 held 0
        position 1
        ",
    );
    check(
        "
        engine accounts
        deposit 1 33 of 0
        deposit 2 100 of 1
        sell 1 3 @ 10 acct 2 aon
        sell 2 2 @ 12 acct 2
        ---
        buy 3 3 market acct 1
        deposit 1 1
        buy 3 3 market acct 1
        ",
        "
        rejected 3 InsufficientBalance
        shortfall 1 needs 34 has 33 of 0
        deposited 1
        balance 1
        accepted 3
        traded 1 x 3: 3 @ 10
        settled 1
        balance 2
        balance 2
        position 2
        balance 1 of 1: 3
        balance 1 of 0: 4 held 0
        position 1
        ",
    );
}

#[test]
fn a_sell_by_value_needs_the_most_that_it_could_sell() {
    // 100 buys 5 @ 12 and, of the 40 left, 4 @ 10: nine.
    let script = |funds: &str| {
        format!(
            "
            engine accounts
            deposit 1 {funds} of 1
            deposit 2 1000 of 0
            buy 1 5 @ 12 acct 2
            buy 2 9 @ 10 acct 2
            ---
            sell 3 0 value 100 acct 1
            "
        )
    };
    check(
        &script("8"),
        "
        rejected 3 InsufficientBalance
        shortfall 1 needs 9 has 8 of 1
        ",
    );
    check(
        &script("9"),
        "
        accepted 3
        traded 1 x 3: 5 @ 12
        traded 2 x 3: 4 @ 10
        settled 1
        balance 2
        balance 2
        position 2
        settled 2
        balance 2
        balance 2
        position 2
        balance 1 of 1: 0 held 0
        balance 1 of 0: 100 held 0
        position 1 -9
        ",
    );
}

#[test]
fn a_sell_by_value_passes_over_own_and_all_or_none_orders_too() {
    // Own 3 @ 20 are passed over; 2 @ 10 take 20 of 50; of the 30 left 4 all-or-none could take 3 @ 8.
    check(
        "
        engine accounts
        deposit 1 4 of 1
        deposit 1 60 of 0
        deposit 2 1000 of 0
        buy 1 3 @ 20 acct 1
        buy 2 2 @ 10 acct 2
        buy 3 4 @ 8 acct 2 aon
        ---
        sell 4 0 value 50 acct 1 stp oldest
        deposit 1 1 of 1
        sell 4 0 value 50 acct 1 stp oldest
        ",
        "
        rejected 4 InsufficientBalance
        shortfall 1 needs 5 has 4 of 1
        deposited 1
        balance 1
        accepted 4
        cancelled 1 3 SelfTrade
        traded 2 x 4: 2 @ 10
        cancelled 4 0 NoLiquidity               # 4 are not 3
        balance 1 of 0: 60 held 0
        settled 2
        balance 2
        balance 2
        position 2
        balance 1
        balance 1
        position 1
        ",
    );
}

#[test]
fn a_stop_at_market_holds_for_the_protection_from_its_trigger_and_goes_no_further() {
    // 50 + ⌊50 × 10 %⌋ = 55, twice: 110.
    check(
        "
        engine accounts
        list assets 1/0 protect 1000
        deposit 1 109 of 0
        deposit 2 10 of 1
        ---
        buy 1 2 stop 50 acct 1
        deposit 1 1
        buy 1 2 stop 50 acct 1
        sell 2 1 @ 50 acct 2
        sell 3 1 @ 56 acct 2
        deposit 3 50 of 0
        buy 4 1 @ 50 acct 3
        ",
        "
        rejected 1 InsufficientBalance
        shortfall 1 needs 110 has 109 of 0
        deposited 1
        balance 1
        accepted 1
        terms 1 gtc trigger 50
        balance 1 of 0: 110 held 110
        accepted 2
        rested 2
        balance 2
        accepted 3
        rested 3
        balance 2
        deposited 3
        balance 3
        accepted 4
        traded 2 x 4: 1 @ 50
        triggered 1
        cancelled 1 2 NoLiquidity             # 56 is beyond 55
        balance 3
        settled 1
        balance 2
        balance 2
        position 2
        balance 3
        balance 3
        position 3
        balance 1 of 0: 110 held 0
        ",
    );
}

#[test]
fn a_buy_without_a_bound_is_refused() {
    check(
        "
        engine accounts
        deposit 1 1000 of 0
        deposit 1 10 of 1
        ---
        buy 1 1 stop 50 acct 1
        buy 1 1 profit 50 acct 1
        buy 1 1 trail 5 acct 1
        buy 1 1 peg primary acct 1
        buy 1 1 market at-open acct 1
        buy 1 1 market at-close acct 1
        phase auction
        buy 1 1 market acct 1
        sell 1 1 market acct 1
        sell 2 1 stop 50 acct 1
        ",
        "
        rejected 1 UnboundedCost
        rejected 1 UnboundedCost
        rejected 1 UnboundedCost
        rejected 1 UnboundedCost
        rejected 1 UnboundedCost
        rejected 1 UnboundedCost
        phase auction
        rejected 1 UnboundedCost
        accepted 1
        balance 1 of 1: 10 held 1
        accepted 2
        terms 2
        balance 1 of 1: 10 held 2
        ",
    );
}

#[test]
fn a_trailing_stop_holds_for_the_trigger_that_it_begins_with() {
    // Last 100: trigger 105, protection 10 %: 115.
    check(
        "
        engine accounts
        list assets 1/0 protect 1000
        deposit 1 1000 of 0
        deposit 2 10 of 1
        ---
        buy 1 1 trail 5 acct 1
        sell 2 3 @ 100 acct 2
        buy 3 1 @ 100 acct 1
        buy 4 1 trail 5 acct 1
        bracket: sell 5 1 @ 200 acct 2 | buy 6 1 @ 90 acct 2 | buy 7 1 trail 5 acct 2
        ",
        "
        rejected 1 UnboundedCost
        accepted 2
        rested 2
        balance 2
        accepted 3
        traded 2 x 3: 1 @ 100
        balance 1
        settled 1
        balance 2
        balance 2
        position 2
        balance 1
        balance 1 of 0: 900 held 0
        position 1
        accepted 4
        terms 4 gtc trigger 105
        balance 1 of 0: 900 held 115
        rejected 5 UnboundedCost                 # its trigger begins anew when it is armed
        ",
    );
}

#[test]
fn an_order_holds_by_the_price_that_its_kind_has() {
    check(
        "
        engine accounts
        deposit 1 1000 of 0
        deposit 2 10 of 1
        sell 1 1 @ 60 acct 2
        ---
        buy 2 2 to-limit acct 1
        buy 3 1 peg primary limit 58 acct 1
        buy 4 1 trail 5 @ 70 acct 1
        buy 5 1 profit 40 @ 41 acct 1
        ",
        "
        accepted 2 buy MarketToLimit 2 acct 1
        traded 1 x 2: 1 @ 60
        rested 2 1 @ 60
        balance 1 of 0: 1000 held 120
        settled 1
        balance 2
        balance 2
        position 2
        balance 1 of 1: 1
        balance 1 of 0: 940 held 60
        position 1
        accepted 3 buy Pegged 1 @ 58 acct 1
        rested 3 0 @ 58
        balance 1 of 0: 940 held 118
        accepted 4 buy TrailingStopLimit 1 @ 70
        terms 4 gtc trigger 65
        balance 1 of 0: 940 held 188
        accepted 5 buy TakeProfitLimit 1 @ 41
        terms 5 gtc trigger 40
        balance 1 of 0: 940 held 229
        ",
    );
}

#[test]
fn a_sliding_order_holds_by_the_price_that_it_got() {
    check(
        "
        engine accounts
        deposit 1 100 of 0
        deposit 2 10 of 1
        sell 1 1 @ 60 acct 2
        ---
        buy 2 1 @ 99 acct 1 slide
        buy 3 1 to-limit ioc acct 2
        ",
        "
        accepted 2 buy Limit 1 @ 59 acct 1
        rested 2 1 @ 59
        balance 1 of 0: 100 held 59
        rejected 3 InsufficientBalance
        shortfall 2 needs 60 has 0 of 0
        ",
    );
}
