//! Traces to a collector, by OTLP over HTTP.
//!
//! ```text
//! span of a request → batches (a thread of the SDK) → POST /v1/traces (a task of the server)
//! ```

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::serve::failure::ServeError;
use crate::serve::options::Otlp;

/// How long a collector may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the last traces may take when the server ends.
const END_TIMEOUT: Duration = Duration::from_secs(2);
/// The most of a collector's answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The traces of a server.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends the spans that the layer is given to the collector at this endpoint.
    pub(super) fn start<S>(
        otlp: &Otlp,
        runtime: &Handle,
    ) -> Result<(Self, impl Layer<S> + Send + Sync + 'static), ServeError>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let client = Collector {
            runtime: runtime.clone(),
            is_reached: AtomicBool::new(true),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", otlp.endpoint.trim_end_matches('/')))
            .build()
            .map_err(|error| ServeError::Traces(error.to_string()))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name("xtrader").build())
            .build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("exchange-server"))
            // Spans of requests, and not what the libraries below them say.
            .with_filter(filter_fn(|of| {
                of.is_span() && of.target().starts_with("engine_http")
            }));
        Ok((Self(provider), layer))
    }

    /// Sends what has not been sent.
    pub(super) fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(END_TIMEOUT) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Where traces are sent to: a connection for each batch, which is one in some seconds.
struct Collector {
    runtime: Handle,
    /// Whether the last batch arrived, so that a collector that is away is told of once.
    is_reached: AtomicBool,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector")
    }
}

type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Collector {
    fn send_bytes<'a, 'sending>(&'a self, request: Request<Bytes>) -> Sending<'sending>
    where
        'a: 'sending,
        Self: 'sending,
    {
        // The SDK's thread knows no tokio, so the work is a task of the server's.
        let sending = async { tokio::time::timeout(ANSWER_TIMEOUT, send(request)).await };
        let sending = self.runtime.spawn(sending);
        Box::pin(async move {
            let sent: Result<_, HttpError> = match sending.await {
                Ok(Ok(sent)) => sent,
                Ok(Err(late)) => Err(late.into()),
                Err(ended) => Err(ended.into()),
            };
            self.note(&sent);
            sent
        })
    }
}

impl Collector {
    fn note(&self, sent: &Result<Response<Bytes>, HttpError>) {
        let trouble = match sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(answer.status().to_string()),
            Err(error) => Some(error.to_string()),
        };
        let was_reached = self.is_reached.swap(trouble.is_none(), Ordering::Relaxed);
        match trouble {
            Some(trouble) if was_reached => {
                tracing::warn!(trouble, "traces do not reach their collector and are lost");
            }
            None if !was_reached => tracing::info!("traces reach their collector again"),
            _ => {}
        }
    }
}

async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().cloned();
    let authority = authority.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map_or(hyper::Uri::from_static("/"), hyper::Uri::from);
    parts
        .headers
        .insert(HOST, HeaderValue::from_str(authority.as_str())?);
    let host = authority.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = hyper::Request::from_parts(parts, Full::new(body));
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(parts, body))
}
