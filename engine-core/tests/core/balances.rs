//! Rules 1 and 2 of the page of accounts: amounts, deposits, withdrawals, accounts.

use crate::check;

#[test]
fn assets_get_numbers_and_have_names_and_scales() {
    check(
        "
        engine accounts assets-max 2
        asset KRW 8
        asset nameless 0
        asset SIXTEEN-LETTERS. 18
        asset TOO-MANY 0
        ",
        "
        asset 0
        rejected 0 InvalidAsset AddAsset nowhere
        asset 1
        rejected 0 TooManyAssets AddAsset nowhere
        ",
    );
    check(
        "
        engine accounts
        asset SEVENTEEN-LETTERS 0
        asset X 19
        ",
        "
        rejected 0 InvalidAsset AddAsset nowhere
        rejected 0 InvalidAsset AddAsset nowhere
        ",
    );
}

#[test]
fn an_instrument_needs_assets_of_which_it_takes_whole_units() {
    check(
        "
        engine accounts
        asset KRW 0
        asset BTC 0
        ---
        list symbol A
        list assets 1/5
        list assets 5/0
        list assets 1/0
        ",
        "
        rejected 0 AssetRequired List nowhere
        rejected 0 UnknownAsset List nowhere
        rejected 0 UnknownAsset List nowhere
        listed 0
        ",
    );
}

#[test]
fn a_lot_and_a_tick_are_so_many_units_of_their_assets() {
    // Two decimal places each: a lot is 100 units of the base, a tick times a lot 100 of the quote.
    check(
        "
        engine accounts
        asset USD 2
        asset GOLD 2
        list assets 1/0
        deposit 1 50000 of 0
        deposit 2 700 of 1
        sell 1 3 @ 50 acct 2
        ---
        buy 2 2 @ 60 acct 1
        ",
        "
        accepted 2
        traded 1 x 2: 2 @ 50
        balance 1 of 0: 50000 held 12000    # 2 × 60 × 100, before it trades
        settled 1 fees 0 0 of 0
        balance 2 of 1: 500 held 100        # 700 − 2 × 100; 1 × 100 still offered
        balance 2 of 0: 10000 held 0        # 2 × 50 × 100
        position 2 -2 cost -100
        balance 1 of 1: 200 held 0
        balance 1 of 0: 40000 held 0
        position 1 2 cost 100
        ",
    );
}

#[test]
fn listings_that_accounts_cannot_pay_for_are_refused() {
    check(
        "
        engine accounts
        list fees -501 500
        list fees -500 500
        list fees 0 500 tier 10 -501 500
        list fees 100 500 tier 10 0 -1 tier 20 -1 400
        list fees 100 500 tier 10 1 0 tier 20 0 400
        list prices -5..-1
        list prices -5..0
        list tier 0.5 0 0
        list margin 100 101 5
        list margin 100 0 5
        list margin 1000001 5 5
        list margin 100 100 0
        list margin 100 100 MAX
        list margin 100 100 5 prices 0..0
        list margin 1000000 1 5
        ",
        "
        rejected 0 FeesBelowZero List nowhere
        listed 0
        rejected 0 FeesBelowZero List nowhere
        rejected 0 FeesBelowZero List nowhere
        listed 1
        rejected 0 InvalidPrice List nowhere
        listed 2
        rejected 0 AssetScale List nowhere
        rejected 0 MarginTerms List nowhere
        rejected 0 MarginTerms List nowhere
        rejected 0 MarginTerms List nowhere
        rejected 0 MarginTerms List nowhere
        rejected 0 MarginTerms List nowhere
        rejected 0 InvalidPrice List nowhere
        listed 3
        ",
    );
}

#[test]
fn the_greatest_position_on_margin_stays_below_two_to_the_ninetieth() {
    // 2^37 × (2^53 − 1) < 2^90 ≤ (2^37 + 1) × (2^53 − 1)
    check(
        "
        engine accounts
        list margin 100 100 137438953473
        list margin 100 100 137438953472
        ",
        "
        rejected 0 MarginTerms List nowhere
        listed 0
        ",
    );
}

#[test]
fn nobody_is_paid_for_buying() {
    check(
        "
        engine accounts
        deposit 1 100 of 0
        ---
        buy 1 1 @ -1 acct 1
        buy 1 1 @ 0 acct 1
        mark -1
        buy 2 1 peg primary -1 limit 5 acct 1
        ",
        "
        rejected 1 InvalidPrice
        accepted 1
        rested 1 1 @ 0 buy
        rejected 0 InvalidPrice SetMark
        accepted 2
        balance 1 of 0: 100 held 5
        ",
    );
}

