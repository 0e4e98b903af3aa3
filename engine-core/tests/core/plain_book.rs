//! What every order book does, case by case: the cases of a public conformance suite for matching engines, in this
//! project's words. A modify there is a cancel and a new order with the same id here.

use crate::check;

/// A scenario on one line, its commands and its events separated by semicolons.
#[track_caller]
fn plays(script: &str, expected: &str) {
    check(&script.replace("; ", "\n"), &expected.replace("; ", "\n"));
}

#[test]
fn cancels_leave_the_others_in_their_order() {
    plays(
        "buy 1 10 @ 100; buy 2 10 @ 100; buy 3 10 @ 100; cancel 2; ---; sell 4 20 @ 100 ioc",
        "accepted 4; terms 4 ioc; traded 1 x 4: 10 @ 100; traded 3 x 4: 10 @ 100",
    );
    plays(
        "buy 1 10 @ 100; buy 2 10 @ 100; buy 3 10 @ 100; cancel 1; ---; sell 4 20 @ 100 ioc",
        "accepted 4; terms 4 ioc; traded 2 x 4: 10 @ 100; traded 3 x 4: 10 @ 100",
    );
    plays(
        "buy 1 1 @ 100; buy 2 1 @ 100; buy 3 1 @ 100; buy 4 1 @ 100; buy 5 1 @ 100; buy 6 1 @ 100; buy 7 1 @ 100; \
         buy 8 1 @ 100; cancel 2; cancel 5; cancel 7; ---; sell 9 5 @ 100 ioc",
        "accepted 9; terms 9 ioc; traded 1 x 9: 1 @ 100; traded 3 x 9: 1 @ 100; traded 4 x 9: 1 @ 100; \
         traded 6 x 9: 1 @ 100; traded 8 x 9: 1 @ 100",
    );
    plays(
        "buy 1 10 @ 100; buy 2 10 @ 100; buy 3 10 @ 101; buy 4 10 @ 101; cancel 1; cancel 4; ---; sell 5 20 @ 100 ioc",
        "accepted 5; terms 5 ioc; traded 3 x 5: 10 @ 101; traded 2 x 5: 10 @ 100",
    );
}

#[test]
fn a_cancelled_best_price_is_no_price_any_more() {
    plays(
        "buy 1 10 @ 100; buy 2 7 @ 99; cancel 1; ---; sell 3 7 @ 99 ioc",
        "accepted 3; terms 3 ioc; traded 2 x 3: 7 @ 99",
    );
    plays(
        "sell 1 10 @ 100; sell 2 7 @ 101; cancel 1; ---; buy 3 7 @ 101 ioc",
        "accepted 3; terms 3 ioc; traded 2 x 3: 7 @ 101",
    );
    plays(
        "buy 1 10 @ 100; cancel 1; ---; sell 2 1 @ 1 ioc; buy 3 8 @ 95; sell 4 8 @ 95 ioc",
        "accepted 2; terms 2 ioc; cancelled 2 1 IocRemainder; accepted 3; rested 3 8 @ 95; accepted 4; terms 4 ioc; \
         traded 3 x 4: 8 @ 95",
    );
}

#[test]
fn sweeps_go_from_level_to_level() {
    plays(
        "sell 1 10 @ 102; sell 2 10 @ 101; sell 3 10 @ 100; ---; buy 4 30 @ 102 ioc",
        "accepted 4; terms 4 ioc; traded 3 x 4: 10 @ 100; traded 2 x 4: 10 @ 101; traded 1 x 4: 10 @ 102",
    );
    plays(
        "sell 1 10 @ 100; sell 2 20 @ 101; sell 3 30 @ 102; ---; buy 4 60 @ 102 ioc; buy 5 1 @ 200 ioc",
        "accepted 4; terms 4 ioc; traded 1 x 4: 10 @ 100; traded 2 x 4: 20 @ 101; traded 3 x 4: 30 @ 102; \
         accepted 5; terms 5 ioc; cancelled 5 1 IocRemainder",
    );
    plays(
        "buy 4 10 @ 90; buy 5 10 @ 95; buy 6 10 @ 92; ---; sell 7 30 @ 90 ioc",
        "accepted 7; terms 7 ioc; traded 5 x 7: 10 @ 95; traded 6 x 7: 10 @ 92; traded 4 x 7: 10 @ 90",
    );
}

