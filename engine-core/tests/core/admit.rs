//! Rules 2: what a new order is checked for, and how it is entered.

use crate::check;

/// Each line breaks the rule of its expected reason and, wherever both can be, those of later ones too.
#[test]
fn checks_run_in_the_order_of_the_table() {
    check(
        "
        engine instruments 1
        list quantities 2..100 notional 1000 band 1000 stops 1 parts 3
        buy 1 20 @ 100 acct 7 name a
        sell 2 10 @ 100
        sell 3 20 stop 50
        ---
        list
        buy 1 1 @ 100 in 9 acct 7 name a
        buy 1 1 @ 100 acct 7 name a
        buy 4 1 @ 100 acct 7 name a
        ",
        "
        rejected 0 TooManyInstruments List
        rejected 1 UnknownInstrument Place buy Limit 1 @ 100 acct 7 in 9
        named 1 a
        rejected 1 DuplicateOrderId
        named 1 a
        rejected 4 DuplicateClientOrderId
        named 4 a
        ",
    );
}

#[test]
fn kill_switches_come_before_the_phase_and_the_phase_before_the_order() {
    check(
        "
        kill 7
        phase closed
        ---
        buy 1 0 @ 100 acct 7
        resume 7
        buy 1 0 @ 100 acct 7
        phase halted
        buy 1 0 @ 100 acct 7
        phase continuous
        buy 1 0 @ 100 acct 7
        ",
        "
        rejected 1 Killed
        resumed 7
        rejected 1 MarketClosed
        phase halted
        rejected 1 MarketHalted
        phase continuous
        rejected 1 ZeroQuantity
        ",
    );
}

#[test]
fn the_order_itself_is_checked_from_quantity_to_combination() {
    check(
        "
        list quantities 2..100 parts 3
        at 5s
        ---
        buy 1 0 market day
        buy 1 101 market day
        buy 1 1 market day
        buy 1 3 value 0 day
        buy 1 0 value 0 day
        buy 1 0 value -5 day
        buy 1 5 market day iceberg 0
        buy 1 5 @ 100 gtd 5s iceberg 0
        buy 1 5 @ 100 gtd 6s iceberg 0 min 0
        buy 1 5 @ 100 iceberg 6 min 0
        buy 1 5 @ 100 iceberg 1 min 0
        buy 1 5 @ 100 iceberg 2 min 0 aon
        buy 1 5 @ 100 min 6 aon
        buy 1 5 @ 100 min 5 aon reduce-only
        buy 1 5 @ MAX+1 reduce-only
        ",
        "
        rejected 1 ZeroQuantity
        rejected 1 QuantityTooLarge
        rejected 1 QuantityTooSmall
        rejected 1 ZeroQuantity
        rejected 1 InvalidBudget
        rejected 1 InvalidBudget
        rejected 1 InvalidTimeInForce
        rejected 1 ExpiryInPast
        rejected 1 InvalidDisplay
        rejected 1 InvalidDisplay
        rejected 1 InvalidDisplay
        rejected 1 InvalidMinQuantity
        rejected 1 InvalidMinQuantity
        rejected 1 InvalidCombination
        rejected 1 ReduceOnly
        ",
    );
}

#[test]
fn prices_and_what_the_book_has_room_for_are_checked_last() {
    check(
        "
        engine orders 2
        list notional 500 band 1000 stops 1
        buy 1 50 @ 100
        sell 2 10 @ 100
        sell 3 20 stop 50
        ---
        sell 4 1 stop MAX+1 @ MAX+1
        sell 4 1 stop MAX+1 @ 111
        sell 4 1 @ 111
        sell 4 1 @ 110
        sell 4 5 @ 110
        cancel 1
        sell 4 1 stop 40
        sell 4 10 @ 99
        buy 5 10 @ 99 post-only
        cancel 3
        buy 5 10 @ 99 post-only
        ",
        "
        rejected 4 InvalidPrice
        rejected 4 InvalidTrigger
        rejected 4 PriceBand
        rejected 4 MinNotional
        rejected 4 BookFull
        cancelled 1 40 User
        rejected 4 TooManyStops
        accepted 4
        rested 4 10 @ 99
        rejected 5 BookFull
        cancelled 3 20 User
        rejected 5 PostOnlyWouldCross
        ",
    );
}

