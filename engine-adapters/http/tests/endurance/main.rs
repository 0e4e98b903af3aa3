//! Many clients that misbehave at once, and connections that are lost: what that costs, and that others do not notice.
//!
//! One test at a time: they count what the whole process has open.

#[path = "../server/socket.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod socket;
#[path = "../server/support.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod support;

mod lost_connections;
mod never_read;
mod send_nothing;

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{Mutex, MutexGuard};

use crate::support::Client;

/// Held by the test that runs.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other test runs, and takes as many files as there may be.
async fn alone() -> MutexGuard<'static, ()> {
    let alone = ALONE.lock().await;
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limits.maximum,
        ..limits
    };
    setrlimit(Resource::Nofile, raised).expect("up to its maximum a limit may be raised");
    alone
}

/// Waits until a figure of the server's has a value. Each look is a request of the client's.
async fn until_metric(client: &mut Client, name: &str, is_wanted: impl Fn(u64) -> bool) {
    let mut seen = 0;
    let looking = async {
        while !is_wanted(seen) {
            let metrics = client.get("/metrics").await.text;
            let line = metrics.lines().find_map(|line| line.strip_prefix(name));
            let value = line.and_then(|rest| rest.trim().parse().ok());
            seen = value.expect("the server has this figure");
        }
    };
    let has_come = tokio::time::timeout(Duration::from_secs(60), looking).await;
    assert!(has_come.is_ok(), "{name}is {seen}");
}
