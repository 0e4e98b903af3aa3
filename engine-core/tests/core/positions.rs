//! Rules 9 to 11 of the page of accounts: margin, limits, orders that only reduce.

use engine_core::{AccountId, Amount, InstrumentId, Price};

use crate::{check, engine_after};

#[test]
fn a_position_on_margin_holds_its_requirement_and_is_settled_by_its_profit() {
    // 10 %: 10 at 100 hold 100. The sell of 4 makes the requirement no greater. Closing 4 at 110 brings 40, and
    // leaves a cost of 600: 60 held.
    check(
        "
        engine accounts
        list assets 1/0 margin 100000 50000 1000
        deposit 1 500 of 0
        deposit 2 500 of 0
        ---
        buy 1 10 @ 100 acct 1
        sell 2 10 @ 100 acct 2
        sell 3 4 @ 110 acct 1
        buy 4 4 @ 110 acct 2
        ",
        "
        accepted 1 buy Limit 10 @ 100 acct 1
        rested 1 10 @ 100 buy
        balance 1 of 0: 500 held 100
        accepted 2 sell Limit 10 @ 100 acct 2
        traded 1 x 2: 10 @ 100 sell displayed accts 1 x 2
        balance 2 of 0: 500 held 100
        settled 1 fees 0 0 of 0
        balance 1 of 0: 500 held 100
        position 1 10 cost 1000 realised 0
        balance 2 of 0: 500 held 100
        position 2 -10 cost -1000 realised 0
        accepted 3 sell Limit 4 @ 110 acct 1
        rested 3 4 @ 110 sell
        accepted 4 buy Limit 4 @ 110 acct 2
        traded 3 x 4: 4 @ 110 buy displayed accts 1 x 2
        settled 1 fees 0 0 of 0
        balance 1 of 0: 540 held 60
        position 1 6 cost 600 realised 40
        balance 2 of 0: 460 held 60
        position 2 -6 cost -600 realised -40
        ",
    );
}

#[test]
fn an_account_without_means_can_still_close() {
    // Down to the last unit at 50 %; the mark then leaves nothing free. What makes the position greater is refused.
    check(
        "
        engine accounts
        list assets 1/0 margin 500000 50000 1000
        deposit 1 500 of 0
        deposit 2 5000 of 0
        buy 1 10 @ 100 acct 1
        sell 2 10 @ 100 acct 2
        mark 80
        ---
        buy 3 1 @ 80 acct 1
        withdraw 1 1 of 0
        sell 4 10 @ 80 acct 1
        buy 5 10 @ 80 acct 2
        ",
        "
        rejected 3 InsufficientBalance Place buy Limit 1 @ 80 acct 1
        shortfall 1 needs 40 has -200 of 0
        rejected 0 InsufficientBalance Withdraw acct 1 nowhere
        shortfall 1 needs 1 has -200 of 0
        accepted 4 sell Limit 10 @ 80 acct 1
        rested 4 10 @ 80 sell
        accepted 5 buy Limit 10 @ 80 acct 2
        traded 4 x 5: 10 @ 80 buy displayed accts 1 x 2
        settled 1 fees 0 0 of 0
        balance 1 of 0: 300 held 0
        position 1 0 cost 0 realised -200
        balance 2 of 0: 5200 held 0
        position 2 0 cost 0 realised 200
        ",
    );
}

#[test]
fn orders_on_margin_without_a_bound_are_refused() {
    check(
        "
        engine accounts
        list assets 1/0 margin 500000 50000 1000
        deposit 1 500 of 0
        ---
        sell 1 1 peg primary acct 1
        sell 2 1 market at-close acct 1
        buy 3 1001 @ 1 acct 1
        buy 3 1000 @ 1 acct 1
        buy 4 1 @ 0 acct 1
        ",
        "
        rejected 1 UnboundedCost Place sell Pegged 1 acct 1
        rejected 2 UnboundedCost Place sell Market 1 acct 1
        rejected 3 RiskLimit(Position) Place buy Limit 1001 @ 1 acct 1
        accepted 3 buy Limit 1000 @ 1 acct 1
        rested 3 1000 @ 1 buy
        balance 1 of 0: 500 held 500
        rejected 4 InvalidPrice Place buy Limit 1 @ 0 acct 1
        ",
    );
}

