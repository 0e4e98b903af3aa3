//! Simulated traders: a thread that watches what happens and gives commands, as somebody outside would.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use engine_core::{AccountId, Command, InstrumentId, Price, Timestamp};
use engine_http::identity::{Identity, Tier};
use engine_http::views::Views;
use engine_runtime::{Handle, Subscription};
use engine_traders::{Crowd, CrowdConfig, Need, Setting, Top, demo};
use engine_wire::Symbols;

use super::exchange::now;
use super::failure::ServeError;
use super::funds::{Occasion, deposits};

/// How many commands the traders of one symbol give in a second.
const COMMANDS_PER_SECOND: u32 = 10;
/// For so many days of trading among themselves the traders have funds.
const DAYS: u32 = 365;
/// How long nothing may be looked at.
const PATIENCE: Duration = Duration::from_millis(50);

/// Lets traders trade in every symbol whose usual price is known, until the engine stops. They begin at these `prices`,
/// else at that of the last trade.
pub(crate) fn start(
    engine: &Handle,
    views: &Arc<Views>,
    identity: &Identity,
    prices: &BTreeMap<InstrumentId, Price>,
) -> Result<JoinHandle<()>, ServeError> {
    let symbols = views.symbols();
    let seq = engine.released_through();
    let mut crowds = Vec::new();
    for number in 0.. {
        let instrument = InstrumentId::new(number);
        let Some(spec) = symbols.spec(instrument) else {
            break;
        };
        let Some(setting) = usual(views, &symbols, instrument) else {
            continue;
        };
        let mut accounts = Vec::new();
        for trader in 1..=Crowd::ACCOUNTS {
            accounts.push(identity.ensure(&format!("trader-{number}-{trader}"), Tier::Enterprise, now())?);
        }
        let accounts: [AccountId; Crowd::ACCOUNTS] = accounts.try_into().expect("as many as were made");
        let told = prices.get(&instrument).copied();
        let price = told.or_else(|| views.last_price(instrument));
        let crowd = Crowd::new(CrowdConfig {
            instrument,
            spec: spec.clone(),
            setting,
            accounts,
            orders_per_second: COMMANDS_PER_SECOND,
            seed: now().nanos(),
            price: price.unwrap_or(setting.price),
            start: now(),
        });
        let occasion = Occasion { seq, instrument };
        for need in crowd.needs(DAYS) {
            fund(engine, views, occasion, &need)?;
        }
        crowds.push(crowd);
    }
    let events = engine.subscribe();
    let (engine, views) = (engine.clone(), Arc::clone(views));
    let thread = std::thread::Builder::new().name("traders".to_owned());
    Ok(thread.spawn(move || trade(&engine, &views, crowds, events))?)
}

/// What is usual in an instrument: as in the demo, or around its last price.
pub(crate) fn usual(views: &Views, symbols: &Symbols, instrument: InstrumentId) -> Option<Setting> {
    let spec = symbols.spec(instrument)?;
    let symbol = &spec.terms().symbol;
    let known = demo()
        .into_iter()
        .find(|(known, _)| known.terms().symbol == *symbol);
    match known {
        Some((_, setting)) => Some(setting),
        None => views
            .last_price(instrument)
            .map(|price| Setting::new(spec, price)),
    }
}

/// Gives a trader what is missing of what it needs.
fn fund(engine: &Handle, views: &Views, occasion: Occasion, need: &Need) -> Result<(), ServeError> {
    let has = |asset| views.balance(need.account, asset).total;
    for deposit in deposits(need, &views.symbols(), occasion, has)? {
        let ticket = engine.submit(deposit).map_err(refused)?;
        ticket.wait().map_err(refused)?;
    }
    Ok(())
}

fn refused(error: impl std::fmt::Display) -> ServeError {
    ServeError::Traders(error.to_string())
}

fn trade(engine: &Handle, views: &Views, mut crowds: Vec<Crowd>, mut events: Subscription) {
    let mut commands = Vec::new();
    loop {
        match events.next_timeout(PATIENCE) {
            Ok(Poll::Ready(Some(slice))) => {
                for batch in slice.iter() {
                    crowds.iter_mut().for_each(|crowd| crowd.observe(&batch));
                }
            }
            Ok(Poll::Pending) => {}
            // The engine has stopped, and says itself why.
            Ok(Poll::Ready(None)) | Err(_) => return,
        }
        act(engine, views, &mut crowds, now(), &mut commands);
    }
}

fn act(engine: &Handle, views: &Views, crowds: &mut [Crowd], now: Timestamp, commands: &mut Vec<Command>) {
    for crowd in crowds.iter_mut().filter(|crowd| crowd.next_due() <= now) {
        let [bid, ask] = views.best_prices(crowd.instrument());
        crowd.act(now, Top { bid, ask }, commands);
    }
    if commands.is_empty() {
        return;
    }
    // What is refused because the queue is full is said again by what the traders see next.
    if let Ok(tickets) = engine.submit_all(std::mem::take(commands)) {
        drop(tickets);
    }
}
