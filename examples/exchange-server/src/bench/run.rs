//! One load test from beginning to end.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet, LocalSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::alarm::Alarm;
use super::arguments::BenchArguments;
use super::error::BenchError;
use super::executions::{Pairing, follow};
use super::http::{Connection, request};
use super::load::Load;
use super::measured::{Latencies, Orders};
use super::orders::Senders;
use super::report::Report;
use super::schedule::Schedule;
use super::stream::Ended;
use super::subscribers::{Plan, Seen, Subscribers};
use super::target::Target;
use super::venue::{Symbol, Venue};

/// Orders whose partner traded with somebody else stay open; so often they are taken back.
const TIDY_EVERY: Duration = Duration::from_secs(2);
/// For so long after the last order executions are still waited for.
const LINGER: Duration = Duration::from_millis(500);
const TIDY_TIMEOUT: Duration = Duration::from_secs(10);
const PROGRESS_EVERY: Duration = Duration::from_millis(200);
/// Files beside the connections: the runtime's, the terminal's, and those of connections that are being closed.
const FILES_BESIDE: u64 = 64;

/// Runs the test and prints its report.
pub(crate) fn run(arguments: &BenchArguments) -> Result<(), BenchError> {
    let target = Target::read(&arguments.url, "http://", arguments.allow_remote)?;
    let stream = match &arguments.ws {
        Some(url) => Target::read(url, "ws://", arguments.allow_remote)?,
        None => target.websocket(),
    };
    let token = arguments.bearer();
    let is_plain = |token: &String| token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    if !token.as_ref().is_none_or(is_plain) {
        return Err(BenchError::Token);
    }
    allow_files(u64::from(arguments.connections) + u64::from(arguments.subscribers) + FILES_BESIDE)?;
    let test = Test {
        arguments,
        target,
        stream,
        token,
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let report = LocalSet::new().block_on(&runtime, test.run())?;
    if arguments.json {
        println!("{}", report.json());
    } else {
        print!("{report}");
    }
    Ok(())
}

/// Each connection is a file; the limit of many shells is too low for thousands.
fn allow_files(needed: u64) -> Result<(), BenchError> {
    let limits = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if is_enough(limits.current) {
        return Ok(());
    }
    let raised = Rlimit {
        current: Some(needed),
        ..limits
    };
    if is_enough(limits.maximum) && setrlimit(Resource::Nofile, raised).is_ok() {
        return Ok(());
    }
    let limit = limits.current.unwrap_or(u64::MAX);
    Err(BenchError::Files { limit, needed })
}

/// What a test is made of.
struct Test<'a> {
    arguments: &'a BenchArguments,
    target: Target,
    stream: Target,
    token: Option<String>,
}