#[test]
fn the_liquidation_price_is_where_equity_meets_the_requirement() {
    // 10 bought at 100 with 500. At p the equity is 500 + 10 p − 1,000, the requirement ⌈p / 2⌉: at 53 it is 30 and 27, at
    // 52 20 and 26.
    let engine = engine_after(
        "
        engine accounts
        list assets 1/0 margin 100000 50000 1000
        deposit 1 500 of 0
        deposit 2 500 of 0
        buy 1 10 @ 100 acct 1
        sell 2 10 @ 100 acct 2
        mark 90
        ",
    );
    let status = |account: u64| {
        let account = AccountId::new(account).expect("it is somebody");
        engine.margin_status(account, InstrumentId::new(0))
    };
    let bought = status(1).expect("it is on margin and has a price");
    assert_eq!(
        (bought.equity, bought.initial),
        (Amount::new(400), Amount::new(100))
    );
    assert_eq!(bought.maintenance, Amount::new(45));
    assert_eq!(bought.liquidation_price, Some(Price::new(52)));
    // Sold, with 500: 500 + 1,000 − 10 p against ⌈p / 2⌉: at 142 80 and 71, at 143 70 and 72.
    let sold = status(2).expect("it is on margin and has a price");
    assert_eq!(
        (sold.equity, sold.maintenance),
        (Amount::new(600), Amount::new(45))
    );
    assert_eq!(sold.liquidation_price, Some(Price::new(143)));
    assert_eq!(status(3), None);
}

#[test]
fn each_limit_is_kept_at_the_limit_and_refuses_one_above() {
    check(
        "
        engine accounts
        deposit 1 100000 of 0
        deposit 1 100 of 1
        deposit 2 100000 of 0
        deposit 2 100 of 1
        limits 1 order 10
        ---
        buy 1 10 @ 10 acct 1
        buy 2 11 @ 10 acct 1
        limits 1 notional 100
        buy 3 10 @ 10 acct 1
        buy 4 10 @ 11 acct 1
        limits 1 orders 3
        buy 5 1 @ 10 acct 1
        buy 6 1 @ 10 acct 1
        limits 1 open 22
        buy 7 1 @ 10 acct 1
        buy 8 1 @ 10 acct 1
        limits 1 position 23
        buy 9 1 @ 10 acct 1
        buy 10 1 @ 10 acct 1
        limits 1
        buy 11 1 @ 10 acct 1
        ",
        "
        accepted 1 buy Limit 10 @ 10 acct 1
        rested 1 10 @ 10 buy
        balance 1 of 0: 100000 held 100
        rejected 2 RiskLimit(OrderQuantity) Place buy Limit 11 @ 10 acct 1
        limits 1
        accepted 3 buy Limit 10 @ 10 acct 1
        rested 3 10 @ 10 buy
        balance 1 of 0: 100000 held 200
        rejected 4 RiskLimit(OrderNotional) Place buy Limit 10 @ 11 acct 1
        limits 1
        accepted 5 buy Limit 1 @ 10 acct 1
        rested 5 1 @ 10 buy
        balance 1 of 0: 100000 held 210
        rejected 6 RiskLimit(OpenOrders) Place buy Limit 1 @ 10 acct 1
        limits 1
        accepted 7 buy Limit 1 @ 10 acct 1
        rested 7 1 @ 10 buy
        balance 1 of 0: 100000 held 220
        rejected 8 RiskLimit(OpenQuantity) Place buy Limit 1 @ 10 acct 1
        limits 1
        accepted 9 buy Limit 1 @ 10 acct 1
        rested 9 1 @ 10 buy
        balance 1 of 0: 100000 held 230
        rejected 10 RiskLimit(Position) Place buy Limit 1 @ 10 acct 1
        limits 1
        accepted 11 buy Limit 1 @ 10 acct 1
        rested 11 1 @ 10 buy
        balance 1 of 0: 100000 held 240
        ",
    );
}

