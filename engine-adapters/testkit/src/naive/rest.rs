//! Coming to rest: what follows from a command, until nothing more does (4.6).

use engine_core::InstrumentId;

use super::NaiveEngine;

impl NaiveEngine {
    /// 4.6: always the first step that has something to do, then from the first again.
    pub(super) fn come_to_rest(&mut self, at: InstrumentId) {
        loop {
            let followed = self.follow_links(at) // 1
                || self.try_all_or_none(at) // 2
                || self.elect_and_set_off(at) // 3 and 4
                || self.place_pegs(at); // 5
            if !followed {
                break;
            }
        }
        self.say_indicative(at); // 6
    }

    pub(super) fn come_to_rest_everywhere(&mut self) {
        for at in self.instruments() {
            self.come_to_rest(at);
        }
    }
}
