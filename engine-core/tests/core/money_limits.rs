//! Limits of money to the unit, and what is counted only from the first command on that asks.

use engine_core::{AccountId, Amount, AssetId, Engine, Event, Seq};
use engine_testkit::{NaiveEngine, UnderTest, script};

use crate::{check, engine_after};

/// Whether an order is refused, and why, in each of three scripts that differ in one number.
#[track_caller]
fn refusals(given: &str, orders: [&str; 3], refused: &str) {
    let outcome = |order: &str| {
        let script = script::parse(&format!("{given}\n{order}"));
        let script = script.unwrap_or_else(|error| panic!("{error}"));
        let mut engine = Engine::new(script.config.into());
        let mut naive = NaiveEngine::new(script.config);
        let (mut events, mut expected) = (Vec::new(), Vec::new());
        for (step, seq) in script.steps.iter().zip(1..) {
            events.clear();
            expected.clear();
            let seq = Seq::new(seq);
            UnderTest::apply(&mut engine, seq, step.time, &step.command, &mut events);
            UnderTest::apply(&mut naive, seq, step.time, &step.command, &mut expected);
            assert_eq!(events, expected, "{order}");
        }
        events.iter().find_map(|event| match event {
            Event::Rejected { reason, .. } => Some(format!("{reason:?}")),
            _ => None,
        })
    };
    let outcomes = orders.map(outcome);
    assert_eq!(outcomes, [None, None, Some(refused.to_owned())], "{orders:?}");
}

/// Account 1 is long by one, bought at 100, which was the last trade.
const RICH: &str = "
        engine accounts
        deposit 1 100000 of 0
        deposit 1 1000 of 1
        deposit 2 100000 of 0
        deposit 2 1000 of 1
        sell 1 1 @ 100 acct 2
        buy 2 1 @ 100 acct 2
        sell 3 1 @ 100 acct 2
        buy 4 1 @ 100 acct 1
";

/// Every limit of rule 10.2: one below, at the limit, one above.
#[test]
fn every_limit_is_kept_to_the_unit() {
    let limited = |limit: &str| format!("{RICH}\nlimits 1 {limit}");
    let buys = |quantity: [u64; 3]| quantity.map(|lots| format!("buy 9 {lots} @ 50 acct 1"));
    let check = |limit: &str, orders: [String; 3], refused: &str| {
        let [below, at, above] = &orders;
        refusals(
            &limited(limit),
            [below, at, above],
            &format!("RiskLimit({refused})"),
        );
    };
    check("order 10", buys([9, 10, 11]), "OrderQuantity");
    // 9, 10 and 11 at 50 are 450, 500 and 550; at 49, 50 and 51 ten are 490, 500 and 510.
    check("notional 500", buys([9, 10, 11]), "OrderNotional");
    let tens = ["49", "50", "51"].map(|price| format!("buy 9 10 @ {price} acct 1"));
    check("notional 500", tens, "OrderNotional");
    // 7 are open, and one order.
    let open = "open 10\nbuy 8 7 @ 40 acct 1";
    check(open, buys([2, 3, 4]), "OpenQuantity");
    // The position is 1: 1 + 8, 1 + 9 and 1 + 10. To sell 10, 11 and 12 leads to −9, −10 and −11.
    check("position 10", buys([8, 9, 10]), "Position");
    let sells = [10, 11, 12].map(|lots| format!("sell 9 {lots} @ 150 acct 1"));
    check("position 10", sells, "Position");
    // 5 % of 100 on both sides: ∣limit − 100∣ × 10,000 against 500 × 100.
    check(
        "collar 500",
        ["96", "95", "94"].map(|price| format!("buy 9 1 @ {price} acct 1")),
        "PriceCollar",
    );
    check(
        "collar 500",
        ["104", "105", "106"].map(|price| format!("sell 9 1 @ {price} acct 1")),
        "PriceCollar",
    );
    // With one, two and three orders before it in the second, or alive.
    let after = |count: usize| {
        let before: String = (0..count)
            .map(|id| format!("buy {} 1 @ 40 acct 1\n", 20 + id))
            .collect();
        format!("{before}buy 9 1 @ 50 acct 1")
    };
    check("orders 3", [1, 2, 3].map(after), "OpenOrders");
    check("rate 3", [1, 2, 3].map(after), "OrderRate");
}