#[test]
fn the_collar_is_around_the_last_trade_and_the_rate_is_by_the_second() {
    // 10 % of 100: from 90 to 110.
    check(
        "
        engine accounts
        deposit 1 100000 of 0
        deposit 2 100 of 1
        sell 1 1 @ 100 acct 2
        buy 2 1 @ 100 acct 1
        limits all collar 1000
        ---
        buy 3 1 @ 90 acct 1
        buy 4 1 @ 89 acct 1
        sell 5 1 @ 110 acct 2
        sell 6 1 @ 111 acct 2
        limits all
        limits 1 rate 2
        at 1s
        buy 7 1 @ 80 acct 1
        buy 8 1 @ 80 acct 1
        buy 9 1 @ 80 acct 1
        at 2s
        buy 10 1 @ 80 acct 1
        ",
        "
        accepted 3 buy Limit 1 @ 90 acct 1
        rested 3 1 @ 90 buy
        balance 1 of 0: 99900 held 90
        rejected 4 RiskLimit(PriceCollar) Place buy Limit 1 @ 89 acct 1
        accepted 5 sell Limit 1 @ 110 acct 2
        rested 5 1 @ 110 sell
        balance 2 of 1: 99 held 1
        rejected 6 RiskLimit(PriceCollar) Place sell Limit 1 @ 111 acct 2
        limits all
        limits 1
        accepted 7 buy Limit 1 @ 80 acct 1
        rested 7 1 @ 80 buy
        balance 1 of 0: 99900 held 170
        accepted 8 buy Limit 1 @ 80 acct 1
        rested 8 1 @ 80 buy
        balance 1 of 0: 99900 held 250
        rejected 9 RiskLimit(OrderRate) Place buy Limit 1 @ 80 acct 1
        accepted 10 buy Limit 1 @ 80 acct 1
        rested 10 1 @ 80 buy
        balance 1 of 0: 99900 held 330
        ",
    );
}

#[test]
fn an_accounts_own_limits_replace_those_of_everyone() {
    check(
        "
        engine accounts
        deposit 1 1000 of 0
        deposit 2 1000 of 0
        ---
        limits all order 1
        limits 1 orders 5
        buy 1 2 @ 10 acct 1
        buy 2 2 @ 10 acct 2
        limits 1
        buy 3 2 @ 10 acct 1
        ",
        "
        limits all
        limits 1
        accepted 1 buy Limit 2 @ 10 acct 1
        rested 1 2 @ 10 buy
        balance 1 of 0: 1000 held 20
        rejected 2 RiskLimit(OrderQuantity) Place buy Limit 2 @ 10 acct 2
        limits 1
        accepted 3 buy Limit 2 @ 10 acct 1
        rested 3 2 @ 10 buy
        balance 1 of 0: 1000 held 40
        ",
    );
}

#[test]
fn of_an_amend_only_what_grows_is_measured() {
    check(
        "
        engine accounts
        deposit 1 1000 of 0
        buy 1 5 @ 10 acct 1
        limits 1 order 4 notional 40 open 4 position 4
        ---
        amend 1 price 9
        amend 1 qty 4
        amend 1 qty 5
        amend 1 price 8
        amend 1 price 11
        ",
        "
        pulled 1 5 @ 10 buy
        amended 1 5 @ 9 lost acct 1
        rested 1 5 @ 9 buy
        balance 1 of 0: 1000 held 45
        amended 1 4 @ 9 kept acct 1
        reduced 1 by 1 @ 9 buy
        balance 1 of 0: 1000 held 36
        rejected 1 RiskLimit(OrderQuantity) Amend
        pulled 1 4 @ 9 buy
        amended 1 4 @ 8 lost acct 1
        rested 1 4 @ 8 buy
        balance 1 of 0: 1000 held 32
        rejected 1 RiskLimit(OrderNotional) Amend
        ",
    );
}

