//! Making a stream that shows a difference smaller, as long as it shows one.

use engine_core::{
    Command, InstrumentId, InstrumentSpec, Place, PostOnly, Qty, SelfTrade, TimeInForce, Timestamp,
    Visibility,
};
use rust_decimal::Decimal;

use super::{Difference, Small};
use crate::streams::Stream;

/// Pairs are tried when no more commands than this are left, because there are so many of them.
const PAIRS_BELOW: usize = 40;

type Commands = Vec<(Timestamp, Command)>;

/// Drops commands, then conditions of orders, as long as `differs` still finds a difference (any).
///
/// # Panics
/// When the stream shows none.
pub fn shrink(stream: &Stream, differs: impl Fn(&Commands) -> Option<Difference>) -> Small {
    let mut small = Small {
        difference: differs(&stream.commands).expect("only a stream with a difference is shrunk"),
        commands: stream.commands.clone(),
    };
    small.cut();
    loop {
        let before = small.commands.clone();
        small.drop_commands(&differs);
        if small.commands.len() <= PAIRS_BELOW {
            small.drop_pairs(&differs);
        }
        small.make_plainer(&differs);
        small.stop_time(&differs);
        small.use_one_instrument(&differs);
        if small.commands == before {
            return small;
        }
    }
}

impl Small {
    /// Nothing after the difference matters.
    fn cut(&mut self) {
        self.commands.truncate(self.difference.at + 1);
    }

    fn take_if(&mut self, commands: Commands, differs: impl Fn(&Commands) -> Option<Difference>) -> bool {
        let Some(difference) = differs(&commands) else {
            return false;
        };
        *self = Self { commands, difference };
        self.cut();
        true
    }

    fn take_if_other(&mut self, commands: Commands, differs: impl Fn(&Commands) -> Option<Difference>) {
        if commands != self.commands {
            self.take_if(commands, differs);
        }
    }

    /// Drops half of the commands, a quarter, …, one, wherever that leaves a difference. The first
    /// lists an instrument and stays, because a script without that would get one by itself.
    fn drop_commands(&mut self, differs: &impl Fn(&Commands) -> Option<Difference>) {
        let mut length = self.commands.len().div_ceil(2);
        while length > 0 {
            let mut from = 1;
            while from < self.commands.len() {
                let to = (from + length).min(self.commands.len());
                let mut fewer = self.commands.clone();
                fewer.drain(from..to);
                if !self.take_if(fewer, differs) {
                    from = to;
                }
            }
            length /= 2;
        }
    }

    /// Drops two commands that only go together, an order and what undoes it.
    fn drop_pairs(&mut self, differs: &impl Fn(&Commands) -> Option<Difference>) {
        let mut first = 1;
        while first < self.commands.len() {
            let dropped = (first + 1..self.commands.len()).any(|second| {
                let mut fewer = self.commands.clone();
                fewer.remove(second);
                fewer.remove(first);
                self.take_if(fewer, differs)
            });
            if !dropped {
                first += 1;
            }
        }
    }

    /// Takes conditions away from orders and specs, one after the other.
    fn make_plainer(&mut self, differs: &impl Fn(&Commands) -> Option<Difference>) {
        let mut at = 0;
        while at < self.commands.len() {
            for (part, change) in (0..3).flat_map(|part| PLAINER.map(|change| (part, change))) {
                let mut commands = self.commands.clone();
                if let Some((_, command)) = commands.get_mut(at) {
                    change_order(command, part, change);
                }
                self.take_if_other(commands, differs);
            }
            let mut commands = self.commands.clone();
            if let Some((_, Command::List(spec))) = commands.get_mut(at)
                && let Ok(plain) =
                    InstrumentSpec::builder(&spec.terms().symbol, Decimal::ONE, Decimal::ONE).build()
            {
                **spec = plain;
                self.take_if_other(commands, differs);
            }
            at += 1;
        }
    }

    /// Lets all happen at one moment, or each command at that of the one before.
    fn stop_time(&mut self, differs: &impl Fn(&Commands) -> Option<Difference>) {
        let mut commands = self.commands.clone();
        for (time, _) in &mut commands {
            *time = Timestamp::ZERO;
        }
        if self.take_if(commands, differs) {
            return;
        }
        for at in 1..self.commands.len() {
            if at < self.commands.len() {
                let mut commands = self.commands.clone();
                commands[at].0 = commands[at - 1].0;
                self.take_if(commands, differs);
            }
        }
    }

    fn use_one_instrument(&mut self, differs: &impl Fn(&Commands) -> Option<Difference>) {
        let mut commands = self.commands.clone();
        for (_, command) in &mut commands {
            move_to_first(command);
        }
        self.take_if(commands, differs);
    }
}

fn move_to_first(command: &mut Command) {
    let first = InstrumentId::new(0);
    match command {
        Command::Place(place) => place.instrument = first,
        Command::PlaceLinked(linked) => {
            for place in &mut linked.orders {
                place.instrument = first;
            }
        }
        Command::SetPhase(set) => set.instrument = first,
        Command::Uncross(instrument) => *instrument = first,
        Command::SetMark(set) => set.instrument = first,
        Command::MassCancel(mass) => mass.instrument = mass.instrument.map(|_| first),
        _ => {}
    }
}

/// What an order can do without.
const PLAINER: [fn(&mut Place); 11] = [
    |place| place.quantity = Qty::new(place.quantity.lots().min(1)),
    |place| place.quantity = Qty::new(place.quantity.lots().div_ceil(2)),
    |place| place.time_in_force = TimeInForce::Gtc,
    |place| place.visibility = Visibility::Displayed,
    |place| place.post_only = PostOnly::No,
    |place| place.min_quantity = None,
    |place| place.all_or_none = false,
    |place| place.self_trade = SelfTrade::None,
    |place| place.group = None,
    |place| place.client_id = None,
    |place| place.account = None,
];

/// Changes the order of a command, or that of a list at `part`.
fn change_order(command: &mut Command, part: usize, change: fn(&mut Place)) {
    match command {
        Command::Place(place) if part == 0 => change(place),
        Command::PlaceLinked(linked) => {
            if let Some(place) = linked.orders.get_mut(part) {
                change(place);
            }
        }
        _ => {}
    }
}