#[test]
fn what_a_sweep_leaves_becomes_the_best_price() {
    plays(
        "sell 1 10 @ 100; sell 2 10 @ 101; sell 3 10 @ 102; ---; buy 4 35 @ 102; sell 5 5 @ 102 ioc",
        "accepted 4; traded 1 x 4: 10 @ 100; traded 2 x 4: 10 @ 101; traded 3 x 4: 10 @ 102; rested 4 5 @ 102; \
         accepted 5; terms 5 ioc; traded 4 x 5: 5 @ 102",
    );
    plays(
        "sell 1 30 @ 9; sell 2 40 @ 9; ---; buy 3 100 @ 9; sell 4 30 @ 9 ioc",
        "accepted 3; traded 1 x 3: 30 @ 9; traded 2 x 3: 40 @ 9; rested 3 30 @ 9; accepted 4; terms 4 ioc; \
         traded 3 x 4: 30 @ 9",
    );
    plays(
        "sell 1 5 @ 100; sell 2 10 @ 105; ---; buy 3 12 @ 102; sell 4 7 @ 102 ioc",
        "accepted 3; traded 1 x 3: 5 @ 100; rested 3 7 @ 102; accepted 4; terms 4 ioc; traded 3 x 4: 7 @ 102",
    );
}

#[test]
fn a_swept_book_takes_orders_as_before() {
    plays(
        "sell 1 10 @ 100; sell 2 10 @ 101; sell 3 10 @ 102; buy 4 30 @ 102 ioc; ---; sell 5 8 @ 101; \
         buy 6 8 @ 101 ioc; sell 7 8 @ 103; buy 8 8 @ 103 ioc",
        "accepted 5; rested 5 8 @ 101; accepted 6; terms 6 ioc; traded 5 x 6: 8 @ 101; accepted 7; \
         rested 7 8 @ 103; accepted 8; terms 8 ioc; traded 7 x 8: 8 @ 103",
    );
}

#[test]
fn a_modified_order_trades_as_a_taker_at_the_makers_price() {
    plays(
        "sell 1 10 @ 100; buy 2 10 @ 99; ---; cancel 2; buy 2 10 @ 100",
        "cancelled 2 10 User; accepted 2; traded 1 x 2: 10 @ 100",
    );
    plays(
        "sell 1 10 @ 100; buy 2 10 @ 90; ---; cancel 2; buy 2 10 @ 105; buy 3 10 @ 200; sell 4 10 @ 210; cancel 4; \
         sell 4 10 @ 195",
        "cancelled 2 10 User; accepted 2; traded 1 x 2: 10 @ 100; accepted 3; rested 3 10 @ 200; accepted 4; \
         rested 4 10 @ 210; cancelled 4 10 User; accepted 4; traded 3 x 4: 10 @ 200",
    );
}

#[test]
fn a_modified_order_leaves_its_level_to_the_others() {
    plays(
        "buy 1 10 @ 100; buy 2 10 @ 100; cancel 1; buy 1 10 @ 99; ---; sell 3 10 @ 100 ioc",
        "accepted 3; terms 3 ioc; traded 2 x 3: 10 @ 100",
    );
    plays(
        "sell 1 10 @ 100; buy 2 4 @ 100; ---; cancel 1; sell 1 6 @ 101; buy 3 6 @ 101 ioc",
        "cancelled 1 6 User; accepted 1; rested 1 6 @ 101; accepted 3; terms 3 ioc; traded 1 x 3: 6 @ 101",
    );
}