#[test]
fn an_account_exists_from_the_first_command_that_names_it() {
    check(
        "
        engine accounts accounts-max 4
        deposit 1 5
        account 2 tier 1
        limits 3 order 5
        freeze 4
        deposit 5 5
        account 5
        limits 5 order 5
        freeze 5
        unfreeze 5
        deposit 4 5
        ",
        "
        deposited 1 5 of 0
        balance 1 of 0: 5 held 0
        account 2 tier 1
        limits 3
        frozen 4
        rejected 0 TooManyAccounts Deposit acct 5 nowhere
        rejected 0 TooManyAccounts SetAccount acct 5 nowhere
        rejected 0 TooManyAccounts SetLimits acct 5
        rejected 0 TooManyAccounts Freeze acct 5 nowhere
        rejected 0 TooManyAccounts Unfreeze acct 5 nowhere
        deposited 4 5 of 0
        balance 4 of 0: 5 held 0
        ",
    );
}

#[test]
fn any_number_is_an_account() {
    check(
        "
        engine accounts
        deposit 18446744073709551615 5 of 0
        deposit 16777216 7 of 0
        deposit 16777215 9 of 1
        ---
        buy 1 1 @ 5 acct 18446744073709551615
        sell 2 1 @ 5 acct 16777215
        withdraw 16777216 7
        ",
        "
        accepted 1
        rested 1
        balance 18446744073709551615 of 0: 5 held 5
        accepted 2
        traded 1 x 2: 1 @ 5
        balance 16777215 of 1: 9 held 1
        settled 1 fees 0 0 of 0
        balance 18446744073709551615 of 1: 1 held 0
        balance 18446744073709551615 of 0: 0 held 0
        position 18446744073709551615 1 cost 5
        balance 16777215 of 1: 8 held 0
        balance 16777215 of 0: 5 held 0
        position 16777215 -1 cost -5
        withdrew 16777216 7 of 0
        balance 16777216 of 0: 0 held 0
        ",
    );
}

#[test]
fn a_deposit_adds_and_is_checked() {
    check(
        "
        engine accounts
        deposit 1 5 of 9
        deposit 1 0
        deposit 1 -1
        deposit 1 79228162514264337593543950336
        deposit 1 79228162514264337593543950335
        deposit 2 1
        withdraw 1 1
        deposit 2 1
        ",
        "
        rejected 0 UnknownAsset Deposit acct 1 nowhere
        rejected 0 InvalidAmount Deposit acct 1 nowhere
        rejected 0 InvalidAmount Deposit acct 1 nowhere
        rejected 0 InvalidAmount Deposit acct 1 nowhere              # 2^96
        deposited 1 79228162514264337593543950335 of 0               # 2^96 − 1
        balance 1 of 0: 79228162514264337593543950335 held 0
        rejected 0 AmountTooLarge Deposit acct 2 nowhere
        withdrew 1 1 of 0
        balance 1 of 0: 79228162514264337593543950334 held 0
        deposited 2 1 of 0
        balance 2 of 0: 1 held 0
        ",
    );
}

#[test]
fn only_what_is_free_can_be_withdrawn() {
    check(
        "
        engine accounts
        deposit 1 100
        buy 1 3 @ 20 acct 1
        ---
        withdraw 1 41
        withdraw 1 0
        withdraw 1 5 of 9
        withdraw 9 1
        freeze 1
        withdraw 1 1
        unfreeze 1
        withdraw 1 40
        ",
        "
        rejected 0 InsufficientBalance Withdraw acct 1 nowhere
        shortfall 1 needs 41 has 40 of 0
        rejected 0 InvalidAmount Withdraw acct 1 nowhere
        rejected 0 UnknownAsset Withdraw acct 1 nowhere
        rejected 0 InsufficientBalance Withdraw acct 9 nowhere
        shortfall 9 needs 1 has 0 of 0
        frozen 1
        rejected 0 AccountFrozen Withdraw acct 1 nowhere
        unfrozen 1
        withdrew 1 40 of 0
        balance 1 of 0: 60 held 60
        ",
    );
}

