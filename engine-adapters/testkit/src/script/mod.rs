//! A language for scenarios: one command a line in plain words, and events in the same style.
//!
//! ```text
//! engine orders 5 instruments 2          # limits of the engine; also: handed-out-ids, accounts
//! list band 500 dynamic 300 for 10s protect 100 prorata top min 2 parts 5 stops 3
//!      quantities 1..100 notional 50 trigger mark phase auction symbol X       (on one line)
//! at 5s                                  # the time of the commands that follow; ns, us, ms, s
//! buy 1 5 @ 100                          # side, id, quantity, limit price
//! sell 2 3 market                        # or: to-limit, value 500 (quantity 0), stop 95, stop 95 @ 94,
//!                                        #     profit 105, profit 105 @ 104, trail 3, trail 50bp @ 90,
//!                                        #     peg primary, peg market -1, peg mid +2 limit 99
//! sell 3 9 @ 101 iceberg 2 day           # ioc fok day gtd 9s at-open at-close, iceberg 2, hidden, post-only,
//!                                        #     slide, min 3, aon, reduce-only, acct 7, group 2, name abc,
//!                                        #     stp newest|oldest|both|decrement, in 1
//! oco: sell 4 5 @ 110 | sell 5 5 stop 90
//! bracket: buy 6 5 @ 100 | sell 7 5 @ 110 | sell 8 5 stop 90
//! cancel 1        cancel 7/abc acct 7
//! amend 1 price 101 qty 5
//! mass-cancel acct 7 in 0 buy disconnected
//! phase auction   uncross   mark 100   (each takes `in 1`)
//! switch 7 5s     switch 7 off
//! kill all        resume 7      tick
//!
//! engine accounts                        # adds the assets 0 and 1, unsaid, unless the script begins with `asset`;
//!                                        # then a list says of itself: assets 1/0
//! asset KRW 8                            # name, decimal places
//! list assets 1/0 fees 200 500 tier 1000 100 300 prices 0..500 margin 100000 50000 1000
//! deposit 7 1000 of 0 key 5              withdraw 7 10
//! account 7 tier 1 group 2               freeze 7        unfreeze 7
//! limits 7 in 0 order 5 notional 500 orders 3 open 9 position 9 collar 500 rate 2      (or: limits all)
//!
//! ---                                    # what is above is given: its events are not compared, nothing is refused
//! ```
//!
//! A script that does not begin by listing an instrument gets a plain one with the number 0, unsaid.
//! `MAX` and `MIN` stand for the limits of prices and quantities, also as `MAX+1`.

mod check;
mod money;
mod number;
mod parse;
mod parse_order;
mod render_command;
mod render_event;

pub use check::check;
pub use parse::{Script, ScriptError, Step, parse};
pub use render_command::{render_command, render_stream};
pub use render_event::render_event;