#[test]
fn a_refused_order_says_what_was_asked_and_its_name() {
    check(
        "
        buy 1 0 stop 105 @ 106 acct 7 name mine
        sell 2 0 peg mid +1 limit 98
        ",
        "
        rejected 1 ZeroQuantity Place buy StopLimit 0 @ 106 acct 7
        named 1 mine
        rejected 2 ZeroQuantity Place sell Pegged 0 @ 98
        ",
    );
}

#[test]
fn a_refusal_names_the_instrument_and_who_asked_as_far_as_they_are_known() {
    check(
        "
        buy 1 5 @ 100 acct 7 name mine
        phase halted
        ---
        cancel 2
        cancel 1 acct 8
        cancel 7/other
        cancel 7/other acct 8
        amend 2 qty 3
        amend 7/mine qty 3
        mass-cancel acct 7 in 3
        phase halted
        phase closed in 3
        uncross in 3
        uncross
        mark 100 in 3
        mark MAX+1
        ",
        "
        rejected 2 OrderNotFound Cancel nowhere
        rejected 1 OrderNotFound Cancel acct 8 nowhere
        rejected 0 OrderNotFound Cancel acct 7 nowhere
        rejected 0 OrderNotFound Cancel acct 8 nowhere
        rejected 2 OrderNotFound Amend nowhere
        rejected 1 MarketHalted Amend acct 7
        rejected 0 UnknownInstrument MassCancel acct 7 in 3
        rejected 0 SamePhase SetPhase
        rejected 0 UnknownInstrument SetPhase in 3
        rejected 0 UnknownInstrument Uncross in 3
        rejected 0 NoAuction Uncross
        rejected 0 UnknownInstrument SetMark in 3
        rejected 0 InvalidPrice SetMark
        ",
    );
}

#[test]
fn where_the_engine_hands_ids_out_a_refused_order_has_none() {
    check(
        "
        engine handed-out-ids
        list
        buy 1 0 @ 100
        buy 2 5 @ 100
        cancel 2
        cancel 2
        ",
        "
        listed 0
        rejected 0 ZeroQuantity
        accepted 2
        rested 2 5 @ 100
        cancelled 2 5 User
        rejected 2 OrderNotFound
        ",
    );
}

#[test]
fn limits_are_taken_up_to_the_last_value() {
    check(
        "
        list quantities 2..100 notional 500 parts 3
        ---
        buy 1 2 @ 250
        buy 2 100 @ 5 iceberg 34
        buy 3 100 @ 5 iceberg 33
        buy 4 100 @ -5 min 100 ioc
        buy 5 100 @ MAX
        sell 6 100 @ MIN
        sell 7 10 trail 9999bp
        sell 8 10 trail 9007199254740991
        sell 9 10 trail 9007199254740992
        sell 9 10 trail 10000bp
        sell 9 10 trail 0
        sell 9 10 trail 0bp
        buy 10 10 peg mid +9007199254740991
        buy 11 10 peg mid -9007199254740992
        buy 11 10 peg mid limit MIN-1
        ",
        "
        accepted 1
        rested 1 2 @ 250
        accepted 2
        rested 2 34 @ 5
        rejected 3 InvalidDisplay
        accepted 4
        terms 4 ioc
        cancelled 4 100 MinQuantity
        accepted 5
        rested 5 100 @ 9007199254740991
        accepted 6
        traded 5 x 6: 100 @ 9007199254740991
        accepted 7
        terms 7 gtc
        accepted 8
        terms 8 gtc
        rejected 9 InvalidTrigger
        rejected 9 InvalidTrigger
        rejected 9 InvalidTrigger
        rejected 9 InvalidTrigger
        accepted 10
        rejected 11 InvalidPrice
        rejected 11 InvalidPrice
        ",
    );
}

