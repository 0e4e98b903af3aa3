//! A whole exchange in this process, and clients that know nothing of it but the protocol.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use engine_core::{
    AccountId, AccountsConfig, Amount, AssetId, Command, EngineConfig, Event, OrderIds, Timestamp, Transfer,
};
use engine_http::hub::{CloseReason, Hub, HubOptions};
use engine_http::identity::{HashCost, Identity, IdentityOptions, Tier};
use engine_http::limits::{Limits, LimitsOptions};
use engine_http::views::{Feed, Views, ViewsConfig, ViewsError};
use engine_http::{App, AppConfig, Auth, Fanout, Rest, Server, ServerConfig, asset_specs};
use engine_runtime::{Durability, Runtime, RuntimeBuilder, RuntimeConfig};
use engine_wire::{Symbols, read_spec};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const SYMBOLS: [&str; 2] = [
    r#"{"symbol":"BTC-KRW","tick":1000,"lot":0.00000001,"min_notional":5000,"maker_fee_bps":2,"taker_fee_bps":5,"price_band_bps":5000}"#,
    r#"{"symbol":"X","tick":0.01,"lot":0.1}"#,
];

/// How a test wants its exchange.
pub(crate) struct Wish {
    pub(crate) is_demo: bool,
    pub(crate) limits: LimitsOptions,
    pub(crate) head_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) connections_max: usize,
    pub(crate) queue_max: usize,
    pub(crate) origins: Vec<String>,
    pub(crate) hub: HubOptions,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            is_demo: true,
            limits: LimitsOptions {
                enabled: false,
                ..LimitsOptions::default()
            },
            // A test on a busy machine may leave a connection alone for long.
            head_timeout: Duration::from_secs(120),
            write_timeout: Duration::from_secs(120),
            connections_max: 1_000,
            queue_max: 65_536,
            origins: Vec::new(),
            hub: HubOptions::default(),
        }
    }
}

impl Wish {
    /// Tokens are required.
    pub(crate) fn with_tokens() -> Self {
        Self {
            is_demo: false,
            ..Self::default()
        }
    }
}

/// An exchange that runs.
pub(crate) struct Exchange {
    pub(crate) rest: SocketAddr,
    pub(crate) ws: SocketAddr,
    pub(crate) identity: Arc<Identity>,
    pub(crate) hub: Arc<Hub>,
    runtime: Option<Runtime>,
    threads: Vec<JoinHandle<Result<(), ViewsError>>>,
    draining: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
    _directory: tempfile::TempDir,
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.expect("it is after 1970").as_millis();
    Timestamp::from_millis(u64::try_from(millis).expect("soon")).expect("before 2554")
}

fn list(runtime: &Runtime, views: &Views) {
    let mut symbols = Symbols::new();
    let mut commands = Vec::new();
    for text in SYMBOLS {
        let spec = read_spec(text, &mut symbols).expect("a symbol");
        for asset in asset_specs(&symbols, &spec) {
            symbols.add_asset(&asset).expect("a new one");
            commands.push(Command::AddAsset(Box::new(asset)));
        }
        symbols.list(&spec).expect("a new one");
        commands.push(Command::List(Box::new(spec)));
    }
    views.set_symbols(symbols);
    for command in commands {
        run(runtime, command);
    }
}

/// What requests are answered from.
fn app(
    wish: &Wish,
    runtime: &Runtime,
    views: Arc<Views>,
    hub: &Arc<Hub>,
    identity: &Arc<Identity>,
) -> Arc<App> {
    let auth = match wish.is_demo {
        true => Auth::Demo(identity.ensure("demo", Tier::Free, now()).expect("a name")),
        false => Auth::Required,
    };
    let config = AppConfig {
        origins: wish.origins.clone(),
        ..AppConfig::new(auth)
    };
    let limits = Limits::new(&wish.limits).expect("rates that can be");
    let (hub, identity) = (Arc::clone(hub), Arc::clone(identity));
    Arc::new(App::new(
        config,
        runtime.handle().clone(),
        views,
        hub,
        identity,
        limits,
    ))
}

