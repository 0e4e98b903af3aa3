//! Putting the exchange together, and taking it apart again.
//!
//! ```text
//! start: journal, recovery → views → first symbols → addresses → "ready"
//! stop:  accept nobody → end requests → engine drains and syncs → views tell the last → WebSockets 1001 → end
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use engine_core::{AccountsConfig, Command, EngineConfig, InstrumentId, OrderIds, Price, Timestamp};
use engine_http::hub::{CloseReason, Hub, HubOptions};
use engine_http::identity::{Identity, IdentityOptions, Tier};
use engine_http::limits::Limits;
use engine_http::views::{Feed, Views, ViewsConfig, ViewsError};
use engine_http::{App, AppConfig, Auth, Fanout, Rest, Server, ServerConfig, Simulated};
use engine_runtime::journal::Disk;
use engine_runtime::{Durability, Recovered, Runtime, RuntimeBuilder, RuntimeConfig};
use engine_wire::Symbols;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::demo::{SYMBOLS, known_symbols, listing};
use super::failure::ServeError;
use super::options::{DurabilityMode, Options, Tls};
use super::past::{self, HeldClock, Telling};
use super::telemetry::Telemetry;
use super::traders;
use crate::progress::Progress;

/// How many orders may live, and how many instruments there may be.
const ORDERS_MAX: u32 = 4_000_000;
const INSTRUMENTS_MAX: u32 = 10_000;
/// Decides where ids land in a table. Ids are the engine's own, so nobody can choose ones that collide.
const HASH_SEED: u64 = 0x7e5a_11c0_0b1e_55ed;
/// How long WebSocket clients have to take what is left and the close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Signals closer to each other than this are one.
const SIGNALS_APART: Duration = Duration::from_millis(500);

/// Serves until a signal comes, or the engine stops.
pub(crate) fn serve(options: &Options, greet: impl FnOnce(&[SocketAddr])) -> Result<(), ServeError> {
    // Nobody should wait for a long journal, or leave anything behind, only to be told this.
    check(options)?;
    require_free(options)?;
    let asynchronous = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let telemetry = Telemetry::start(options, asynchronous.handle())?;
    let exchange = Exchange::start(options)?;
    let served = asynchronous.block_on(run(options, &exchange, greet));
    let ended = exchange.end(&asynchronous);
    telemetry.end();
    asynchronous.shutdown_timeout(Duration::from_millis(200));
    served.and(ended)
}

/// Everything that runs behind the door.
struct Exchange {
    runtime: Runtime,
    hub: Arc<Hub>,
    app: Arc<App>,
    feeding: JoinHandle<Result<(), ViewsError>>,
    archiving: JoinHandle<Result<(), ViewsError>>,
    traders: Option<JoinHandle<()>>,
}

impl Exchange {
    fn start(options: &Options) -> Result<Self, ServeError> {
        let data = |cause| ServeError::Data {
            directory: options.data.clone(),
            cause,
        };
        fs::create_dir_all(&options.data).map_err(data)?;
        let until = now();
        let (clock, hold) = HeldClock::new(past::begin(until, options.past_days()));
        let (runtime, recovered) = start_engine(options, clock)?;
        let identity = Identity::open(&options.data, IdentityOptions::default(), now())?;
        let views = Arc::new(start_views(options, &runtime, recovered)?);
        let hub = Hub::new(HubOptions::default());
        let feed = Feed::new(Arc::clone(&views), Fanout::new(Arc::clone(&hub)), Instant::now());
        let subscription = runtime.handle().subscribe_from(views.seq().next());
        let feeding = std::thread::Builder::new()
            .name("views".to_owned())
            .spawn(move || feed.run(subscription))?;
        let archive = Arc::clone(&views);
        let archiving = std::thread::Builder::new()
            .name("archive".to_owned())
            .spawn(move || archive.run_archive())?;
        let prices = match views.symbols().is_empty() {
            true => begin(options, &runtime, &views, &identity, until)?,
            false => BTreeMap::new(),
        };
        drop(hold);
        let identity = Arc::new(identity);
        let app = app(options, &runtime, &views, &hub, &identity)?;
        let traders = match options.has_traders {
            true => Some(traders::start(runtime.handle(), &views, &identity, &prices)?),
            false => None,
        };
        Ok(Self {
            runtime,
            hub,
            app,
            feeding,
            archiving,
            traders,
        })
    }

