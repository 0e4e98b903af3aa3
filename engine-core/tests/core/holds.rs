//! Rules 5 and 6 of the page of accounts: what orders hold.

use crate::check;

#[test]
fn an_order_holds_its_worst_price_and_the_fee_and_releases_what_it_does_not_need() {
    // 100 at 50,000 are worth 5,000,000, and 500 ppm of it 2,500. 40 trade at 49,990: 1,999,600, of which the maker pays
    // 399.92 and the taker 999.8, rounded up. For 60 at 50,000 and a fee of 1,500 less the 0.2 paid ahead 3,001,500 stay
    // held: 400 of the 2,001,000 released were not needed.
    check(
        "
        engine accounts
        list assets 1/0 fees 200 500
        deposit 1 5002500 of 0
        deposit 2 40 of 1
        sell 1 40 @ 49990 acct 2
        ---
        buy 2 100 @ 50000 acct 1
        cancel 2
        ",
        "
        accepted 2 buy Limit 100 @ 50000 acct 1
        traded 1 x 2: 40 @ 49990 buy displayed accts 2 x 1
        rested 2 60 @ 50000 buy
        balance 1 of 0: 5002500 held 5002500
        settled 1 fees 400 1000 of 0
        balance 2 of 1: 0 held 0
        balance 2 of 0: 1999200 held 0
        position 2 -40 cost -1999600 realised 0
        balance 1 of 1: 40 held 0
        balance 1 of 0: 3001900 held 3001500
        position 1 40 cost 1999600 realised 0
        cancelled 2 60 User shown 60 @ 50000 buy acct 1
        balance 1 of 0: 3001900 held 0
        ",
    );
}

#[test]
fn a_buy_holds_by_the_greater_of_its_rates() {
    // As maker it would pay 600 ppm of 10,000: 6. A rebate makes no hold smaller than the value.
    check(
        "
        engine accounts
        list assets 1/0 fees 600 500
        list assets 1/0 fees -100 100
        list assets 1/0 fees 500 -100
        deposit 1 100000 of 0
        ---
        buy 1 100 @ 100 acct 1
        buy 2 100 @ 100 acct 1 in 1
        buy 3 100 @ 100 acct 1 in 2
        ",
        "
        accepted 1 buy Limit 100 @ 100 acct 1
        rested 1 100 @ 100 buy
        balance 1 of 0: 100000 held 10006
        accepted 2 buy Limit 100 @ 100 acct 1 in 1
        rested 2 100 @ 100 buy in 1
        balance 1 of 0: 100000 held 20007
        accepted 3 buy Limit 100 @ 100 acct 1 in 2
        rested 3 100 @ 100 buy in 2
        balance 1 of 0: 100000 held 30012
        ",
    );
}

#[test]
fn a_sell_holds_its_whole_quantity_shown_or_not() {
    check(
        "
        engine accounts
        deposit 1 100 of 1
        ---
        sell 1 10 @ 100 iceberg 2 acct 1
        sell 2 20 @ 100 hidden acct 1
        sell 3 30 stop 50 acct 1
        sell 4 40 market at-close acct 1
        sell 5 1 @ 100 acct 1
        ",
        "
        accepted 1 sell Limit 10 @ 100 acct 1
        rested 1 2 @ 100 sell
        balance 1 of 1: 100 held 10
        accepted 2 sell Limit 20 @ 100 acct 1
        rested 2 0 @ 100 sell
        balance 1 of 1: 100 held 30
        accepted 3 sell Stop 30 acct 1
        terms 3 gtc trigger 50
        balance 1 of 1: 100 held 60
        accepted 4 sell Market 40 acct 1
        terms 4 at-close
        balance 1 of 1: 100 held 100
        rejected 5 InsufficientBalance Place sell Limit 1 @ 100 acct 1
        shortfall 1 needs 1 has 0 of 1
        ",
    );
}