/// Carries out a command that must be taken.
fn run(runtime: &Runtime, command: Command) {
    let ticket = runtime.handle().submit(command).expect("the queue is empty");
    let answer = ticket.wait().expect("it is answered");
    let is_refused = |event: &Event| matches!(event, Event::Rejected { .. });
    assert!(!answer.events().iter().any(is_refused), "{:?}", answer.events());
}

impl Exchange {
    pub(crate) async fn start(wish: Wish) -> Self {
        let ids = OrderIds::Chosen { hash_seed: 1 };
        let config = RuntimeConfig {
            durability: Durability::Memory,
            engine: EngineConfig {
                ids,
                accounts: Some(AccountsConfig::default()),
                ..EngineConfig::default()
            },
            names_orders: true,
            queue_max: wish.queue_max,
            keys_max: 10_000,
            projections: Some(Views::projections_config(ids, 100, 100_000)),
            ..RuntimeConfig::default()
        };
        let (runtime, recovered) = RuntimeBuilder::new(config).in_memory().expect("it starts");
        let projections = recovered.projections.expect("they are configured");
        let views = Views::open(ViewsConfig::default(), projections, Symbols::new());
        let views = Arc::new(views.expect("memory is there"));
        let hub = Hub::new(wish.hub.clone());
        let feed = Feed::new(Arc::clone(&views), Fanout::new(Arc::clone(&hub)), Instant::now());
        let events = runtime.handle().subscribe_from(views.seq().next());
        let archive = Arc::clone(&views);
        let threads = vec![
            std::thread::spawn(move || feed.run(events)),
            std::thread::spawn(move || archive.run_archive()),
        ];
        list(&runtime, &views);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let options = IdentityOptions {
            hash_cost: HashCost {
                memory_kib: 8,
                passes: 1,
                lanes: 1,
            },
            ..IdentityOptions::default()
        };
        let identity = Arc::new(Identity::open(directory.path(), options, now()).expect("a new store"));
        let app = app(&wish, &runtime, views, &hub, &identity);
        app.fund_demo().await;
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        app.fund_demo().await;
        let server_config = ServerConfig {
            ws: Some(loopback),
            head_timeout: wish.head_timeout,
            write_timeout: wish.write_timeout,
            connections_max: wish.connections_max,
            ..ServerConfig::new(loopback)
        };
        let rest = Rest::new(Arc::clone(&app), axum::Router::new());
        let server = Server::bind(server_config, app, rest).await.expect("a free port");
        let addresses = server.addresses().expect("they are known");
        let draining = CancellationToken::new();
        Self {
            rest: addresses[0],
            ws: addresses[1],
            identity,
            hub,
            runtime: Some(runtime),
            threads,
            serving: tokio::spawn(server.run(draining.clone())),
            draining,
            _directory: directory,
        }
    }

    /// Ends it as a signal does.
    pub(crate) async fn stop(mut self) {
        self.draining.cancel();
        (&mut self.serving).await.expect("nothing panics");
        let runtime = self.runtime.take().expect("it is stopped once");
        let threads = std::mem::take(&mut self.threads);
        let ended = tokio::task::spawn_blocking(move || {
            runtime.stop().expect("nothing fails in memory");
            for thread in threads {
                thread.join().expect("nothing panics").expect("nothing fails");
            }
        });
        ended.await.expect("nothing panics");
        self.hub.close_all(CloseReason::GoingAway);
    }

    /// A user with a token and a million of everything.
    pub(crate) fn user(&self, name: &str) -> (AccountId, String) {
        let (account, token) = self.poor_user(name);
        let runtime = self.runtime.as_ref().expect("it runs");
        for asset in 0..4 {
            let gift = Transfer {
                account,
                asset: AssetId::new(asset),
                amount: Amount::new(1_000_000 * 100_000_000),
                key: None,
            };
            run(runtime, Command::Deposit(gift));
        }
        (account, token)
    }

