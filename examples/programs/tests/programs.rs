//! Each program runs and says what it should.

use std::process::Command;

fn check(program: &str, expected: &str) {
    let output = Command::new(program)
        .output()
        .expect("the program was built for this test");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} failed: {errors}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{program}");
}

/// A silent minute carries the close, and the trade at the full minute belongs to the next one.
#[test]
fn candles_of_a_foreign_feed() {
    check(
        env!("CARGO_BIN_EXE_foreign_candles"),
        "1682854500 open 49900.5 high 49950 low 49870.5 close 49870.5 volume 1.75\n\
         1682854560 open 49871 high 49871 low 49871 close 49871 volume 0.1\n\
         1682854620 open 49871 high 49871 low 49871 close 49871 volume 0\n\
         1682854680 open 49871 high 49871 low 49871 close 49871 volume 0\n\
         1682854740 open 49860 high 49860 low 49860 close 49860 volume 2\n",
    );
}

/// Update 4 is lost: update 5 shows the gap.
#[test]
fn a_copy_of_a_book_notices_a_lost_update() {
    check(
        env!("CARGO_BIN_EXE_depth_copy"),
        "update 2: Kept\n\
         snapshot 2\n\
         update 3: Applied\n\
         update 5: the update begins with batch 5, but 4 was due\n\
         snapshot 5\n\
         Buy 3 at 99\n\
         Buy 7 at 98\n\
         Sell 4 at 101\n",
    );
}

/// Computed by hand in fractions.
#[test]
fn indicators_of_a_minute_chart() {
    check(
        env!("CARGO_BIN_EXE_indicators"),
        "EMA 100.6096\nRSI 79.03\nmiddle 100.6100\nupper 100.8661\n",
    );
}