#[test]
fn a_hold_is_released_to_the_last_unit_however_an_order_ends() {
    check(
        "
        engine accounts
        list assets 1/0 fees 300 300
        deposit 1 10000 of 0
        deposit 2 100 of 1
        buy 1 3 @ 111 acct 1
        buy 2 7 @ 99 gtd 5s acct 1
        buy 3 9 @ 98 acct 1
        buy 4 5 @ 97 acct 1
        ---
        amend 1 qty 2
        sell 5 2 @ 111 acct 2
        at 5s
        tick
        sell 6 4 @ 98 acct 2
        cancel 3
        mass-cancel acct 1
        ",
        "
        amended 1 2 @ 111 kept acct 1
        reduced 1 by 1 @ 111 buy
        balance 1 of 0: 10000 held 2286
        accepted 5 sell Limit 2 @ 111 acct 2
        traded 1 x 5: 2 @ 111 sell displayed accts 1 x 2
        balance 2 of 1: 100 held 2
        settled 1 fees 1 1 of 0
        balance 1 of 1: 2 held 0
        balance 1 of 0: 9777 held 2063
        position 1 2 cost 222 realised 0
        balance 2 of 1: 98 held 0
        balance 2 of 0: 221 held 0
        position 2 -2 cost -222 realised 0
        cancelled 2 7 Expired shown 7 @ 99 buy acct 1
        balance 1 of 0: 9777 held 1369
        accepted 6 sell Limit 4 @ 98 acct 2
        traded 3 x 6: 4 @ 98 sell displayed accts 1 x 2
        balance 2 of 1: 98 held 4
        settled 1 fees 1 1 of 0
        balance 1 of 1: 6 held 0
        balance 1 of 0: 9384 held 976
        position 1 6 cost 614 realised 0
        balance 2 of 1: 94 held 0
        balance 2 of 0: 612 held 0
        position 2 -6 cost -614 realised 0
        cancelled 3 5 User shown 5 @ 98 buy acct 1
        balance 1 of 0: 9384 held 486
        cancelled 4 5 MassCancel shown 5 @ 97 buy acct 1
        balance 1 of 0: 9384 held 0
        ",
    );
}

#[test]
fn what_an_order_does_not_take_at_once_is_not_held_when_it_is_over() {
    // 5 at 100 and 10 % are 550. 2 are taken at 99: 198 and 19.8, rounded up.
    check(
        "
        engine accounts
        list assets 1/0 fees 0 100000
        deposit 1 550 of 0
        deposit 2 2 of 1
        sell 1 2 @ 99 acct 2
        ---
        buy 2 5 @ 100 ioc acct 1
        ",
        "
        accepted 2 buy Limit 5 @ 100 acct 1
        terms 2 ioc
        traded 1 x 2: 2 @ 99 buy displayed accts 2 x 1
        cancelled 2 3 IocRemainder
        balance 1 of 0: 550 held 550
        settled 2 fees 0 20 of 0
        balance 2 of 1: 0 held 0
        balance 2 of 0: 198 held 0
        position 2 -2 cost -198 realised 0
        balance 1 of 1: 2 held 0
        balance 1 of 0: 332 held 330
        position 1 2 cost 198 realised 0
        balance 1 of 0: 332 held 0
        ",
    );
}

#[test]
fn what_self_trade_prevention_takes_off_is_no_longer_held() {
    check(
        "
        engine accounts
        deposit 1 1000 of 0
        deposit 1 5 of 1
        buy 1 5 @ 100 acct 1
        ---
        sell 2 3 @ 100 acct 1 stp decrement
        ",
        "
        accepted 2 sell Limit 3 @ 100 acct 1
        decremented 1 by 3 left 2 acct 1
        reduced 1 by 3 @ 100 buy
        cancelled 2 3 SelfTrade sell acct 1
        balance 1 of 1: 5 held 3
        balance 1 of 0: 1000 held 200
        balance 1 of 1: 5 held 0
        ",
    );
}

#[test]
fn both_orders_of_a_pair_share_the_larger_hold() {
    check(
        "
        engine accounts
        deposit 1 5 of 1
        deposit 2 1000 of 0
        ---
        oco: sell 1 5 @ 110 acct 1 | sell 2 4 stop 90 acct 1
        amend 2 qty 5
        buy 3 2 @ 110 acct 2
        cancel 1
        ",
        "
        accepted 1 sell Limit 5 @ 110 acct 1
        accepted 2 sell Stop 4 acct 1
        terms 2 gtc trigger 90
        rested 1 5 @ 110 sell
        balance 1 of 1: 5 held 5
        amended 2 5 lost acct 1
        accepted 3 buy Limit 2 @ 110 acct 2
        traded 1 x 3: 2 @ 110 buy displayed accts 1 x 2
        cancelled 2 5 Linked sell acct 1
        balance 2 of 0: 1000 held 220
        settled 1 fees 0 0 of 0
        balance 1 of 1: 3 held 3
        balance 1 of 0: 220 held 0
        position 1 -2 cost -220 realised 0
        balance 2 of 1: 2 held 0
        balance 2 of 0: 780 held 0
        position 2 2 cost 220 realised 0
        cancelled 1 3 User shown 3 @ 110 sell acct 1
        balance 1 of 1: 3 held 0
        ",
    );
}

