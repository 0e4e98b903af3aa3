//! Sends the orders when they are due, and takes the time.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::executions::Pairing;
use super::http::{Connection, Fault, text_of};
use super::load::Load;
use super::measured::Orders;
use super::schedule::{Due, Schedule};
use super::target::Target;

/// What all connections share.
pub(crate) struct Senders {
    pub(crate) target: Target,
    pub(crate) schedule: Schedule,
    pub(crate) load: Load,
    pub(crate) timeout: Duration,
    pub(crate) orders: RefCell<Orders>,
    /// Where the executions of orders are waited for, if they are.
    pub(crate) pairing: Option<Rc<RefCell<Pairing>>>,
}

impl Senders {
    /// Sends over one connection, one order at a time, until there are no more.
    pub(crate) async fn run(self: Rc<Self>, connection: Connection) {
        let mut connection = Some(connection);
        while let Some(due) = self.schedule.next().await {
            let sending = self.send(&mut connection, due);
            let outcome = timeout(self.timeout, sending).await;
            if let Err(fault) = outcome.unwrap_or(Err(Fault::Timeout)) {
                connection = None;
                let mut orders = self.orders.borrow_mut();
                orders.unanswered(due.intended, Instant::now(), fault.code());
            }
        }
    }

    async fn send(&self, connection: &mut Option<Connection>, due: Due) -> Result<(), Fault> {
        let sent = Instant::now();
        let open = match connection.take().filter(Connection::is_reusable) {
            Some(open) => open,
            None => Connection::open(&self.target).await?,
        };
        let answer = connection.insert(open).ask(self.load.order(due.number)).await?;
        let answered = Instant::now();
        if answer.status != 202 {
            let code = text_of(answer.body, "error").map_or_else(|| answer.status.to_string(), str::to_owned);
            self.orders.borrow_mut().refused(due.intended, &code);
            return Ok(());
        }
        self.orders.borrow_mut().accepted(due.intended, sent, answered);
        if let Some(pairing) = &self.pairing
            && let Some(order_id) = text_of(answer.body, "order_id")
        {
            pairing.borrow_mut().acked(order_id, due.intended, answered);
        }
        Ok(())
    }

    /// Counts what was never sent, and gives out what was measured.
    pub(crate) fn finish(&self) -> Orders {
        let now = Instant::now();
        let mut orders = self.orders.borrow_mut();
        for due in self.schedule.left() {
            orders.unsent(due.intended, now);
        }
        orders.clone()
    }
}
