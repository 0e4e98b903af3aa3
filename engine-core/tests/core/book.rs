//! Rules 1: the book.

use crate::check;

#[test]
fn older_order_at_a_price_trades_first() {
    check(
        "
        sell 1 5 @ 100
        sell 2 5 @ 100
        ---
        buy 3 7 @ 100
        ",
        "
        accepted 3
        traded 1 x 3: 5 @ 100
        traded 2 x 3: 2 @ 100
        ",
    );
}