#[test]
fn a_transfer_is_done_once_however_often_it_is_asked_for() {
    check(
        "
        engine accounts
        ---
        deposit 1 100 key 5
        deposit 1 100 key 5
        deposit 1 101 key 5
        deposit 1 100 of 1 key 5
        withdraw 1 100 key 5
        deposit 2 100 key 5
        deposit 1 100
        deposit 1 100
        withdraw 1 50 key 6
        withdraw 1 50 key 6
        ",
        "
        deposited 1 100 of 0
        balance 1 of 0: 100 held 0
        repeated 1 first 4                   # the fourth command, after two assets and a list
        rejected 0 KeyReused Deposit acct 1 nowhere
        rejected 0 KeyReused Deposit acct 1 nowhere
        rejected 0 KeyReused Withdraw acct 1 nowhere
        deposited 2 100 of 0                 # another account's key
        balance 2 of 0: 100 held 0
        deposited 1 100 of 0
        balance 1 of 0: 200 held 0
        deposited 1 100 of 0
        balance 1 of 0: 300 held 0
        withdrew 1 50 of 0
        balance 1 of 0: 250 held 0
        repeated 1 first 12
        ",
    );
}

#[test]
fn the_oldest_key_is_forgotten_and_a_refused_transfer_has_none() {
    check(
        "
        engine accounts keys-max 2
        ---
        withdraw 1 10 key 1
        deposit 1 10 key 1
        deposit 1 10 key 2
        deposit 1 10 key 1
        deposit 1 10 key 3
        deposit 1 10 key 2
        deposit 1 10 key 1
        ",
        "
        rejected 0 InsufficientBalance Withdraw acct 1 nowhere
        shortfall 1 needs 10 has 0 of 0
        deposited 1 10 of 0
        balance 1 of 0: 10 held 0
        deposited 1 10 of 0
        balance 1 of 0: 20 held 0
        repeated 1 first 5                   # a repeat does not make a key younger
        deposited 1 10 of 0
        balance 1 of 0: 30 held 0
        repeated 1 first 6
        deposited 1 10 of 0
        balance 1 of 0: 40 held 0
        ",
    );
}

#[test]
fn an_order_has_the_group_of_its_account_unless_it_names_one() {
    check(
        "
        engine accounts
        deposit 1 100 of 1
        deposit 2 100 of 0
        account 1 group 7
        account 2 group 7
        sell 1 1 @ 10 acct 1
        sell 2 1 @ 10 acct 1 group 8
        ---
        buy 3 2 @ 10 acct 2 stp oldest
        account 2
        sell 4 1 @ 10 acct 1
        buy 5 1 @ 10 acct 2 stp oldest
        ",
        "
        accepted 3
        cancelled 1 1 SelfTrade
        traded 2 x 3: 1 @ 10
        rested 3 1 @ 10
        balance 2 of 0: 100 held 20
        balance 1 of 1: 100 held 1
        settled 2 fees 0 0 of 0
        balance 1 of 1: 99 held 0
        balance 1 of 0: 10 held 0
        position 1 -1 cost -10
        balance 2 of 1: 1 held 0
        balance 2 of 0: 90 held 10
        position 2 1 cost 10
        account 2
        accepted 4
        traded 3 x 4: 1 @ 10
        balance 1
        settled 1
        balance 2
        balance 2
        position 2
        balance 1
        balance 1
        position 1
        accepted 5
        rested 5
        balance 2
        ",
    );
}

#[test]
fn a_frozen_account_keeps_its_orders_and_gets_no_more() {
    check(
        "
        engine accounts
        deposit 1 100
        deposit 2 5 of 1
        buy 1 2 @ 10 acct 1
        ---
        freeze 1
        buy 2 1 @ 10 acct 1
        amend 1 qty 1
        oco: buy 3 1 @ 5 acct 1 | buy 4 1 stop 6 @ 6 acct 1
        deposit 1 7
        sell 5 1 @ 10 acct 2
        cancel 1
        unfreeze 1
        unfreeze 1
        buy 6 1 @ 10 acct 1
        ",
        "
        frozen 1
        rejected 2 AccountFrozen
        rejected 1 AccountFrozen Amend
        rejected 3 AccountFrozen PlaceLinked
        deposited 1 7 of 0
        balance 1 of 0: 107 held 20
        accepted 5
        traded 1 x 5: 1 @ 10
        balance 2 of 1: 5 held 1
        settled 1 fees 0 0 of 0
        balance 1 of 1: 1 held 0
        balance 1 of 0: 97 held 10
        position 1 1 cost 10
        balance 2 of 1: 4 held 0
        balance 2 of 0: 10 held 0
        position 2 -1 cost -10
        cancelled 1 1 User
        balance 1 of 0: 97 held 0
        unfrozen 1
        unfrozen 1
        accepted 6
        rested 6
        balance 1 of 0: 97 held 10
        ",
    );
}

#[test]
fn without_accounts_commands_about_money_are_refused() {
    for command in [
        "asset X 0",
        "deposit 1 5",
        "withdraw 1 5",
        "account 1",
        "limits all order 5",
        "freeze 1",
        "unfreeze 1",
    ] {
        check(command, "rejected 0 AccountsOff");
    }
}