#[test]
fn a_time_in_force_goes_with_some_kinds_only() {
    check(
        "
        at 1s
        buy 1 5 market gtd 9s
        buy 1 0 value 500 day
        buy 1 5 to-limit at-open
        buy 1 5 stop 105 at-close
        buy 1 5 peg mid at-open
        buy 2 5 to-limit day
        buy 3 5 stop 105 gtd 9s
        buy 4 5 @ 90 at-open
        buy 5 5 market at-close
        ",
        "
        rejected 1 InvalidTimeInForce
        rejected 1 InvalidTimeInForce
        rejected 1 InvalidTimeInForce
        rejected 1 InvalidTimeInForce
        rejected 1 InvalidTimeInForce
        accepted 2
        terms 2 day
        cancelled 2 5 NoLiquidity
        accepted 3
        terms 3 gtd 9s trigger 105
        accepted 4
        terms 4 at-open
        accepted 5
        terms 5 at-close
        ",
    );
}

#[test]
fn in_an_auction_only_stops_may_be_immediate() {
    check(
        "
        phase auction
        ---
        buy 1 5 @ 100 ioc
        buy 1 5 market fok
        buy 1 5 stop 105 ioc
        buy 2 5 stop 105 @ 106 fok
        buy 3 5 @ 99 at-open
        buy 4 5 @ 98 at-close
        ",
        "
        rejected 1 InvalidTimeInForce
        rejected 1 InvalidTimeInForce
        accepted 1
        terms 1 ioc trigger 105
        accepted 2
        terms 2 fok trigger 105
        accepted 3
        terms 3 at-open
        rested 3 5 @ 99
        accepted 4
        terms 4 at-close
        ",
    );
}

#[test]
fn conditions_that_do_not_go_together_are_refused() {
    let together = [
        "buy 1 5 market iceberg 2",
        "buy 1 5 to-limit hidden",
        "buy 1 5 stop 105 hidden",
        "buy 1 5 peg mid hidden",
        "buy 1 5 @ 100 iceberg 2 ioc",
        "buy 1 5 @ 100 hidden fok",
        "buy 1 5 @ 100 hidden at-open",
        "buy 1 5 @ 100 iceberg 2 at-close",
        "buy 1 5 market post-only",
        "buy 1 5 stop 105 @ 106 slide",
        "buy 1 5 peg mid post-only",
        "buy 1 5 @ 100 post-only ioc",
        "buy 1 5 @ 100 post-only fok",
        "buy 1 5 @ 100 slide at-open",
        "buy 1 5 @ 100 slide at-close",
        "buy 1 5 @ 100 post-only min 2",
        "buy 1 5 @ 100 post-only aon",
        "buy 1 5 stop 105 min 2",
        "buy 1 5 peg mid min 2",
        "buy 1 5 @ 100 aon min 2",
        "buy 1 5 @ 100 fok min 2",
        "buy 1 5 @ 100 at-open min 2",
        "buy 1 5 market at-close min 2",
        "buy 1 5 market aon",
        "buy 1 5 stop 105 @ 106 aon",
        "buy 1 5 @ 100 aon iceberg 2",
        "buy 1 5 @ 100 aon at-open",
        "buy 1 5 @ 100 aon at-close",
        "buy 1 5 peg mid ioc",
        "buy 1 5 peg mid fok",
        "buy 1 0 value 500 fok",
        "buy 1 5 to-limit fok",
    ];
    for order in together {
        check(order, "rejected 1 InvalidCombination");
    }
    for order in [
        "buy 1 5 @ 100 min 2",
        "buy 1 0 value 500",
        "buy 1 5 to-limit",
        "buy 1 5 peg mid",
    ] {
        check(
            &format!("phase auction\n---\n{order}"),
            "rejected 1 InvalidCombination",
        );
    }
}

#[test]
fn conditions_that_go_together_are_taken() {
    let together = [
        "buy 1 5 stop 105 @ 106 iceberg 2 ioc",
        "buy 1 5 profit 95 @ 96 hidden fok",
        "buy 1 5 trail 3 @ 96 iceberg 2",
        "buy 1 5 @ 100 iceberg 2 min 3",
        "buy 1 5 @ 100 hidden post-only",
        "buy 1 5 @ 100 hidden aon",
        "buy 1 5 market min 3",
        "buy 1 5 to-limit min 3",
        "buy 1 5 to-limit ioc",
        "buy 1 0 value 500 ioc",
        "buy 1 5 @ 100 aon ioc",
        "buy 1 5 market fok",
        "buy 1 5 stop 105 fok",
    ];
    for order in together {
        let script = format!("{order}\n---\ncancel 2");
        check(&script, "rejected 2 OrderNotFound");
    }
}