#[test]
fn an_order_that_only_reduces_cannot_open_or_turn_a_position() {
    check(
        "
        engine accounts
        deposit 1 1000 of 0
        deposit 1 10 of 1
        deposit 2 1000 of 0
        deposit 2 10 of 1
        ---
        sell 1 1 @ 110 reduce-only acct 1
        sell 2 5 @ 100 acct 2
        buy 3 5 @ 100 acct 1
        buy 4 1 @ 90 reduce-only acct 1
        sell 5 6 @ 110 reduce-only acct 1
        sell 6 3 @ 110 reduce-only acct 1
        sell 7 3 @ 110 acct 1
        sell 8 2 @ 111 acct 1
        amend 8 qty 3
        cancel 6
        amend 8 qty 3
        ",
        "
        rejected 1 ReduceOnly Place sell Limit 1 @ 110 acct 1
        accepted 2 sell Limit 5 @ 100 acct 2
        rested 2 5 @ 100 sell
        balance 2 of 1: 10 held 5
        accepted 3 buy Limit 5 @ 100 acct 1
        traded 2 x 3: 5 @ 100 buy displayed accts 2 x 1
        balance 1 of 0: 1000 held 500
        settled 1 fees 0 0 of 0
        balance 2 of 1: 5 held 0
        balance 2 of 0: 1500 held 0
        position 2 -5 cost -500 realised 0
        balance 1 of 1: 15 held 0
        balance 1 of 0: 500 held 0
        position 1 5 cost 500 realised 0
        rejected 4 ReduceOnly Place buy Limit 1 @ 90 acct 1
        rejected 5 ReduceOnly Place sell Limit 6 @ 110 acct 1
        accepted 6 sell Limit 3 @ 110 acct 1
        rested 6 3 @ 110 sell
        balance 1 of 1: 15 held 3
        rejected 7 RiskLimit(ReduceOnly) Place sell Limit 3 @ 110 acct 1
        accepted 8 sell Limit 2 @ 111 acct 1
        rested 8 2 @ 111 sell
        balance 1 of 1: 15 held 5
        rejected 8 RiskLimit(ReduceOnly) Amend
        cancelled 6 3 User shown 3 @ 110 sell acct 1
        balance 1 of 1: 15 held 2
        pulled 8 2 @ 111 sell
        amended 8 3 @ 111 lost acct 1
        rested 8 3 @ 111 sell
        balance 1 of 1: 15 held 3
        ",
    );
}

#[test]
fn exits_of_a_bracket_cannot_only_reduce_without_a_position() {
    // With a position of 5 the pair counts once, with the larger of both.
    check(
        "
        engine accounts
        deposit 1 1000 of 0
        deposit 1 10 of 1
        deposit 2 10 of 1
        ---
        bracket: buy 1 5 @ 100 acct 1 | sell 2 5 @ 110 reduce-only acct 1 | sell 3 5 stop 90 acct 1
        sell 4 5 @ 50 acct 2
        buy 5 5 @ 50 acct 1
        oco: sell 6 5 @ 110 reduce-only acct 1 | sell 7 4 stop 40 reduce-only acct 1
        sell 8 1 @ 120 acct 1
        ",
        "
        rejected 1 ReduceOnly PlaceLinked buy Limit 5 @ 100 acct 1
        accepted 4 sell Limit 5 @ 50 acct 2
        rested 4 5 @ 50 sell
        balance 2 of 1: 10 held 5
        accepted 5 buy Limit 5 @ 50 acct 1
        traded 4 x 5: 5 @ 50 buy displayed accts 2 x 1
        balance 1 of 0: 1000 held 250
        settled 1 fees 0 0 of 0
        balance 2 of 1: 5 held 0
        balance 2 of 0: 250 held 0
        position 2 -5 cost -250 realised 0
        balance 1 of 1: 15 held 0
        balance 1 of 0: 750 held 0
        position 1 5 cost 250 realised 0
        accepted 6 sell Limit 5 @ 110 acct 1
        accepted 7 sell Stop 4 acct 1
        terms 7 gtc trigger 40
        rested 6 5 @ 110 sell
        balance 1 of 1: 15 held 5
        rejected 8 RiskLimit(ReduceOnly) Place sell Limit 1 @ 120 acct 1
        ",
    );
}