impl Test<'_> {
    async fn run(&self) -> Result<Report, BenchError> {
        let venue = Venue {
            target: &self.target,
            token: self.token.as_deref(),
        };
        let symbols = venue.symbols(&self.arguments.symbols).await?;
        let names: Vec<String> = symbols.iter().map(|symbol| symbol.name.clone()).collect();
        let measured_from = Arc::new(OnceLock::new());
        let subscribers = self.subscribe(&names, &measured_from).await?;
        let executions = self.follow_executions(&names).await;
        let connections = self.connect().await?;

        let start = Instant::now();
        let from = start + self.arguments.warm_up();
        measured_from.get_or_init(|| from);
        let pairing = executions
            .as_ref()
            .map(|executions| Rc::clone(&executions.pairing));
        if let Some(pairing) = &pairing {
            pairing.borrow_mut().begin(from);
        }
        let senders = self.senders(&symbols, start, pairing)?;
        let tidy = spawn_local(Tidy::new(self, &names).keep_tidy());
        self.load(&senders, connections, start).await;
        tidy.abort();
        sleep(LINGER).await;
        let executions = match executions {
            Some(executions) => Some(executions.end().await),
            None => None,
        };

        let seen = match subscribers {
            Some(subscribers) => subscribers.stop()?,
            None => Seen::new(),
        };
        let left_over = Tidy::new(self, &names).tidy().await.err();
        let orders = senders.finish();
        Ok(self.report(names, orders, executions, seen, (from, left_over)))
    }

    /// Starts the subscribers and waits until each has its subscription or has failed.
    async fn subscribe(
        &self,
        symbols: &[String],
        measured_from: &Arc<OnceLock<Instant>>,
    ) -> Result<Option<Subscribers>, BenchError> {
        let count = self.arguments.subscribers;
        if count == 0 {
            return Ok(None);
        }
        let plan = Plan {
            target: self.stream.clone(),
            symbols: symbols.to_vec(),
            channels: self.arguments.channels.clone(),
            count,
            timeout: self.arguments.timeout(),
            measured_from: Arc::clone(measured_from),
        };
        let spinner = ProgressBar::new_spinner().with_message(format!("{count} subscribers connect"));
        spinner.enable_steady_tick(PROGRESS_EVERY);
        let (ready, wait) = oneshot::channel();
        let subscribers = Subscribers::start(plan, ready)?;
        // An error means that their thread has ended; it says why when it is stopped.
        let _ = wait.await;
        spinner.finish_and_clear();
        Ok(Some(subscribers))
    }

    /// Follows the account's executions, unless nobody wants to know.
    async fn follow_executions(&self, symbols: &[String]) -> Option<Executions> {
        if self.arguments.no_executions || self.arguments.rate == 0 {
            return None;
        }
        let kept_for = self.arguments.timeout();
        let pairing = Rc::new(RefCell::new(Pairing::new(Instant::now(), kept_for)));
        let (ready, wait) = oneshot::channel();
        let (target, token) = (self.stream.clone(), self.token.clone());
        let (symbols, paired) = (symbols.to_vec(), Rc::clone(&pairing));
        let task =
            spawn_local(async move { follow(&target, token.as_deref(), &symbols, &paired, ready).await });
        // Without an answer in time, or refused, it goes on without; the report says so.
        let is_ready = matches!(timeout(self.arguments.timeout(), wait).await, Ok(Ok(())));
        Some(Executions {
            pairing,
            task,
            is_ready,
        })
    }

    /// Opens all connections before the clock starts.
    async fn connect(&self) -> Result<Vec<Connection>, BenchError> {
        let mut connections = Vec::new();
        for _ in 0..self.arguments.connections {
            let opened = Connection::open(&self.target).await;
            connections.push(opened.map_err(|fault| BenchError::Ask {
                what: "a connection",
                url: format!("http://{}", self.target.authority),
                fault,
            })?);
        }
        Ok(connections)
    }

    fn senders(
        &self,
        symbols: &[Symbol],
        start: Instant,
        pairing: Option<Rc<RefCell<Pairing>>>,
    ) -> Result<Rc<Senders>, BenchError> {
        let arguments = self.arguments;
        let length = arguments.warm_up() + arguments.duration();
        let schedule = Schedule::new(start, arguments.rate, length, arguments.timeout(), Alarm::new()?);
        let from = start + arguments.warm_up();
        Ok(Rc::new(Senders {
            target: self.target.clone(),
            schedule,
            load: Load::new(&self.target, self.token.as_deref(), symbols, arguments.fills),
            timeout: arguments.timeout(),
            orders: RefCell::new(Orders::new(from)),
            pairing,
        }))
    }

    /// Sends everything, or waits for as long if there is nothing to send, and shows how far it is.
    async fn load(&self, senders: &Rc<Senders>, connections: Vec<Connection>, start: Instant) {
        let mut tasks = JoinSet::new();
        for connection in connections {
            tasks.spawn_local(Rc::clone(senders).run(connection));
        }
        let length = self.arguments.warm_up() + self.arguments.duration();
        let end = tokio::time::Instant::from_std(start + length);
        let finish = async {
            tokio::time::sleep_until(end).await;
            while tasks.join_next().await.is_some() {}
        };
        tokio::select! {
            () = finish => {}
            () = show(senders, length, start) => {}
        }
    }

    fn report(
        &self,
        symbols: Vec<String>,
        orders: Orders,
        executions: Option<(Latencies, Option<String>)>,
        seen: Seen,
        (from, left_over): (Instant, Option<String>),
    ) -> Report {
        let answered = orders
            .last_answer
            .map(|last| last.saturating_duration_since(from));
        let elapsed = answered.unwrap_or_default().max(self.arguments.duration());
        let (executions, executions_ended) = executions.unzip();
        Report {
            rate: self.arguments.rate,
            elapsed_ns: elapsed.as_nanos(),
            connections: self.arguments.connections,
            symbols,
            orders,
            executions,
            executions_ended: executions_ended.flatten(),
            subscribers: self.arguments.subscribers,
            seen,
            left_over,
        }
    }
}