#[test]
fn what_is_over_cannot_be_cancelled_or_changed() {
    plays(
        "sell 1 10 @ 100; buy 2 10 @ 100; ---; cancel 1; amend 1 qty 5 price 101",
        "rejected 1 OrderNotFound Cancel; rejected 1 OrderNotFound Amend",
    );
    plays(
        "buy 1 10 @ 100; cancel 1; ---; cancel 1; amend 1 qty 5 price 101",
        "rejected 1 OrderNotFound Cancel; rejected 1 OrderNotFound Amend",
    );
    plays(
        "cancel 999; amend 999 qty 5 price 100; cancel 2000000",
        "rejected 999 OrderNotFound Cancel; rejected 999 OrderNotFound Amend; rejected 2000000 OrderNotFound",
    );
}

#[test]
fn an_id_is_free_when_its_order_is_over() {
    plays(
        "buy 1 10 @ 100; cancel 1; ---; sell 1 10 @ 200; buy 2 10 @ 200 ioc",
        "accepted 1 sell; rested 1 10 @ 200; accepted 2; terms 2 ioc; traded 1 x 2: 10 @ 200",
    );
    plays(
        "buy 1 10 @ 100; sell 2 10 @ 100; ---; sell 1 10 @ 200; buy 3 10 @ 200 ioc",
        "accepted 1 sell; rested 1 10 @ 200; accepted 3; terms 3 ioc; traded 1 x 3: 10 @ 200",
    );
}

#[test]
fn a_partly_filled_order_has_exactly_what_is_left() {
    plays(
        "sell 1 10 @ 100; buy 2 6 @ 100; ---; cancel 1",
        "cancelled 1 4 User shown 4 @ 100",
    );
    plays(
        "sell 1 20 @ 100; ---; buy 2 8 @ 100 ioc; buy 3 12 @ 100 ioc; buy 4 5 @ 100 ioc",
        "accepted 2; terms 2 ioc; traded 1 x 2: 8 @ 100; accepted 3; terms 3 ioc; traded 1 x 3: 12 @ 100; \
         accepted 4; terms 4 ioc; cancelled 4 5 IocRemainder",
    );
    plays(
        "buy 1 10 @ 100; buy 2 10 @ 100; buy 3 10 @ 100; buy 4 10 @ 100; ---; sell 5 15 @ 100 ioc; sell 6 15 @ 100 ioc",
        "accepted 5; terms 5 ioc; traded 1 x 5: 10 @ 100; traded 2 x 5: 5 @ 100; accepted 6; terms 6 ioc; \
         traded 2 x 6: 5 @ 100; traded 3 x 6: 10 @ 100",
    );
}

#[test]
fn what_is_immediate_never_rests() {
    plays(
        "sell 1 10 @ 100; ---; buy 2 15 @ 100 ioc; sell 3 5 @ 100 ioc",
        "accepted 2; terms 2 ioc; traded 1 x 2: 10 @ 100; cancelled 2 5 IocRemainder; accepted 3; terms 3 ioc; \
         cancelled 3 5 IocRemainder",
    );
}

#[test]
fn an_exact_fill_touches_nobody_else() {
    plays(
        "sell 1 5 @ 100; sell 2 5 @ 100; ---; buy 3 5 @ 100 ioc; cancel 2",
        "accepted 3; terms 3 ioc; traded 1 x 3: 5 @ 100; cancelled 2 5 User shown 5 @ 100",
    );
    plays(
        "buy 1 10 @ 100; buy 2 10 @ 100; ---; sell 3 10 @ 100; cancel 2",
        "accepted 3; traded 1 x 3: 10 @ 100; cancelled 2 10 User shown 10 @ 100",
    );
}

#[test]
fn trades_are_at_the_makers_price_in_both_directions_and_at_any_price() {
    plays(
        "sell 1 10 @ 100; buy 3 10 @ 90; ---; buy 2 10 @ 105 ioc; sell 4 10 @ 85 ioc",
        "accepted 2; terms 2 ioc; traded 1 x 2: 10 @ 100; accepted 4; terms 4 ioc; traded 3 x 4: 10 @ 90",
    );
    plays(
        "sell 1 10 @ 200000; ---; buy 2 10 @ 200000 ioc",
        "accepted 2; terms 2 ioc; traded 1 x 2: 10 @ 200000",
    );
}
