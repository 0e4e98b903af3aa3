//! Connections: accepted, held to time-outs and caps, and let go in order.
//!
//! ```text
//! accept ─→ cap ─→ TLS ─→ HTTP/1.1: each head and each body within its time ─→ Rest
//!                                                      └─→ /ws: a task of its own until it is closed
//! ```

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::UPGRADE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::patient::Patient;
use crate::rest::{Door, Rest};

/// The most header fields of a request.
const HEADERS_MAX: usize = 100;
/// The most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// What the system may hold of a connection that does not read, so that many of them leave it memory. It counts twice as
/// much, its own records included.
const SEND_BUFFER: u32 = 128 << 10;
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4_096;
/// How long to wait before accepting again where the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How connections are held.
#[derive(Clone)]
pub struct ServerConfig {
    /// Where REST is served, and WebSocket at `/ws`.
    pub rest: SocketAddr,
    /// Where WebSocket alone is served, at `/ws`.
    pub ws: Option<SocketAddr>,
    /// The certificate and how it is used; without it connections are plain.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// How many connections there may be; more are closed at once.
    pub connections_max: usize,
    /// How long a connection may take to send the head of its next request, and for TLS before the first.
    pub head_timeout: Duration,
    /// How long a connection may take to read anything of what is written to it.
    pub write_timeout: Duration,
    /// How long requests under way may take when the server is stopped.
    pub drain_timeout: Duration,
}

impl ServerConfig {
    /// Serves at this address, for up to 20,000 connections.
    pub fn new(rest: SocketAddr) -> Self {
        Self {
            rest,
            ws: None,
            tls: None,
            connections_max: 20_000,
            head_timeout: Duration::from_secs(8),
            write_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(4),
        }
    }
}

/// A server whose addresses are taken, and that does not accept anybody yet.
pub struct Server {
    config: ServerConfig,
    rest: Arc<Rest>,
    app: Arc<App>,
    listeners: Vec<(TcpListener, Door)>,
    permits: Arc<Semaphore>,
}

impl Server {
    /// Takes the addresses.
    ///
    /// # Errors
    /// When one cannot be had.
    pub async fn bind(config: ServerConfig, app: Arc<App>, rest: Rest) -> io::Result<Self> {
        let mut listeners = vec![(listen(config.rest)?, Door::All)];
        if let Some(ws) = config.ws {
            listeners.push((listen(ws)?, Door::WebSocket));
        }
        Ok(Self {
            permits: Arc::new(Semaphore::new(config.connections_max)),
            config,
            rest: Arc::new(rest),
            app,
            listeners,
        })
    }

    /// The addresses, with the ports that were free where none was named: REST, then WebSocket.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.listeners
            .iter()
            .map(|(listener, _)| listener.local_addr())
            .collect()
    }

    /// Serves until `draining` is cancelled: then it accepts nobody, lets requests under way end, and returns. WebSocket
    /// clients stay until the application closes them.
    pub async fn run(self, draining: CancellationToken) {
        let Self {
            config,
            rest,
            app,
            listeners,
            permits,
        } = self;
        let tracker = TaskTracker::new();
        let shared = Arc::new(Shared {
            tls: config.tls.clone().map(TlsAcceptor::from),
            head_timeout: config.head_timeout,
            write_timeout: config.write_timeout,
            rest,
            app: Arc::clone(&app),
            draining: draining.clone(),
            connections: tracker.clone(),
        });
        let accepting = listeners.into_iter().map(|(listener, door)| {
            let (shared, permits) = (Arc::clone(&shared), Arc::clone(&permits));
            tokio::spawn(accept(listener, door, shared, permits))
        });
        let accepting: Vec<_> = accepting.collect();
        draining.cancelled().await;
        app.stop();
        for task in accepting {
            let _ = task.await;
        }
        tracker.close();
        if timeout(config.drain_timeout, tracker.wait()).await.is_err() {
            tracing::warn!(connections = tracker.len(), "some requests did not end in time");
        }
    }
}

/// A connection's place among those that there may be. A WebSocket keeps it when HTTP has done with the connection.
pub(crate) type Seat = Arc<OwnedSemaphorePermit>;

/// What every connection needs.
struct Shared {
    tls: Option<TlsAcceptor>,
    head_timeout: Duration,
    write_timeout: Duration,
    rest: Arc<Rest>,
    app: Arc<App>,
    draining: CancellationToken,
    connections: TaskTracker,
}

/// Takes an address. Connections get their buffers from the listener.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, door: Door, shared: Arc<Shared>, permits: Arc<Semaphore>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.draining.cancelled() => return,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&permits).try_acquire_owned().map(Arc::new) else {
            let refused = &shared.app.metrics.connections_refused;
            refused.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let connection = Arc::clone(&shared);
        shared.connections.spawn(async move {
            connection.serve(stream, address, door, permit).await;
        });
    }
}

impl Shared {
    async fn serve(&self, stream: TcpStream, address: SocketAddr, door: Door, seat: Seat) {
        let open = &self.app.metrics.connections;
        open.fetch_add(1, Ordering::Relaxed);
        match &self.tls {
            None => self.serve_plain(stream, address.ip(), door, seat).await,
            Some(tls) => match timeout(self.head_timeout, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.serve_plain(stream, address.ip(), door, seat).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => self.timed_out(),
            },
        }
        open.fetch_sub(1, Ordering::Relaxed);
    }

    fn timed_out(&self) {
        self.app.metrics.time_outs.fetch_add(1, Ordering::Relaxed);
    }

    async fn serve_plain<I>(&self, stream: I, address: IpAddr, door: Door, seat: Seat)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = Patient::new(stream, self.write_timeout);
        let seat = &seat;
        let service = service_fn(|request: Request<Incoming>| async move {
            let mut request = request.map(Body::new);
            if request.headers().contains_key(UPGRADE) {
                request.extensions_mut().insert(Arc::clone(seat));
            }
            Ok::<_, Infallible>(self.rest.answer(request, address, door).await)
        });
        let mut connection = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.head_timeout)
                .max_headers(HEADERS_MAX)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
        );
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.draining.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            if error.is_timeout() {
                self.timed_out();
            }
            tracing::debug!(%error, "a connection ended");
        }
    }
}
