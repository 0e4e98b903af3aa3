//! Rules 7, 8 and 12 of the page of accounts: payments, fees and positions, and how they are told.

use engine_core::{Notional, Position, Price};

use crate::check;

#[test]
fn both_sides_are_charged_in_the_quote_asset_and_it_is_told_in_order() {
    // 1 takes 2 at 100 and 3 at 101: the makers pay 2 % of 200 and of 303 (6.06), the taker 3 % of 200 and of 503 (15.09).
    check(
        "
        engine accounts
        list assets 1/0 fees 20000 30000
        deposit 1 1000 of 0
        deposit 2 2 of 1
        deposit 3 3 of 1
        sell 1 2 @ 100 acct 2
        sell 2 3 @ 101 acct 3
        ---
        buy 3 5 @ 101 acct 1
        ",
        "
        accepted 3 buy Limit 5 @ 101 acct 1
        traded 1 x 3: 2 @ 100 buy displayed accts 2 x 1
        traded 2 x 3: 3 @ 101 buy displayed accts 3 x 1
        balance 1 of 0: 1000 held 521
        settled 1 fees 4 6 of 0
        balance 2 of 1: 0 held 0
        balance 2 of 0: 196 held 0
        position 2 -2 cost -200 realised 0
        settled 2 fees 7 10 of 0
        balance 3 of 1: 0 held 0
        balance 3 of 0: 296 held 0
        position 3 -3 cost -303 realised 0
        balance 1 of 1: 5 held 0
        balance 1 of 0: 481 held 0
        position 1 5 cost 503 realised 0
        ",
    );
}

#[test]
fn in_an_auction_the_older_order_pays_as_maker() {
    check(
        "
        engine accounts
        list assets 1/0 fees 10000 20000 phase auction
        deposit 1 1000 of 0
        deposit 2 5 of 1
        buy 1 5 @ 100 acct 1
        sell 2 5 @ 90 acct 2
        ---
        uncross
        ",
        "
        reduced 1 by 5 @ 100 buy
        reduced 2 by 5 @ 90 sell
        traded 1 x 2: 5 @ 90 sell undisplayed accts 1 x 2
        phase continuous
        settled 2 fees 5 9 of 0
        balance 1 of 1: 5 held 0
        balance 1 of 0: 545 held 0
        position 1 5 cost 450 realised 0
        balance 2 of 1: 0 held 0
        balance 2 of 0: 441 held 0
        position 2 -5 cost -450 realised 0
        ",
    );
}

#[test]
fn a_fee_is_rounded_over_the_life_of_its_order() {
    // 200 ppm of 7 are 0.0014: 1 is charged for the first fill, nothing for the next.
    check(
        "
        engine accounts
        list assets 1/0 fees 200 0
        deposit 1 100 of 0
        deposit 2 10 of 1
        buy 1 3 @ 7 acct 1
        ---
        sell 2 1 @ 7 acct 2
        sell 3 1 @ 7 acct 2
        sell 4 1 @ 7 acct 2
        ",
        "
        accepted 2 sell Limit 1 @ 7 acct 2
        traded 1 x 2: 1 @ 7 sell displayed accts 1 x 2
        balance 2 of 1: 10 held 1
        settled 1 fees 1 0 of 0
        balance 1 of 1: 1 held 0
        balance 1 of 0: 92 held 14
        position 1 1 cost 7 realised 0
        balance 2 of 1: 9 held 0
        balance 2 of 0: 7 held 0
        position 2 -1 cost -7 realised 0
        accepted 3 sell Limit 1 @ 7 acct 2
        traded 1 x 3: 1 @ 7 sell displayed accts 1 x 2
        balance 2 of 1: 9 held 1
        settled 1 fees 0 0 of 0
        balance 1 of 1: 2 held 0
        balance 1 of 0: 85 held 7
        position 1 2 cost 14 realised 0
        balance 2 of 1: 8 held 0
        balance 2 of 0: 14 held 0
        position 2 -2 cost -14 realised 0
        accepted 4 sell Limit 1 @ 7 acct 2
        traded 1 x 4: 1 @ 7 sell displayed accts 1 x 2
        balance 2 of 1: 8 held 1
        settled 1 fees 0 0 of 0
        balance 1 of 1: 3 held 0
        balance 1 of 0: 78 held 0
        position 1 3 cost 21 realised 0
        balance 2 of 1: 7 held 0
        balance 2 of 0: 21 held 0
        position 2 -3 cost -21 realised 0
        ",
    );
}

#[test]
fn a_rebate_is_rounded_down_and_the_rest_is_carried() {
    // 200 ppm of 12,500 are 2.5: 2 are given, then 3.
    check(
        "
        engine accounts
        list assets 1/0 fees -200 400
        deposit 1 100000 of 0
        deposit 2 10 of 1
        buy 1 2 @ 12500 acct 1
        ---
        sell 2 1 @ 12500 acct 2
        sell 3 1 @ 12500 acct 2
        ",
        "
        accepted 2 sell Limit 1 @ 12500 acct 2
        traded 1 x 2: 1 @ 12500 sell displayed accts 1 x 2
        balance 2 of 1: 10 held 1
        settled 1 fees -2 5 of 0
        balance 1 of 1: 1 held 0
        balance 1 of 0: 87502 held 12505
        position 1 1 cost 12500 realised 0
        balance 2 of 1: 9 held 0
        balance 2 of 0: 12495 held 0
        position 2 -1 cost -12500 realised 0
        accepted 3 sell Limit 1 @ 12500 acct 2
        traded 1 x 3: 1 @ 12500 sell displayed accts 1 x 2
        balance 2 of 1: 9 held 1
        settled 1 fees -3 5 of 0
        balance 1 of 1: 2 held 0
        balance 1 of 0: 75005 held 0
        position 1 2 cost 25000 realised 0
        balance 2 of 1: 8 held 0
        balance 2 of 0: 24990 held 0
        position 2 -2 cost -25000 realised 0
        ",
    );
}

