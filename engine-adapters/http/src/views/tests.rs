//! The views, fed by an engine as the runtime feeds them.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine_core::data::{Interval, Projections};
use engine_core::{
    AccountId, Cancel, ClientOrderId, Command, Engine, EngineConfig, Event, EventBatch, InstrumentId,
    InstrumentSpec, OrderId, OrderIds, OrderRef, Place, Price, Qty, Seq, Sequenced, Side, TimeInForce,
    Timestamp,
};
use engine_wire::Symbols;
use rust_decimal::Decimal;

use super::*;

const X: InstrumentId = InstrumentId::new(0);
const START_NS: u64 = 1_682_854_500_000_000_000;

/// What was published, and what is wanted.
#[derive(Clone, Default)]
struct Recorder(Rc<RefCell<Record>>);

#[derive(Default)]
struct Record {
    wanted: HashSet<PublicTopic>,
    wanted_accounts: HashSet<AccountId>,
    messages: Vec<String>,
}

impl Outlet for Recorder {
    fn list(&mut self, _: InstrumentId, symbol: &str, _: Seq) {
        assert_eq!(symbol, "X");
    }

    fn reach(&mut self, _: Seq) {}

    fn wants(&self, topic: PublicTopic) -> bool {
        self.0.borrow().wanted.contains(&topic)
    }

    fn publish(&mut self, _: PublicTopic, _: Kind, _: Seq, message: &[u8]) {
        let message = String::from_utf8(message.to_vec()).expect("messages are UTF-8");
        self.0.borrow_mut().messages.push(message);
    }

    fn wants_account(&self, account: AccountId) -> bool {
        self.0.borrow().wanted_accounts.contains(&account)
    }

    fn publish_account(&mut self, account: AccountId, _: PrivateChannel, _: Seq, message: &[u8]) {
        let message = String::from_utf8(message.to_vec()).expect("messages are UTF-8");
        self.0.borrow_mut().messages.push(format!("{account}: {message}"));
    }
}

struct Stage {
    engine: Engine,
    views: Arc<Views>,
    feed: Feed<Recorder>,
    recorder: Recorder,
    seq: u64,
    time_ns: u64,
    now: Instant,
}

fn symbols() -> Symbols {
    let mut symbols = Symbols::new();
    let spec = InstrumentSpec::builder("X", Decimal::new(1, 2), Decimal::new(1, 1))
        .fees_ppm(200, 500)
        .build()
        .expect("a valid spec");
    symbols.list(&spec).expect("a new symbol");
    symbols
}

fn config() -> EngineConfig {
    EngineConfig {
        ids: OrderIds::Chosen { hash_seed: 1 },
        ..EngineConfig::default()
    }
}

fn views(config: ViewsConfig) -> Arc<Views> {
    let ids = OrderIds::Chosen { hash_seed: 1 };
    let projections = Projections::new(Views::projections_config(ids, 100, 10_000));
    Arc::new(Views::open(config, projections, symbols()).expect("a new archive"))
}

impl Stage {
    fn new() -> Self {
        Self::with(ViewsConfig::default())
    }

    fn with(views_config: ViewsConfig) -> Self {
        let views = views(views_config);
        let (recorder, now) = (Recorder::default(), Instant::now());
        let feed = Feed::new(Arc::clone(&views), recorder.clone(), now);
        let mut stage = Self {
            engine: Engine::new(config()),
            views,
            feed,
            recorder,
            seq: 0,
            time_ns: START_NS,
            now,
        };
        let spec = symbols().spec(X).expect("it is listed").clone();
        stage.run(Command::List(Box::new(spec)));
        // How an instrument begins is told at once; what comes after is not held back by that.
        stage.now += Duration::from_secs(10);
        stage
    }

    fn want(&self, channel: PublicChannel) {
        let topic = PublicTopic {
            channel,
            instrument: X,
        };
        self.recorder.0.borrow_mut().wanted.insert(topic);
    }

    fn messages(&self) -> Vec<String> {
        std::mem::take(&mut self.recorder.0.borrow_mut().messages)
    }

    fn pass(&mut self, time: Duration) {
        self.time_ns += u64::try_from(time.as_nanos()).expect("a short time");
        self.now += time;
    }