#[test]
fn limit_prices_outside_the_static_band_are_refused_once_there_was_a_trade() {
    check(
        "
        list band 500
        buy 1 5 @ 300
        cancel 1
        buy 2 5 @ 200
        sell 3 5 @ 200
        ---
        buy 4 5 @ 211
        buy 4 5 @ 210
        sell 5 5 @ 189
        sell 5 5 stop 150 @ 189
        sell 5 5 stop 150 @ 190
        buy 6 5 peg primary limit 211
        buy 6 5 stop 400
        amend 4 price 189
        amend 4 price 190
        ",
        "
        rejected 4 PriceBand
        accepted 4
        rested 4 5 @ 210
        rejected 5 PriceBand
        rejected 5 PriceBand
        accepted 5
        terms 5 gtc trigger 150
        rejected 6 PriceBand
        accepted 6
        terms 6 gtc trigger 400
        rejected 4 PriceBand Amend
        pulled 4 5 @ 210
        amended 4 5 @ 190 lost
        rested 4 5 @ 190
        ",
    );
}

#[test]
fn an_accepted_order_says_its_terms_and_its_name() {
    check(
        "
        at 1s
        buy 1 5 @ 100 acct 7 name mine
        buy 2 0 value 700 ioc
        sell 3 5 trail 3
        sell 4 5 @ 100
        sell 5 5 trail 3 name his acct 8
        buy 6 5 peg mid limit 90 gtd 9s
        buy 7 5 to-limit
        ",
        "
        accepted 1 buy Limit 5 @ 100 acct 7
        named 1 mine
        rested 1 5 @ 100
        accepted 2 buy MarketByQuote 0
        terms 2 ioc
        cancelled 2 0 NoLiquidity
        accepted 3 sell TrailingStop 5
        terms 3 gtc
        accepted 4 sell Limit 5 @ 100
        traded 1 x 4: 5 @ 100 sell displayed accts 7 x 0
        accepted 5 sell TrailingStop 5 acct 8
        terms 5 gtc trigger 97
        named 5 his
        accepted 6 buy Pegged 5 @ 90
        terms 6 gtd 9s
        accepted 7 buy MarketToLimit 5
        cancelled 7 5 NoLiquidity
        ",
    );
}

#[test]
fn an_order_is_entered_as_its_kind_and_the_phase_ask() {
    check(
        "
        buy 1 5 stop 105
        buy 2 5 @ 100 at-open
        buy 3 5 @ 100 at-close
        buy 4 5 @ 100
        phase auction
        buy 5 5 @ 101
        sell 6 5 market
        ",
        "
        accepted 1
        terms 1 gtc trigger 105
        accepted 2
        terms 2 at-open
        accepted 3
        terms 3 at-close
        accepted 4
        rested 4 5 @ 100
        phase auction
        rested 2 5 @ 100
        accepted 5
        rested 5 5 @ 101
        accepted 6
        indicative 5 @ 101 imbalance 0
        ",
    );
}

#[test]
fn every_price_of_an_order_lies_in_the_range_of_its_instrument() {
    check(
        "
        list prices -3..100
        buy 1 5 @ -3
        sell 2 5 @ 100
        ---
        buy 3 5 @ -4
        sell 4 5 @ 101
        sell 5 5 stop -4
        buy 6 5 stop 101
        mark 101
        mark -4
        mark -3
        amend 2 price 101
        sell 7 1 @ -3 slide
        sell 10 1 @ -3
        sell 9 1 trail 200
        ",
        "
        rejected 3 InvalidPrice Place buy Limit 5 @ -4
        rejected 4 InvalidPrice Place sell Limit 5 @ 101
        rejected 5 InvalidTrigger Place sell Stop 5
        rejected 6 InvalidTrigger Place buy Stop 5
        rejected 0 InvalidPrice SetMark
        rejected 0 InvalidPrice SetMark
        marked -3
        rejected 2 InvalidPrice Amend
        accepted 7 sell Limit 1 @ -2
        rested 7 1 @ -2
        accepted 10 sell Limit 1 @ -3
        traded 1 x 10: 1 @ -3
        accepted 9 sell TrailingStop 1
        terms 9 gtc trigger -3     # not -203
        triggered 9
        traded 1 x 9: 1 @ -3
        ",
    );
}