    /// A user with a token and nothing else.
    pub(crate) fn poor_user(&self, name: &str) -> (AccountId, String) {
        let grant = self.identity.register(name, "correct horse", now());
        let grant = grant.expect("a new name");
        (grant.account, grant.access_token.expose().to_owned())
    }

    /// A user's token that was good until an hour ago.
    pub(crate) fn stale_token(&self, name: &str) -> String {
        let then = now().millis() - 75 * 60 * 1_000;
        let then = Timestamp::from_millis(then).expect("it was after 1970");
        let grant = self.identity.register(name, "correct horse", then);
        grant.expect("a new name").access_token.expose().to_owned()
    }

    /// An administrator with a token.
    pub(crate) fn admin(&self) -> String {
        let (account, token) = self.user("root-user");
        self.identity.set_tier(account, Tier::Admin).expect("it is there");
        token
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.rest).await
    }
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    /// The code of an error that has the form that every error has.
    pub(crate) fn error(&self) -> String {
        let json = self.json();
        let fields: Vec<_> = json.as_object().expect("an object").keys().collect();
        assert_eq!(fields, ["error", "message", "request_id"], "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert_eq!(
            json["request_id"].as_str(),
            self.header("x-request-id"),
            "{self:?}"
        );
        assert!(!json["message"].as_str().expect("a text").is_empty());
        json["error"].as_str().expect("a text").to_owned()
    }
}

/// A client on one connection that stays.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    pub(crate) token: Option<String>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("it is a socket");
        Self {
            stream,
            buffer: Vec::new(),
            token: None,
        }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub(crate) async fn delete(&mut self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Answer {
        self.send(
            "POST",
            path,
            &[("content-type", "application/json")],
            Some(body.as_bytes()),
        )
        .await
    }

    pub(crate) async fn patch(&mut self, path: &str, body: &str) -> Answer {
        self.send(
            "PATCH",
            path,
            &[("content-type", "application/json")],
            Some(body.as_bytes()),
        )
        .await
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(token) = &self.token {
            request.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        if let Some(body) = body {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body.unwrap_or_default());
        self.write(&bytes).await;
        self.answer().await.expect("the server answers")
    }

    /// The answer to a question; `None` where the server closes instead.
    pub(crate) async fn asked(&mut self, path: &str) -> Option<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        self.write(request.as_bytes()).await;
        self.answer().await
    }

    fn host(&self) -> String {
        self.stream.peer_addr().expect("it is connected").to_string()
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        // A server that has had enough may close while it is written to.
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next answer; `None` when the server has closed the connection.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head = String::from_utf8(self.buffer[..head_end].to_vec()).expect("a head is text");
        let status = head[9..12].parse().expect("a status");
        let mut answer = Answer {
            status,
            head,
            text: String::new(),
        };
        let length: usize = answer
            .header("content-length")
            .map_or(0, |length| length.parse().expect("a length"));
        while self.buffer.len() < head_end + length {
            self.fill().await?;
        }
        answer.text = String::from_utf8(self.buffer[head_end..head_end + length].to_vec()).expect("UTF-8");
        self.buffer.drain(..head_end + length);
        Some(answer)
    }

    async fn fill(&mut self) -> Option<()> {
        let mut chunk = [0; 8_192];
        let read = self.stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        self.buffer.extend_from_slice(&chunk[..read]);
        Some(())
    }

    /// Waits until the server closes.
    pub(crate) async fn closed(&mut self) {
        while self.fill().await.is_some() {}
    }
}

/// A limit order.
pub(crate) fn order(side: &str, price: &str, quantity: &str) -> String {
    format!(r#"{{"symbol":"X","side":"{side}","order_type":"Limit","price":{price},"quantity":{quantity}}}"#)
}

/// Waits for something that must come.
pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what)
        .await
        .expect("what is waited for comes")
}
