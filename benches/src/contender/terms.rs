use super::{Books, Markets, Rehearsed, WholeEngine};
use crate::workload::{Command, Kind, Workload};
use engine_core::Event;
use std::collections::HashMap;

/// In whose words a contender wants its commands.
///
/// A client of this workspace knows three things that a workload does not say: the id that its order was given,
/// how much of the order has traded (an amended quantity includes it), and at what price the order rests
/// (amended to its own price and to no more quantity, it would keep its place, which a workload does not want;
/// it is cancelled and placed again). A rehearsal finds them out beforehand, so that the measured replay has
/// only to send what a client would send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Terms {
    /// Those of the workload.
    Workload,
    /// With the ids that each book hands out by itself, and how much a reduced order loses.
    BookIds,
    /// The same with ids that the caller chooses all over `u64`.
    BookAnyIds,
    /// With the ids that each market hands out by itself.
    MarketIds,
    /// With the ids that an engine hands out for all its markets.
    EngineIds,
    /// With ids that the caller chooses all over `u64`.
    AnyIds,
}

impl Terms {
    /// Rewrites the commands. Their effects stay the same.
    pub fn apply_to(self, workload: &mut Workload) {
        match self {
            Self::Workload => {}
            Self::BookIds => Books::<true>::rehearse(workload),
            Self::BookAnyIds => {
                scatter_ids(workload);
                Books::<false>::rehearse(workload);
            }
            Self::MarketIds => rehearse::<Markets<true>>(workload),
            Self::EngineIds => rehearse::<WholeEngine<true>>(workload),
            Self::AnyIds => {
                scatter_ids(workload);
                rehearse::<Markets<false>>(workload);
            }
        }
    }
}

/// Spreads the order ids over all of `u64`, each still another.
fn scatter_ids(workload: &mut Workload) {
    for command in &mut workload.commands {
        // Multiplying by an odd number is one to one; the shift mixes the high half into the low one.
        let spread = command.id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        command.id = spread ^ (spread >> 32);
    }
}

/// Replays a workload once and notes what a client would know.
fn rehearse<C: Rehearsed>(workload: &mut Workload) {
    let mut contender = C::new(&workload.header);
    let mut orders = Orders::new();
    // The id in the contender, by the id in the workload.
    let mut given: HashMap<u64, u64> = HashMap::new();
    let mut rewritten = Vec::with_capacity(workload.commands.len());
    let mut prefill = 0;
    for (index, original) in workload.commands.iter().enumerate() {
        let id = given.get(&original.id).copied().unwrap_or(original.id);
        let order = orders.get(&(original.symbol, id));
        for command in in_our_terms(&Command { id, ..*original }, order) {
            let events = contender.perform(&command);
            given.insert(original.id, note(&command, events, &mut orders));
            rewritten.push(command);
        }
        if (index as u64) < workload.header.prefill {
            prefill = rewritten.len() as u64;
        }
    }
    let header = &mut workload.header;
    header.prefill = prefill;
    header.commands = rewritten.len() as u64 - prefill;
    header.max_id = rewritten.iter().map(|command| command.id).max().unwrap_or(0);
    workload.commands = rewritten;
}

/// By symbol and id: each symbol may hand out its own ids.
type Orders = HashMap<(u16, u64), Order>;

/// What its owner knows of an order.
struct Order {
    price: i64,
    filled: u64,
}

fn in_our_terms(command: &Command, order: Option<&Order>) -> impl Iterator<Item = Command> + use<> {
    let (first, second) = match (command.kind, order) {
        (Kind::Reprice, Some(order)) if order.price == command.price => {
            let cancel = Command {
                kind: Kind::Cancel,
                ..*command
            };
            (
                cancel,
                Some(Command {
                    kind: Kind::Add,
                    ..*command
                }),
            )
        }
        (Kind::Reduce | Kind::Reprice, Some(order)) => {
            let quantity = command.quantity + order.filled as u32;
            (Command { quantity, ..*command }, None)
        }
        _ => (*command, None),
    };
    std::iter::once(first).chain(second)
}

/// Takes in what happened and returns the id of the order that the command is about.
fn note(command: &Command, events: &[Event], orders: &mut Orders) -> u64 {
    let Command { mut id, symbol, .. } = *command;
    for event in events {
        match *event {
            Event::Accepted { order, .. } => {
                id = order.get();
                orders.insert(
                    (symbol, id),
                    Order {
                        price: command.price,
                        filled: 0,
                    },
                );
            }
            Event::Traded {
                maker,
                taker,
                quantity,
                ..
            } => {
                for party in [maker, taker] {
                    if let Some(order) = orders.get_mut(&(symbol, party.get())) {
                        order.filled += quantity.lots();
                    }
                }
            }
            _ => {}
        }
    }
    match command.kind {
        Kind::Reprice => {
            if let Some(order) = orders.get_mut(&(symbol, id)) {
                order.price = command.price;
            }
        }
        Kind::Cancel => drop(orders.remove(&(symbol, id))),
        Kind::Add | Kind::Ioc | Kind::Reduce => {}
    }
    id
}
