//! What the server tells about itself: lines of a log, and traces where they are configured.

#[cfg(feature = "otel")]
mod collector;

use tokio::runtime::Handle;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt;

use super::failure::ServeError;
use super::options::{LogForm, Options};

/// Log and traces, from the start to the end of a server.
pub(crate) struct Telemetry {
    #[cfg(feature = "otel")]
    traces: Option<collector::Traces>,
}

impl Telemetry {
    /// Begins as configured. Traces are sent by tasks of this runtime.
    pub(crate) fn start(options: &Options, runtime: &Handle) -> Result<Self, ServeError> {
        let level = LevelFilter::from_level(options.log_level);
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match options.log {
            LogForm::Text => lines.with_filter(level).boxed(),
            LogForm::Json => lines.json().with_filter(level).boxed(),
        };
        Self::with(options, runtime, tracing_subscriber::registry().with(lines))
    }

    #[cfg(feature = "otel")]
    fn with(options: &Options, runtime: &Handle, lines: Lines) -> Result<Self, ServeError> {
        let Some(otlp) = &options.otlp else {
            // Only a second subscriber in one process is refused.
            let _ = lines.try_init();
            return Ok(Self { traces: None });
        };
        let (traces, layer) = collector::Traces::start(otlp, runtime)?;
        let _ = lines.with(layer).try_init();
        Ok(Self { traces: Some(traces) })
    }

    #[cfg(not(feature = "otel"))]
    #[expect(
        clippy::unnecessary_wraps,
        reason = "traces may fail to start, where there are any"
    )]
    fn with(_: &Options, _: &Handle, lines: Lines) -> Result<Self, ServeError> {
        let _ = lines.try_init();
        Ok(Self {})
    }

    /// Sends what has not been sent.
    pub(crate) fn end(self) {
        #[cfg(feature = "otel")]
        if let Some(traces) = self.traces {
            traces.end();
        }
    }
}

/// The log of a server.
type Lines = tracing_subscriber::layer::Layered<Box<dyn Layer<Registry> + Send + Sync>, Registry>;
