//! All that requests are answered from.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine_core::{AccountId, SelfTrade, Timestamp};
use engine_runtime::Handle;
use engine_wire::Object;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::hub::Hub;
use crate::identity::Identity;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::rest::idempotency::Idempotency;
use crate::views::Views;

/// How a request without a token is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// It acts for this account. Only where nobody else can reach the server.
    Demo(AccountId),
    /// It may see what is public.
    Required,
}

/// What the owner of a server decides about answers.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// How a request without a token is seen.
    pub auth: Auth,
    /// Whether new accounts get demo funds, and anybody may deposit to his own account.
    pub is_demo: bool,
    /// What an order does instead of trading with its own account, unless it says.
    pub self_trade: SelfTrade,
    /// How many passwords may be hashed at a time.
    pub logins_max: usize,
    /// What of the market is not real.
    pub simulated: Simulated,
    /// One request in so many has a `tracing` span; none, where nobody takes them.
    pub trace_one_in: Option<NonZeroU64>,
    /// The origins that browsers may call from; none, and CORS is off.
    pub origins: Vec<String>,
}

/// What of the market is not real, so that nobody takes it for a market of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Simulated {
    /// Everything before this moment is a simulated past.
    pub past_until: Option<Timestamp>,
    /// Simulated traders trade.
    pub traders: bool,
}

impl Simulated {
    /// Writes what is simulated as an object, with null for a past that there is not.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        match self.past_until {
            Some(until) => object.integer("past_until", until.millis()),
            None => object.null("past_until"),
        }
        object.boolean("traders", self.traders);
        object.end();
    }
}

impl AppConfig {
    /// Nothing but what is configured: tokens are required and there are no demo funds.
    pub fn new(auth: Auth) -> Self {
        Self {
            auth,
            is_demo: matches!(auth, Auth::Demo(_)),
            self_trade: SelfTrade::CancelNewest,
            logins_max: 2,
            simulated: Simulated::default(),
            trace_one_in: None,
            origins: Vec::new(),
        }
    }
}

/// All that requests are answered from.
pub struct App {
    pub(crate) config: AppConfig,
    pub(crate) engine: Handle,
    pub(crate) views: Arc<Views>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) idempotency: Idempotency,
    /// How many passwords may be hashed now.
    pub(crate) logins: Semaphore,
    /// Held while an instrument is listed: its number must be the next one.
    pub(crate) listing: tokio::sync::Mutex<()>,
    /// The WebSocket clients.
    pub(crate) clients: TaskTracker,
    is_stopping: AtomicBool,
}

impl App {
    /// Puts the parts together.
    pub fn new(
        config: AppConfig,
        engine: Handle,
        views: Arc<Views>,
        hub: Arc<Hub>,
        identity: Arc<Identity>,
        limits: Limits,
    ) -> Self {
        Self {
            logins: Semaphore::new(config.logins_max.max(1)),
            config,
            engine,
            views,
            hub,
            identity,
            limits,
            metrics: Metrics::default(),
            idempotency: Idempotency::default(),
            listing: tokio::sync::Mutex::default(),
            clients: TaskTracker::new(),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// Gives the demo account what every new account begins with, if it has nothing yet.
    pub async fn fund_demo(&self) {
        if let Auth::Demo(account) = self.config.auth
            && let Err(failure) = crate::rest::welcome(self, account).await
        {
            tracing::error!(?failure, "the demo account has no funds");
        }
    }

    /// Waits until the WebSocket clients are gone, but not longer than this.
    pub async fn wait_closed(&self, longest: Duration) {
        self.clients.close();
        if tokio::time::timeout(longest, self.clients.wait()).await.is_err() {
            tracing::warn!(
                clients = self.clients.len(),
                "some clients did not take the close"
            );
        }
    }

    /// The time, for tokens and limits. Engine time is the runtime's own.
    pub(crate) fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Waits until whoever asks now sees everything that anybody has been answered.
    pub(crate) async fn catch_up(&self) {
        self.views.wait_for(self.engine.released_through()).await;
    }

    /// From now on the server says that it is not ready.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}