/// What is free, and what may only reduce: one below, at the limit, one above.
#[test]
fn what_is_free_and_what_only_reduces_is_kept_to_the_unit() {
    // Funds: of 99,900 free 1,997, 1,998 and 1,999 at 50 need 99,850, 99,900 and 99,950. No fees here.
    let [below, at, above] = &[1_997, 1_998, 1_999].map(|lots| format!("buy 9 {lots} @ 50 acct 1"));
    refusals(RICH, [below, at, above], "InsufficientBalance");
    let [below, at, above] = &[1_000, 1_001, 1_002].map(|lots| format!("sell 9 {lots} @ 150 acct 1"));
    refusals(RICH, [below, at, above], "InsufficientBalance");
    refusals(
        RICH,
        [
            "withdraw 1 99899 of 0",
            "withdraw 1 99900 of 0",
            "withdraw 1 99901 of 0",
        ],
        "InsufficientBalance",
    );
    // What may only reduce, with a position of one and nothing else open, and of five.
    let five = format!("{RICH}\nsell 7 4 @ 60 acct 2\nbuy 8 4 @ 60 acct 1");
    let reducing = [4, 5, 6].map(|lots| format!("sell 9 {lots} @ 150 reduce-only acct 1"));
    let [below, at, above] = &reducing;
    refusals(&five, [below, at, above], "ReduceOnly");
    // Beside two that only reduce, three more may be open.
    let beside = format!("{five}\nsell 10 2 @ 150 reduce-only acct 1");
    let [below, at, above] = &[2, 3, 4].map(|lots| format!("sell 9 {lots} @ 150 acct 1"));
    refusals(&beside, [below, at, above], "RiskLimit(ReduceOnly)");
}

/// 2^96 − 1 units are the most there can be of an asset.
#[test]
fn amounts_are_kept_to_the_unit() {
    let engine = "engine accounts";
    refusals(
        engine,
        [
            "deposit 1 79228162514264337593543950334 of 0",
            "deposit 1 79228162514264337593543950335 of 0",
            "deposit 1 79228162514264337593543950336 of 0",
        ],
        "InvalidAmount",
    );
    let nearly = "engine accounts\ndeposit 1 79228162514264337593543950325 of 0";
    refusals(
        nearly,
        ["deposit 2 9 of 0", "deposit 2 10 of 0", "deposit 2 11 of 0"],
        "AmountTooLarge",
    );
    refusals(
        engine,
        ["deposit 1 2 of 0", "deposit 1 1 of 0", "deposit 1 0 of 0"],
        "InvalidAmount",
    );
    let two = "engine accounts accounts-max 2\ndeposit 1 5 of 0";
    refusals(
        two,
        [
            "deposit 1 1 of 0",
            "deposit 2 1 of 0",
            "deposit 2 1 of 0\ndeposit 3 1 of 0",
        ],
        "TooManyAccounts",
    );
    let assets = "engine accounts assets-max 2";
    refusals(
        assets,
        [
            "asset X 8",
            "asset X 8\nasset Y 8",
            "asset X 8\nasset Y 8\nasset Z 8",
        ],
        "TooManyAssets",
    );
    refusals(assets, ["asset X 17", "asset X 18", "asset X 19"], "InvalidAsset");
    let name = [
        "asset ABCDEFGHIJKLMNO 8",
        "asset ABCDEFGHIJKLMNOP 8",
        "asset ABCDEFGHIJKLMNOPQ 8",
    ];
    refusals(assets, name, "InvalidAsset");
}

