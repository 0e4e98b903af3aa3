use crate::contender::{
    Batched, Books, Contender, EmptyReplay, EngineInBatches, EngineWithAccounts, Markets, Terms, WholeEngine,
};
#[cfg(feature = "peers")]
use crate::contender::{Lobster, Matchcore, OrderbookRs};
use crate::measure::{Latency, Throughput, latency, throughput};
use crate::workload::Workload;

/// A contender as the runner sees it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name in the table and on the command line.
    pub name: &'static str,
    /// What a reader of its row has to know.
    pub note: Option<&'static str>,
    /// How many commands one call takes.
    pub batch: usize,
    /// In whose words it wants its commands.
    pub terms: Terms,
    /// Whether it has to trade what the workload says.
    pub exact: bool,
    /// Replays a workload against one clock.
    pub throughput: fn(&Workload) -> Throughput,
    /// Replays a workload with a clock around every call.
    pub latency: fn(&Workload) -> Latency,
}

impl Entry {
    const fn of<C: Contender>() -> Self {
        Self {
            name: C::NAME,
            note: C::NOTE,
            batch: C::BATCH,
            terms: C::TERMS,
            exact: C::EXACT,
            throughput: throughput::<C>,
            latency: latency::<C>,
        }
    }
}

/// All contenders, in the order of the table.
pub fn field() -> Vec<Entry> {
    vec![
        Entry::of::<EmptyReplay>(),
        Entry::of::<Books<true>>(),
        Entry::of::<Books<false>>(),
        Entry::of::<Markets<true>>(),
        Entry::of::<Markets<false>>(),
        Entry::of::<WholeEngine<true>>(),
        Entry::of::<WholeEngine<false>>(),
        Entry::of::<Batched<Books<true>>>(),
        Entry::of::<Batched<Books<false>>>(),
        Entry::of::<Batched<Markets<true>>>(),
        Entry::of::<Batched<Markets<false>>>(),
        Entry::of::<EngineInBatches<true>>(),
        Entry::of::<EngineInBatches<false>>(),
        Entry::of::<EngineWithAccounts<false>>(),
        Entry::of::<EngineWithAccounts<true>>(),
        #[cfg(feature = "peers")]
        Entry::of::<Matchcore>(),
        #[cfg(feature = "peers")]
        Entry::of::<Lobster>(),
        #[cfg(feature = "peers")]
        Entry::of::<OrderbookRs>(),
    ]
}