#[test]
fn an_order_keeps_the_rates_that_it_was_accepted_with() {
    // 1 % at first, nothing in tier 1; a tier above the last is the last.
    check(
        "
        engine accounts
        list assets 1/0 fees 10000 10000 tier 1000000 0 0
        deposit 1 1000 of 0
        deposit 2 10 of 1
        buy 1 1 @ 100 acct 1
        account 1 tier 9
        buy 2 1 @ 100 acct 1
        ---
        sell 3 2 @ 100 acct 2
        ",
        "
        accepted 3 sell Limit 2 @ 100 acct 2
        traded 1 x 3: 1 @ 100 sell displayed accts 1 x 2
        traded 2 x 3: 1 @ 100 sell displayed accts 1 x 2
        balance 2 of 1: 10 held 2
        settled 1 fees 1 1 of 0
        balance 1 of 1: 1 held 0
        balance 1 of 0: 899 held 100
        position 1 1 cost 100 realised 0
        settled 2 fees 0 1 of 0
        balance 1 of 1: 2 held 0
        balance 1 of 0: 799 held 0
        position 1 2 cost 200 realised 0
        balance 2 of 1: 8 held 0
        balance 2 of 0: 198 held 0
        position 2 -2 cost -200 realised 0
        ",
    );
}

#[test]
fn volume_counts_for_the_day_and_the_twenty_nine_after_it() {
    // A trade of 1,000 on day 0 gives both the second tier until day 29 is over: 0.5 % of 1,000 and then 1 % are held for.
    check(
        "
        engine accounts
        list assets 1/0 fees 10000 10000 tier 1000 5000 5000
        deposit 1 10000 of 0
        deposit 2 10 of 1
        buy 1 1 @ 1000 acct 1
        sell 2 1 @ 1000 acct 2
        ---
        at 2591999s
        buy 3 1 @ 1000 acct 1
        at 2592000s
        buy 4 1 @ 1000 acct 1
        ",
        "
        accepted 3 buy Limit 1 @ 1000 acct 1
        rested 3 1 @ 1000 buy
        balance 1 of 0: 8990 held 1005
        accepted 4 buy Limit 1 @ 1000 acct 1
        rested 4 1 @ 1000 buy
        balance 1 of 0: 8990 held 2015
        ",
    );
}

#[test]
fn a_position_averages_closes_and_turns() {
    // 15 cost 1,515. Selling them at 104 brings 1,560: 45; 5 more are short at 520. Buying 2 back at 101 frees
    // ⌈−520 × 2 / 5⌉ = −208 of it: 6 more.
    check(
        "
        engine accounts
        deposit 1 10000 of 0
        deposit 1 5 of 1
        deposit 2 10000 of 0
        deposit 2 100 of 1
        sell 1 10 @ 100 acct 2
        buy 2 10 @ 100 acct 1
        sell 3 5 @ 103 acct 2
        buy 4 5 @ 103 acct 1
        ---
        buy 5 20 @ 104 acct 2
        sell 6 20 @ 104 acct 1
        sell 7 2 @ 101 acct 2
        buy 8 2 @ 101 acct 1
        withdraw 1 1 of 1
        ",
        "
        accepted 5 buy Limit 20 @ 104 acct 2
        rested 5 20 @ 104 buy
        balance 2 of 0: 11515 held 2080
        accepted 6 sell Limit 20 @ 104 acct 1
        traded 5 x 6: 20 @ 104 sell displayed accts 2 x 1
        balance 1 of 1: 20 held 20
        settled 1 fees 0 0 of 0
        balance 2 of 1: 105 held 0
        balance 2 of 0: 9435 held 0
        position 2 5 cost 520 realised -45
        balance 1 of 1: 0 held 0
        balance 1 of 0: 10565 held 0
        position 1 -5 cost -520 realised 45
        accepted 7 sell Limit 2 @ 101 acct 2
        rested 7 2 @ 101 sell
        balance 2 of 1: 105 held 2
        accepted 8 buy Limit 2 @ 101 acct 1
        traded 7 x 8: 2 @ 101 buy displayed accts 2 x 1
        balance 1 of 0: 10565 held 202
        settled 1 fees 0 0 of 0
        balance 2 of 1: 103 held 0
        balance 2 of 0: 9637 held 0
        position 2 3 cost 312 realised -51
        balance 1 of 1: 2 held 0
        balance 1 of 0: 10363 held 0
        position 1 -3 cost -312 realised 51
        withdrew 1 1 of 1
        balance 1 of 1: 1 held 0
        ",
    );
}

#[test]
fn a_profit_that_is_not_realised_is_that_of_closing_at_the_mark() {
    let bought = Position {
        quantity: 15,
        cost: Notional::new(1515),
        realised: Notional::new(7),
    };
    assert_eq!(bought.unrealised(Price::new(101)), Notional::ZERO);
    assert_eq!(bought.unrealised(Price::new(103)), Notional::new(30));
    let sold = Position {
        quantity: -5,
        cost: Notional::new(-520),
        realised: Notional::ZERO,
    };
    assert_eq!(sold.unrealised(Price::new(103)), Notional::new(5));
    assert_eq!(sold.unrealised(Price::new(105)), Notional::new(-5));
}