#[test]
fn exits_that_sell_hold_what_the_entry_has_bought() {
    check(
        "
        engine accounts
        deposit 1 1000 of 0
        deposit 2 10 of 1
        bracket: buy 1 10 @ 100 acct 1 | sell 2 10 @ 110 acct 1 | sell 3 10 stop 90 acct 1
        ---
        sell 4 4 @ 100 acct 2
        sell 5 4 @ 120 acct 1
        sell 6 6 @ 100 acct 2
        cancel 2
        ",
        "
        accepted 4 sell Limit 4 @ 100 acct 2
        traded 1 x 4: 4 @ 100 sell displayed accts 1 x 2
        balance 2 of 1: 10 held 4
        settled 1 fees 0 0 of 0
        balance 1 of 1: 4 held 4
        balance 1 of 0: 600 held 600
        position 1 4 cost 400 realised 0
        balance 2 of 1: 6 held 0
        balance 2 of 0: 400 held 0
        position 2 -4 cost -400 realised 0
        rejected 5 InsufficientBalance Place sell Limit 4 @ 120 acct 1
        shortfall 1 needs 4 has 0 of 1
        accepted 6 sell Limit 6 @ 100 acct 2
        traded 1 x 6: 6 @ 100 sell displayed accts 1 x 2
        armed 2 10 acct 1
        armed 3 10 acct 1
        rested 2 10 @ 110 sell
        balance 2 of 1: 6 held 6
        settled 1 fees 0 0 of 0
        balance 1 of 1: 10 held 10
        balance 1 of 0: 0 held 0
        position 1 10 cost 1000 realised 0
        balance 2 of 1: 0 held 0
        balance 2 of 0: 1000 held 0
        position 2 -10 cost -1000 realised 0
        cancelled 2 10 User shown 10 @ 110 sell acct 1
        cancelled 3 10 Linked sell acct 1
        balance 1 of 1: 10 held 0
        ",
    );
}

#[test]
fn exits_that_buy_back_hold_from_the_beginning() {
    // Buying 5 back at 111 costs 555, more than the 500 that are to be received.
    check(
        "
        engine accounts
        deposit 1 5 of 1
        deposit 1 554 of 0
        deposit 2 1000 of 0
        ---
        bracket: sell 1 5 @ 100 acct 1 | buy 2 5 @ 90 acct 1 | buy 3 5 stop 110 @ 111 acct 1
        deposit 1 1 of 0
        bracket: sell 1 5 @ 100 acct 1 | buy 2 5 @ 90 acct 1 | buy 3 5 stop 110 @ 111 acct 1
        buy 4 2 @ 100 acct 2
        cancel 1
        ",
        "
        rejected 1 InsufficientBalance PlaceLinked sell Limit 5 @ 100 acct 1
        shortfall 1 needs 555 has 554 of 0
        deposited 1 1 of 0
        balance 1 of 0: 555 held 0
        accepted 1 sell Limit 5 @ 100 acct 1
        accepted 2 buy Limit 5 @ 90 acct 1
        accepted 3 buy StopLimit 5 @ 111 acct 1
        terms 3 gtc trigger 110
        rested 1 5 @ 100 sell
        balance 1 of 1: 5 held 5
        balance 1 of 0: 555 held 555
        accepted 4 buy Limit 2 @ 100 acct 2
        traded 1 x 4: 2 @ 100 buy displayed accts 1 x 2
        balance 2 of 0: 1000 held 200
        settled 1 fees 0 0 of 0
        balance 1 of 1: 3 held 3
        balance 1 of 0: 755 held 555
        position 1 -2 cost -200 realised 0
        balance 2 of 1: 2 held 0
        balance 2 of 0: 800 held 0
        position 2 2 cost 200 realised 0
        cancelled 1 3 User shown 3 @ 100 sell acct 1
        armed 2 2 acct 1
        armed 3 2 acct 1
        rested 2 2 @ 90 buy
        balance 1 of 1: 3 held 0
        balance 1 of 0: 755 held 222
        ",
    );
}

#[test]
fn who_is_left_of_a_pair_holds_alone() {
    check(
        "
        engine accounts
        deposit 1 5 of 1
        deposit 1 1000 of 0
        deposit 2 1000 of 0
        bracket: sell 1 5 @ 100 acct 1 | buy 2 5 @ 90 acct 1 | buy 3 5 stop 110 @ 111 acct 1
        ---
        cancel 3
        buy 4 5 @ 100 acct 2
        ",
        "
        cancelled 3 5 User buy acct 1
        balance 1 of 0: 1000 held 450
        accepted 4 buy Limit 5 @ 100 acct 2
        traded 1 x 4: 5 @ 100 buy displayed accts 1 x 2
        armed 2 5 acct 1
        rested 2 5 @ 90 buy
        balance 2 of 0: 1000 held 500
        settled 1 fees 0 0 of 0
        balance 1 of 1: 0 held 0
        balance 1 of 0: 1500 held 450
        position 1 -5 cost -500 realised 0
        balance 2 of 1: 5 held 0
        balance 2 of 0: 500 held 0
        position 2 5 cost 500 realised 0
        ",
    );
}