    fn run(&mut self, command: Command) -> Vec<Event> {
        self.seq += 1;
        let (seq, time) = (Seq::new(self.seq), Timestamp::from_nanos(self.time_ns));
        let mut events = Vec::new();
        let sequenced = Sequenced {
            seq,
            time,
            value: command,
        };
        self.engine.apply(&sequenced, &mut events).expect("no gap");
        let batch = EventBatch {
            seq,
            time,
            events: &events,
        };
        self.feed
            .take(std::iter::once(batch), self.now)
            .expect("events of one engine");
        events
    }

    fn place(&mut self, account: u64, side: Side, price: i64, quantity: u64) -> OrderId {
        let id = OrderId::new(self.seq + 1);
        self.run(Command::Place(Place {
            account: AccountId::new(account),
            ..Place::limit(X, id, side, Price::new(price), Qty::new(quantity))
        }));
        id
    }

    fn order(&self, account: u64, order: OrderId) -> Option<String> {
        let json = self
            .views
            .order(id(account), order)
            .expect("the archive is there");
        json.map(|json| String::from_utf8(json.into()).expect("JSON is UTF-8"))
    }

    fn orders(&self, account: u64, filter: OrderFilter, limit: usize, before: Option<u64>) -> String {
        let mut out = Vec::new();
        let page = OrdersPage {
            account: id(account),
            instrument: None,
            limit,
        };
        self.views
            .write_orders(&page, filter, before, &mut out)
            .expect("the archive is there");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    /// Writes everything that has closed into the store.
    fn archive(self) -> Arc<Views> {
        self.feed.end();
        self.views.run_archive().expect("the store can be written");
        self.views
    }
}

fn id(account: u64) -> AccountId {
    AccountId::new(account).expect("accounts begin at 1")
}

fn ids_in(json: &str) -> Vec<&str> {
    let parts = json.split("\"order_id\":\"").skip(1);
    parts
        .map(|part| part.split('"').next().expect("it has an end"))
        .collect()
}

#[test]
fn an_order_is_there_while_it_is_open_when_it_is_over_and_when_it_is_archived() {
    let mut stage = Stage::new();
    let maker = stage.place(7, Side::Sell, 1_000, 30);
    let open = stage.order(7, maker).expect("it was accepted");
    assert_eq!(
        open,
        r#"{"order_id":"2","client_order_id":null,"symbol":"X","side":"Sell","order_type":"Limit","time_in_force":"GTC","price":10,"quantity":3,"filled_quantity":0,"remaining_quantity":3,"average_price":null,"status":"Pending","fee":0,"created_at":1682854500000,"updated_at":1682854500000}"#
    );
    stage.place(8, Side::Buy, 1_000, 10);
    let partly = stage.order(7, maker).expect("it rests");
    assert!(
        partly.contains(r#""status":"PartiallyFilled","fee":0.002"#),
        "{partly}"
    );
    let taker = stage.place(8, Side::Buy, 1_005, 20);
    let filled = stage.order(7, maker).expect("it has traded");
    assert!(
        filled.contains(r#""average_price":10,"status":"Filled","fee":0.006"#),
        "{filled}"
    );
    assert_eq!(
        stage.order(8, maker),
        None,
        "another account's order is not there"
    );
    let views = stage.archive();
    let archived = views.order(id(7), maker).expect("the store can be read");
    assert_eq!(
        archived.as_deref(),
        Some(filled.as_bytes()),
        "the same from the store"
    );
    assert_eq!(views.order(id(8), maker).expect("the store can be read"), None);
    assert!(
        views
            .order(id(8), taker)
            .expect("the store can be read")
            .is_some()
    );
}

#[test]
fn a_store_says_up_to_where_it_is_complete_and_goes_on_from_there() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = ViewsConfig {
        archive: Some(directory.path().join("orders.redb")),
        ..ViewsConfig::default()
    };
    let mut stage = Stage::with(config.clone());
    let maker = stage.place(7, Side::Sell, 1_000, 10);
    stage.place(8, Side::Buy, 1_000, 10);
    let last = Seq::new(stage.seq);
    drop(stage.archive());
    let again = views(config);
    assert_eq!(again.archived().expect("it can be read"), last);
    assert!(again.order(id(7), maker).expect("it can be read").is_some());
    let mut fills = Vec::new();
    let page = OrdersPage {
        account: id(7),
        instrument: None,
        limit: 10,
    };
    again
        .write_history(&page, None, &mut fills)
        .expect("it can be read");
    let fills = String::from_utf8(fills).expect("JSON is UTF-8");
    assert_eq!(
        fills,
        r#"{"fills":[{"exec_id":"3-1","order_id":"2","symbol":"X","side":"Sell","price":10,"quantity":1,"fee":0.002,"liquidity":"Maker","timestamp":1682854500000}],"next_cursor":null}"#
    );
}

#[test]
fn a_fee_counts_fills_from_before_a_restart() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = ViewsConfig {
        archive: Some(directory.path().join("orders.redb")),
        ..ViewsConfig::default()
    };
    let mut stage = Stage::with(config.clone());
    let maker = stage.place(7, Side::Sell, 1_000, 30);
    stage.place(8, Side::Buy, 1_000, 10);
    let image = engine_core::data::Projection::image(&stage.views.core().projections);
    let (engine, seq) = (stage.engine.clone_by_snapshot(), stage.seq);
    drop(stage.archive());
    let projections = engine_core::data::Projection::restore(image).expect("an image of a stream");
    let views = Arc::new(Views::open(config, projections, symbols()).expect("the archive is there"));
    let now = Instant::now();
    let mut stage = Stage {
        engine,
        feed: Feed::new(Arc::clone(&views), Recorder::default(), now),
        views,
        recorder: Recorder::default(),
        seq,
        time_ns: START_NS + 1,
        now,
    };
    let before = stage.order(7, maker).expect("it is open");
    assert!(before.contains(r#""fee":0.002"#), "{before}");
    stage.place(8, Side::Buy, 1_000, 10);
    let after = stage.order(7, maker).expect("it is open");
    assert!(after.contains(r#""fee":0.004"#), "{after}");
    stage.place(8, Side::Buy, 1_000, 10);
    let over = stage.order(7, maker).expect("it is over");
    assert!(over.contains(r#""status":"Filled","fee":0.006"#), "{over}");
}

trait CloneBySnapshot: Sized {
    fn clone_by_snapshot(&self) -> Self;
}

impl CloneBySnapshot for Engine {
    fn clone_by_snapshot(&self) -> Self {
        Self::restore(&self.snapshot()).expect("a snapshot of an engine")
    }
}

#[test]
fn fills_that_a_crash_has_taken_from_the_store_are_filled_in_from_the_events() {
    let mut stage = Stage::new();
    stage.place(7, Side::Sell, 1_000, 10);
    let events = stage.run(Command::Place(Place {
        account: AccountId::new(8),
        ..Place::limit(X, OrderId::new(3), Side::Buy, Price::new(1_000), Qty::new(10))
    }));
    let image = engine_core::data::Projection::image(&stage.views.core().projections);
    let projections = engine_core::data::Projection::restore(image).expect("an image of a stream");
    let views = Views::open(ViewsConfig::default(), projections, symbols()).expect("a new archive");
    let batch = EventBatch {
        seq: Seq::new(3),
        time: Timestamp::from_nanos(START_NS),
        events: &events,
    };
    views.refill(std::iter::once(batch));
    let mut out = Vec::new();
    let found = views.write_fills_of(id(8), OrderId::new(3), &mut out);
    assert_eq!(
        found.expect("the archive is there"),
        None,
        "its state is not handed on yet"
    );
    let mut page = Vec::new();
    let history = OrdersPage {
        account: id(8),
        instrument: None,
        limit: 10,
    };
    views
        .write_history(&history, None, &mut page)
        .expect("the archive is there");
    assert!(String::from_utf8_lossy(&page).contains(r#""exec_id":"3-1""#));
}

#[test]
fn pages_go_back_without_a_gap_over_open_and_closed_orders() {
    let mut stage = Stage::new();
    for price in [900, 1_000, 901, 1_001, 902] {
        stage.place(7, Side::Buy, price, 10);
    }
    stage.place(8, Side::Sell, 1_000, 20);
    let all = stage.orders(7, OrderFilter::All, 10, None);
    assert_eq!(ids_in(&all), ["6", "5", "4", "3", "2"]);
    assert!(all.ends_with(r#""next_cursor":null}"#), "{all}");
    let first = stage.orders(7, OrderFilter::All, 2, None);
    assert_eq!(ids_in(&first), ["6", "5"]);
    assert!(first.ends_with(r#""next_cursor":"5"}"#), "{first}");
    let second = stage.orders(7, OrderFilter::All, 2, Some(5));
    assert_eq!(ids_in(&second), ["4", "3"]);
    assert_eq!(
        ids_in(&stage.orders(7, OrderFilter::Open, 10, None)),
        ["6", "4", "2"]
    );
    assert_eq!(
        ids_in(&stage.orders(7, OrderFilter::Closed, 10, None)),
        ["5", "3"]
    );
}

#[test]
fn an_order_is_found_by_its_name_open_closed_and_archived() {
    let mut stage = Stage::new();
    let name = ClientOrderId::new("mine-1").expect("a valid name");
    stage.run(Command::Place(Place {
        account: AccountId::new(7),
        client_id: Some(name),
        ..Place::limit(X, OrderId::new(2), Side::Buy, Price::new(5), Qty::new(1))
    }));
    let found = |views: &Views| views.named(id(7), &name).expect("the archive is there");
    assert_eq!(found(&stage.views), Some(OrderId::new(2)));
    stage.run(Command::Cancel(Cancel {
        order: OrderRef::Id(OrderId::new(2)),
        account: AccountId::new(7),
    }));
    assert_eq!(found(&stage.views), Some(OrderId::new(2)));
    assert_eq!(
        stage
            .views
            .is_closed(id(7), OrderId::new(2))
            .expect("it can be read"),
        Some(true)
    );
    assert_eq!(found(&stage.archive()), Some(OrderId::new(2)));
}

#[test]
fn a_trade_is_told_to_everybody_without_accounts_and_to_its_owners_with_what_is_left() {
    let mut stage = Stage::new();
    stage.want(PublicChannel::Executions);
    stage.recorder.0.borrow_mut().wanted_accounts.insert(id(8));
    stage.place(7, Side::Sell, 1_000, 10);
    stage.place(7, Side::Sell, 1_010, 10);
    assert_eq!(
        stage.messages(),
        Vec::<String>::new(),
        "account 7 does not listen"
    );
    stage.place(8, Side::Buy, 1_010, 25);
    assert_eq!(
        stage.messages(),
        [
            r#"{"type":"Execution","symbol":"X","exec_id":"4-1","order_id":"4","side":"Buy","price":10,"quantity":1,"fee":0.005,"timestamp":1682854500000,"sequence":4}"#,
            r#"{"type":"Execution","symbol":"X","exec_id":"4-2","order_id":"4","side":"Buy","price":10.1,"quantity":1,"fee":0.00505,"timestamp":1682854500000,"sequence":4}"#,
            r#"8: {"type":"Execution","execution_report":{"exec_id":"4-1","order_id":"4","symbol":"X","side":"Buy","price":10,"quantity":1,"remaining_quantity":1.5,"fee":0.005,"liquidity":"Taker","timestamp":1682854500000},"order_status":"PartiallyFilled"}"#,
            r#"8: {"type":"Execution","execution_report":{"exec_id":"4-2","order_id":"4","symbol":"X","side":"Buy","price":10.1,"quantity":1,"remaining_quantity":0.5,"fee":0.00505,"liquidity":"Taker","timestamp":1682854500000},"order_status":"PartiallyFilled"}"#,
            r#"8: {"type":"OrderUpdate","order":{"order_id":"4","client_order_id":null,"symbol":"X","side":"Buy","order_type":"Limit","time_in_force":"GTC","price":10.1,"quantity":2.5,"filled_quantity":2,"remaining_quantity":0.5,"average_price":10.05,"status":"PartiallyFilled","fee":0.01005,"created_at":1682854500000,"updated_at":1682854500000},"reason":"Partially filled"}"#,
        ]
    );
}

#[test]
fn every_change_of_a_level_is_told_without_a_gap() {
    let mut stage = Stage::new();
    stage.want(PublicChannel::Depth);
    let first = stage.place(7, Side::Sell, 1_000, 10);
    stage.place(7, Side::Buy, 990, 10);
    stage.run(Command::Tick);
    stage.run(Command::Cancel(Cancel {
        order: OrderRef::Id(first),
        account: None,
    }));
    let messages = stage.messages();
    let expected = [
        r#""first_sequence":1,"last_sequence":2,"bids":[],"asks":[[10,1]]"#,
        r#""first_sequence":3,"last_sequence":3,"bids":[[9.9,1]],"asks":[]"#,
        r#""first_sequence":4,"last_sequence":5,"bids":[],"asks":[[10,0]]"#,
    ];
    assert_eq!(messages.len(), expected.len(), "{messages:?}");
    for (message, expected) in messages.iter().zip(expected) {
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn the_book_is_sent_at_most_every_50_ms_and_then_as_it_is() {
    let mut stage = Stage::new();
    stage.want(PublicChannel::OrderBook);
    stage.place(7, Side::Sell, 1_000, 10);
    assert_eq!(stage.messages().len(), 1, "the first change at once");
    stage.place(7, Side::Sell, 1_001, 10);
    stage.place(7, Side::Sell, 1_002, 10);
    assert_eq!(stage.messages(), Vec::<String>::new());
    let early = stage.now + Duration::from_millis(49);
    let next = stage
        .feed
        .wake(early)
        .expect("nothing can fail")
        .expect("a message is due");
    assert_eq!(
        next.min(early + Duration::from_millis(1)),
        early + Duration::from_millis(1)
    );
    assert_eq!(stage.messages(), Vec::<String>::new());
    stage
        .feed
        .wake(early + Duration::from_millis(1))
        .expect("nothing can fail");
    let sent = stage.messages();
    assert_eq!(sent.len(), 1);
    assert!(
        sent[0].contains(r#""asks":[[10,1],[10.01,1],[10.02,1]]"#),
        "{sent:?}"
    );
    stage
        .feed
        .wake(early + Duration::from_secs(9))
        .expect("nothing can fail");
    assert_eq!(
        stage.messages(),
        Vec::<String>::new(),
        "nothing has changed since"
    );
}

#[test]
fn statistics_are_sent_at_most_once_a_second() {
    let mut stage = Stage::new();
    stage.want(PublicChannel::Statistics);
    stage.place(7, Side::Sell, 1_000, 10);
    stage.messages();
    stage.pass(Duration::from_millis(999));
    stage.place(8, Side::Buy, 1_000, 5);
    assert_eq!(stage.messages(), Vec::<String>::new());
    stage.pass(Duration::from_millis(1));
    stage.feed.wake(stage.now).expect("nothing can fail");
    let sent = stage.messages();
    assert_eq!(sent.len(), 1);
    let expected = r#""last_price":10,"price_change_24h":0,"volume_24h":0.5,"quote_volume_24h":5,"high_24h":10,"low_24h":10,"open_24h":10,"vwap_24h":10,"trade_count_24h":1,"best_bid":null,"best_ask":10"#;
    assert!(sent[0].contains(expected), "{sent:?}");
}

#[test]
fn the_end_of_a_candle_is_always_told() {
    let mut stage = Stage::new();
    stage.want(PublicChannel::Candles(Interval::M5));
    stage.place(7, Side::Sell, 1_000, 10);
    stage.place(8, Side::Buy, 1_000, 4);
    let open = stage.messages();
    assert_eq!(open.len(), 1);
    assert!(
        open[0].contains(r#""trade_count":1},"is_closed":false"#),
        "{open:?}"
    );
    stage.place(8, Side::Buy, 1_000, 2);
    stage.pass(Duration::from_secs(300));
    stage.run(Command::Tick);
    let sent = stage.messages();
    let closed: Vec<_> = sent
        .iter()
        .filter(|message| message.contains("\"is_closed\":true"))
        .collect();
    assert_eq!(closed.len(), 1, "{sent:?}");
    let expected = r#""interval":"5m","candle":{"open_time":1682854500000,"close_time":1682854800000,"open":10,"high":10,"low":10,"close":10,"volume":0.6,"trade_count":2}"#;
    assert!(closed[0].contains(expected), "{closed:?}");
}

#[test]
fn a_market_order_that_finds_nothing_says_why_it_is_over() {
    let mut stage = Stage::new();
    stage.recorder.0.borrow_mut().wanted_accounts.insert(id(7));
    stage.run(Command::Place(Place {
        account: AccountId::new(7),
        time_in_force: TimeInForce::Ioc,
        ..Place::market(X, OrderId::new(2), Side::Buy, Qty::new(5))
    }));
    let sent = stage.messages();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(
        sent[0].contains(r#""status":"Cancelled","reason":"NoLiquidity""#),
        "{sent:?}"
    );
    assert!(
        sent[0].ends_with(r#""reason":"Cancelled: nothing left to trade with"}"#),
        "{sent:?}"
    );
}

#[tokio::test]
async fn who_waits_for_a_command_sees_what_it_did() {
    let mut stage = Stage::new();
    let views = Arc::clone(&stage.views);
    let waiting = tokio::spawn(async move {
        views.wait_for(Seq::new(2)).await;
        views
            .order(id(7), OrderId::new(2))
            .expect("the archive is there")
            .is_some()
    });
    tokio::task::yield_now().await;
    stage.place(7, Side::Buy, 5, 1);
    assert!(waiting.await.expect("the task ends"));
}