/// The limits come when orders are there already, of which some have traded, some are gone, and some share.
#[test]
fn orders_that_were_there_before_the_limits_count() {
    let given = "
        engine accounts
        deposit 1 100000 of 0
        deposit 1 1000 of 1
        deposit 2 100000 of 0
        deposit 2 1000 of 1
        buy 1 10 @ 50 acct 1
        buy 2 10 @ 49 acct 1
        buy 3 10 @ 48 acct 1
        cancel 3
        sell 4 4 @ 50 acct 2
        amend 2 qty 8
        oco: sell 5 5 @ 90 acct 1 | sell 6 5 stop 30 acct 1
        sell 7 2 @ 50 acct 2
    ";
    // Bought 6; open are 4 and 8 to buy, and 5 to sell in a pair; four orders live.
    let limited = |limit: &str| format!("{given}\nlimits 1 {limit}");
    let buys = |lots: [u64; 3]| lots.map(|lots| format!("buy 9 {lots} @ 40 acct 1"));
    let [below, at, above] = &buys([7, 8, 9]);
    refusals(&limited("open 20"), [below, at, above], "RiskLimit(OpenQuantity)");
    let [below, at, above] = &buys([1, 2, 3]);
    refusals(&limited("position 20"), [below, at, above], "RiskLimit(Position)");
    let sells = [4, 5, 6].map(|lots| format!("sell 9 {lots} @ 95 acct 1"));
    let [below, at, above] = &sells;
    refusals(&limited("open 10"), [below, at, above], "RiskLimit(OpenQuantity)");
    let orders = [
        "tick",
        "buy 9 1 @ 40 acct 1",
        "buy 9 1 @ 40 acct 1\nbuy 10 1 @ 40 acct 1",
    ];
    refusals(&limited("orders 5"), orders, "RiskLimit(OpenOrders)");
    // Of the 6 bought 5 are in the pair, so one is left to be sold by an order that only reduces.
    let only = [
        "tick",
        "sell 9 1 @ 95 reduce-only acct 1",
        "sell 9 2 @ 95 reduce-only acct 1",
    ];
    refusals(given, only, "ReduceOnly");
}

/// 2^63 − 1 lots are the most that a position could come to. Half of that is bought, and 2^62 − 1 more can be open; a
/// buy at 0 holds nothing and counts as well.
#[test]
fn no_position_that_could_come_about_is_too_large_to_be_counted() {
    let given = "
        engine accounts
        deposit 1 79228162514264337593543950335 of 0
        deposit 2 79228162514264337593543950335 of 1
        sell 1 4611686018427387904 @ 2 acct 2
        buy 2 4611686018427387904 @ 2 acct 1
    ";
    let buys = |price: &str| {
        [
            "4611686018427387902",
            "4611686018427387903",
            "4611686018427387904",
        ]
        .map(|lots| format!("buy 9 {lots} @ {price} acct 1"))
    };
    for price in ["1", "0"] {
        let [below, at, above] = &buys(price);
        refusals(given, [below, at, above], "RiskLimit(Position)");
    }
    let with_one_at_0 = format!("{given}\nbuy 3 4611686018427387900 @ 0 acct 1");
    let orders = ["buy 9 2 @ 1 acct 1", "buy 9 3 @ 1 acct 1", "buy 9 4 @ 1 acct 1"];
    refusals(&with_one_at_0, orders, "RiskLimit(Position)");
    let amends = [
        "qty 4611686018427387902",
        "qty 4611686018427387903",
        "qty 4611686018427387904",
    ];
    let given = format!("{given}\nbuy 3 1 @ 0 acct 1");
    let [below, at, above] = &amends.map(|amend| format!("amend 3 {amend}"));
    refusals(&given, [below, at, above], "RiskLimit(Position)");
}

/// The buyer rests with more than 64 bits of value, so its order was not looked at the short way; the seller's was.
/// 4,096 at 2^52 are worth 2^64 = 18,446,744,073,709,551,616.
#[test]
fn a_small_order_may_meet_one_that_is_worth_more_than_64_bits() {
    check(
        "
        engine accounts
        deposit 1 36893488147419103232 of 0
        deposit 2 4096 of 1
        buy 1 4097 @ 4503599627370496 acct 1
        ---
        sell 2 4096 @ 1 acct 2
        cancel 1
        ",
        "
        accepted 2 sell Limit 4096 @ 1 acct 2
        traded 1 x 2: 4096 @ 4503599627370496 sell displayed accts 1 x 2
        balance 2 of 1: 4096 held 4096
        settled 1 fees 0 0 of 0
        balance 1 of 1: 4096 held 0
        balance 1 of 0: 18446744073709551616 held 4503599627370496
        position 1 4096 cost 18446744073709551616 realised 0
        balance 2 of 1: 0 held 0
        balance 2 of 0: 18446744073709551616 held 0
        position 2 -4096 cost -18446744073709551616 realised 0
        cancelled 1 1 User shown 1 @ 4503599627370496 buy acct 1
        balance 1 of 0: 18446744073709551616 held 0
        ",
    );
}