/// Shows the time that has passed and what was accepted, for as long as somebody waits for it.
async fn show(senders: &Senders, length: Duration, start: Instant) {
    let total = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}");
    let bar = ProgressBar::new(total)
        .with_style(style.expect("it is a template"))
        .with_finish(ProgressFinish::AndClear);
    let mut tick = interval(PROGRESS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        let passed = start.elapsed().as_millis();
        bar.set_position(u64::try_from(passed).unwrap_or(u64::MAX).min(total));
        let (dealt, _) = senders.schedule.progress();
        let orders = senders.orders.borrow();
        bar.set_message(format!(
            "{dealt} orders sent, {} accepted, {} errors",
            orders.accepted,
            orders.errors.total()
        ));
    }
}

/// The stream of the account's executions.
struct Executions {
    pairing: Rc<RefCell<Pairing>>,
    task: JoinHandle<Ended>,
    is_ready: bool,
}

impl Executions {
    /// What was measured, and why that is not everything if it is not.
    async fn end(self) -> (Latencies, Option<String>) {
        let ended = if self.task.is_finished() {
            let ended = self.task.await.expect("following does not panic");
            Some(format!("{} {}", ended.code, ended.reason))
        } else {
            self.task.abort();
            (!self.is_ready).then(|| "no subscription in time".to_owned())
        };
        (self.pairing.borrow().latencies.clone(), ended)
    }
}

/// Takes back what stays open of the account's orders.
struct Tidy {
    target: Target,
    requests: Vec<Vec<u8>>,
}

impl Tidy {
    fn new(test: &Test<'_>, symbols: &[String]) -> Self {
        let requests = symbols.iter().map(|symbol| {
            let path = format!("/api/v1/orders?symbol={symbol}");
            request(&test.target, "DELETE", &path, test.token.as_deref(), None)
        });
        Self {
            target: test.target.clone(),
            requests: requests.collect(),
        }
    }

    /// Again and again, until it is aborted. Where it fails once it may not the next time.
    async fn keep_tidy(self) {
        let mut tick = interval(TIDY_EVERY);
        loop {
            tick.tick().await;
            let _ = self.tidy().await;
        }
    }

    /// Once; an error says why not.
    async fn tidy(&self) -> Result<(), String> {
        let all = timeout(TIDY_TIMEOUT, self.cancel_all()).await;
        all.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    async fn cancel_all(&self) -> Result<(), String> {
        let opened = Connection::open(&self.target).await;
        let mut connection = opened.map_err(|fault| fault.to_string())?;
        for request in &self.requests {
            let answer = connection.ask(request).await.map_err(|fault| fault.to_string())?;
            if answer.status != 200 {
                return Err(format!(
                    "{} {}",
                    answer.status,
                    String::from_utf8_lossy(answer.body)
                ));
            }
        }
        Ok(())
    }
}