    /// Ends everything in the order in which it depends on each other.
    fn end(self, asynchronous: &tokio::runtime::Runtime) -> Result<(), ServeError> {
        let stopped = self.runtime.stop();
        // The engine's end is the end of the stream, and that of the views.
        let fed = self.feeding.join().map_err(|_| ServeError::ViewsStopped)?;
        if let Some(traders) = self.traders {
            traders.join().map_err(|_| ServeError::ViewsStopped)?;
        }
        let archived = self.archiving.join().map_err(|_| ServeError::ViewsStopped)?;
        self.hub.close_all(CloseReason::GoingAway);
        asynchronous.block_on(self.app.wait_closed(CLOSE_TIMEOUT));
        stopped?;
        match fed {
            Err(ViewsError::Events(_)) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(archived?)
    }
}

fn start_engine(options: &Options, clock: HeldClock) -> Result<(Runtime, Recovered), ServeError> {
    let ids = OrderIds::Chosen { hash_seed: HASH_SEED };
    let config = RuntimeConfig {
        durability: match options.durability {
            DurabilityMode::Sync => Durability::Sync,
            DurabilityMode::Interval => Durability::Interval(Duration::from_millis(options.sync_interval_ms)),
            DurabilityMode::Memory => Durability::Memory,
        },
        engine: EngineConfig {
            ids,
            orders_max: ORDERS_MAX,
            instruments_max: INSTRUMENTS_MAX,
            accounts: Some(AccountsConfig::default()),
        },
        names_orders: true,
        key_retention: Some(Duration::from_secs(options.key_retention_hours * 3_600)),
        queue_max: options.queue_max,
        snapshot_every: Some(options.snapshot_every),
        projections: Some(Views::projections_config(ids, INSTRUMENTS_MAX, ORDERS_MAX)),
        ..RuntimeConfig::default()
    };
    let directory = options.data.join("journal");
    let failed = |cause| ServeError::Start {
        directory: directory.clone(),
        cause,
    };
    let mut bar: Option<Progress> = None;
    let builder = RuntimeBuilder::new(config)
        .clock(clock)
        .on_recovery(move |progress| {
            let all = progress.end.get() - progress.start.get();
            let done = progress.applied.get() - progress.start.get();
            let bar = bar.get_or_insert_with(|| Progress::new("commands", all));
            bar.set(done);
        })
        .on_stuck(|stuck| tracing::error!(?stuck, "a part of the engine is stuck"));
    match options.durability {
        DurabilityMode::Memory => builder.in_memory().map_err(failed),
        _ => {
            let disk = Disk::open(&directory).map_err(|cause| ServeError::Data {
                directory: directory.clone(),
                cause,
            })?;
            builder.open(disk).map_err(failed)
        }
    }
}

fn start_views(options: &Options, runtime: &Runtime, mut recovered: Recovered) -> Result<Views, ServeError> {
    let config = ViewsConfig {
        archive: match options.durability {
            DurabilityMode::Memory => None,
            _ => Some(options.data.join("orders.redb")),
        },
        ..ViewsConfig::default()
    };
    let projections = recovered.projections.take();
    let projections = projections.ok_or(ServeError::ViewsStopped)?;
    let standing = recovered.standing;
    let symbols = known_symbols(&standing.assets, &recovered.instruments);
    let views = Views::open(config, projections, symbols)?;
    for (number, phase) in (0..).zip(standing.phases) {
        views.set_phase(InstrumentId::new(number), phase);
    }
    for (account, asset, balance) in standing.balances {
        views.set_balance(account, asset, balance);
    }
    for (account, instrument, position) in standing.positions {
        views.set_position(account, instrument, position);
    }
    views.catch_up_archive(runtime.handle())?;
    Ok(views)
}

/// Gives a new exchange its symbols and, where there will be traders, a past. Returns where its prices ended.
fn begin(
    options: &Options,
    runtime: &Runtime,
    views: &Views,
    identity: &Identity,
    until: Timestamp,
) -> Result<BTreeMap<InstrumentId, Price>, ServeError> {
    list(options, runtime, views)?;
    if options.past_days() == 0 {
        return Ok(BTreeMap::new());
    }
    let telling = Telling {
        engine: runtime.handle(),
        views,
        identity,
        days: options.past_days(),
        until,
        queue_max: options.queue_max,
    };
    telling.tell()
}

/// Lists the configured symbols.
fn list(options: &Options, runtime: &Runtime, views: &Views) -> Result<(), ServeError> {
    let (commands, symbols) = first_symbols(options)?;
    views.set_symbols(symbols);
    let refused = |text: String| ServeError::List(text);
    let tickets = runtime
        .handle()
        .submit_all(commands)
        .map_err(|error| refused(error.to_string()))?;
    for outcome in tickets.wait() {
        let answer = outcome.map_err(|error| refused(error.to_string()))?;
        let events = answer.events();
        if let Some(event) = events
            .iter()
            .find(|event| matches!(event, engine_core::Event::Rejected { .. }))
        {
            return Err(refused(format!("{event:?}")));
        }
    }
    Ok(())
}

/// The commands that list the configured symbols, and their names.
fn first_symbols(options: &Options) -> Result<(Vec<Command>, Symbols), ServeError> {
    let mut symbols = Symbols::new();
    let commands = match &options.symbols {
        Some(texts) => listing(texts.iter().map(String::as_str), &mut symbols)?,
        None => listing(SYMBOLS.into_iter(), &mut symbols)?,
    };
    Ok((commands, symbols))
}

/// Whether what is configured can be used, as far as it can be known without starting.
pub(crate) fn check(options: &Options) -> Result<(), ServeError> {
    first_symbols(options)?;
    options.tls.as_ref().map(tls).transpose()?;
    Ok(())
}

fn app(
    options: &Options,
    runtime: &Runtime,
    views: &Arc<Views>,
    hub: &Arc<Hub>,
    identity: &Arc<Identity>,
) -> Result<Arc<App>, ServeError> {
    let auth = match options.is_demo {
        true => Auth::Demo(identity.ensure("demo", Tier::Free, now())?),
        false => Auth::Required,
    };
    for name in &options.admins {
        let user = identity.user_named(name).ok().flatten();
        let user = user.ok_or_else(|| ServeError::NoAdmin(name.clone()))?;
        let promoted = identity.set_tier(user.account, Tier::Admin);
        promoted.map_err(|_| ServeError::NoAdmin(name.clone()))?;
    }
    let limits = Limits::new(&options.limits).expect("they were checked");
    let config = AppConfig {
        origins: options.cors_origins.clone(),
        self_trade: options.self_trade,
        trace_one_in: options
            .otlp
            .as_ref()
            .and_then(|otlp| NonZeroU64::new(otlp.one_in)),
        logins_max: options.logins_max,
        simulated: Simulated {
            past_until: past::told_until(identity),
            traders: options.has_traders,
        },
        ..AppConfig::new(auth)
    };
    Ok(Arc::new(App::new(
        config,
        runtime.handle().clone(),
        Arc::clone(views),
        Arc::clone(hub),
        Arc::clone(identity),
        limits,
    )))
}

/// Says which address cannot be had, if one cannot.
fn require_free(options: &Options) -> Result<(), ServeError> {
    let bind =
        |key, address| TcpListener::bind(address).map_err(|cause| ServeError::Listen { key, address, cause });
    let _rest = bind("rest", options.rest)?;
    let _ws = bind("ws", options.ws)?;
    Ok(())
}

/// Serves until it is told to end.
async fn run(
    options: &Options,
    exchange: &Exchange,
    greet: impl FnOnce(&[SocketAddr]),
) -> Result<(), ServeError> {
    let config = ServerConfig {
        ws: Some(options.ws),
        tls: options.tls.as_ref().map(tls).transpose()?,
        connections_max: options.connections_max,
        ..ServerConfig::new(options.rest)
    };
    let scheme = if config.tls.is_some() { "s" } else { "" };
    let rest = Rest::new(Arc::clone(&exchange.app), axum::Router::new());
    let listening = Server::bind(config, Arc::clone(&exchange.app), rest).await;
    let server = match listening {
        Ok(server) => server,
        Err(cause) => return Err(require_free(options).err().unwrap_or(cause.into())),
    };
    let addresses = server.addresses()?;
    exchange.app.fund_demo().await;
    // Before anybody is told that it is ready, and so could ask for an end.
    let mut signals = Signals::hear()?;
    let draining = CancellationToken::new();
    let serving = tokio::spawn(server.run(draining.clone()));
    if let [rest, ws, ..] = addresses.as_slice() {
        println!("ready: REST http{scheme}://{rest} WebSocket ws{scheme}://{ws}/ws");
    }
    greet(&addresses);
    let handle = exchange.runtime.handle().clone();
    tokio::select! {
        () = signals.next() => tracing::info!("stopping"),
        ended = handle.ended() => tracing::error!(?ended, "the engine has stopped"),
    }
    tokio::spawn(async move {
        // Who ends a group of processes often signals each and the group, which is one wish and not two.
        tokio::time::sleep(SIGNALS_APART).await;
        signals.forget();
        signals.next().await;
        eprintln!("exchange-server: ended at once, as asked");
        std::process::exit(1);
    });
    draining.cancel();
    let _ = serving.await;
    Ok(())
}

/// The signals that ask for an end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Hears them from now on.
    fn hear() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Forgets those that have come.
    fn forget(&mut self) {
        use futures_util::FutureExt;
        while self.terminate.recv().now_or_never().is_some() {}
        while self.interrupt.recv().now_or_never().is_some() {}
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn tls(tls: &Tls) -> Result<Arc<rustls::ServerConfig>, ServeError> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let wrong = |file: &Path, cause: String| ServeError::Tls {
        file: file.to_owned(),
        cause,
    };
    let certificates = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&tls.certificate, error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| wrong(&tls.key, error.to_string()))?;
    // Named, so that it does not matter what other crates of the program would take.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&tls.certificate, error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| wrong(&tls.certificate, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