#[test]
fn who_has_almost_64_bits_of_an_asset_is_paid_to_the_unit() {
    check(
        "
        engine accounts
        deposit 1 1000 of 0
        deposit 2 9223372036854775807 of 0
        deposit 2 5 of 1
        sell 1 5 @ 100 acct 2
        ---
        buy 2 5 @ 100 acct 1
        ",
        "
        accepted 2 buy Limit 5 @ 100 acct 1
        traded 1 x 2: 5 @ 100 buy displayed accts 2 x 1
        balance 1 of 0: 1000 held 500
        settled 1 fees 0 0 of 0
        balance 2 of 1: 0 held 0
        balance 2 of 0: 9223372036854776307 held 0
        position 2 -5 cost -500 realised 0
        balance 1 of 1: 5 held 0
        balance 1 of 0: 500 held 0
        position 1 5 cost 500 realised 0
        ",
    );
}

#[test]
fn trades_of_more_than_64_bits_together_are_paid_to_the_unit() {
    // Each of twenty buyers pays 128 × 2^52 = 2^59: together more than 2^63. None has or holds much.
    let mut script = String::from("engine accounts\ndeposit 99 2560 of 1\n");
    for buyer in 1..=20 {
        script += &format!("deposit {buyer} 576460752303423488 of 0\n");
        script += &format!("buy {buyer} 128 @ 4503599627370496 acct {buyer}\n");
    }
    script += "sell 21 2560 @ 1 acct 99\n";
    let engine = engine_after(&script);
    engine.check_invariants();
    let [seller, buyer] = [99, 20].map(|id| AccountId::new(id).expect("it is not zero"));
    let total = |account, asset| engine.balance(account, AssetId::new(asset)).total;
    assert_eq!(total(seller, 0), Amount::new(20 << 59));
    assert_eq!(total(buyer, 0), Amount::ZERO);
    assert_eq!(total(buyer, 1), Amount::new(128));
}

#[test]
fn a_taker_is_charged_and_closes_trade_by_trade() {
    // 1 is long 3 that cost 10: four at 5 close them for 15 and open one, another at 4 is added. 2 is short 3 for 10:
    // closing one at 4 takes ⌈−10 / 3⌉ = −3. 1 % of 20 is charged ⌈0.2⌉ = 1, so 0.8 are ahead of the 0.04 for 4.
    check(
        "
        engine accounts
        list assets 1/0 fees 0 10000
        deposit 1 1000 of 0
        deposit 1 10 of 1
        deposit 2 1000 of 0
        deposit 2 10 of 1
        deposit 3 1000 of 0
        sell 1 2 @ 3 acct 2
        sell 2 1 @ 4 acct 2
        buy 3 3 @ 4 acct 1
        buy 4 4 @ 5 acct 3
        buy 5 1 @ 4 acct 2
        ---
        sell 6 5 @ 4 acct 1
        ",
        "
        accepted 6 sell Limit 5 @ 4 acct 1
        traded 4 x 6: 4 @ 5 sell displayed accts 3 x 1
        traded 5 x 6: 1 @ 4 sell displayed accts 2 x 1
        balance 1 of 1: 13 held 5
        settled 1 fees 0 1 of 0
        balance 3 of 1: 4 held 0
        balance 3 of 0: 980 held 0
        position 3 4 cost 20 realised 0
        settled 2 fees 0 0 of 0
        balance 2 of 1: 8 held 0
        balance 2 of 0: 1006 held 0
        position 2 -2 cost -7 realised -1
        balance 1 of 1: 8 held 0
        balance 1 of 0: 1012 held 0
        position 1 -2 cost -9 realised 5
        ",
    );
}
