//! What the server lists, and at which prices orders can trade there.

use rust_decimal::Decimal;
use serde_json::Value;

use super::error::BenchError;
use super::http::{Connection, request};
use super::target::Target;

/// A symbol that orders are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    pub(crate) name: String,
    pub(crate) tick: Decimal,
    /// Where pairs of orders meet.
    pub(crate) price: Decimal,
    /// Twice the least value, at that price.
    pub(crate) quantity: Decimal,
}

/// A server, asked for what is to be known before the load begins.
pub(crate) struct Venue<'a> {
    pub(crate) target: &'a Target,
    pub(crate) token: Option<&'a str>,
}

impl Venue<'_> {
    /// The symbols with these names, or all of them if there are no names.
    pub(crate) async fn symbols(&self, names: &[String]) -> Result<Vec<Symbol>, BenchError> {
        let what = "the list of symbols";
        let answer = self.ask(what, "/api/v1/symbols").await?;
        let missing = |missing| BenchError::Content { what, missing };
        let listed = answer.as_array().or_else(|| answer.get("symbols")?.as_array());
        let listed = listed.ok_or_else(|| missing("list"))?;
        let name = |entry: &Value| Some(entry.get("symbol")?.as_str()?.to_owned());
        let wanted: Vec<String> = match names {
            [] => listed.iter().filter_map(name).collect(),
            names => names.to_vec(),
        };
        let mut symbols = Vec::new();
        for wanted in wanted {
            let entry = listed.iter().find(|entry| name(entry).as_ref() == Some(&wanted));
            let entry = entry.ok_or_else(|| BenchError::UnknownSymbol(wanted.clone()))?;
            let terms = Terms::read(entry).ok_or_else(|| missing("tick, lot and min_notional"))?;
            let last = self.last_price(&wanted).await?;
            symbols.push(terms.symbol(wanted, last));
        }
        if symbols.is_empty() {
            return Err(missing("symbol"));
        }
        Ok(symbols)
    }

    async fn last_price(&self, symbol: &str) -> Result<Option<Decimal>, BenchError> {
        let path = format!("/api/v1/statistics/{symbol}");
        let statistics = self.ask("the statistics of a symbol", &path).await?;
        Ok(statistics.get("last_price").and_then(decimal))
    }

    async fn ask(&self, what: &'static str, path: &str) -> Result<Value, BenchError> {
        let fault = |fault| BenchError::Ask {
            what,
            url: format!("http://{}{path}", self.target.authority),
            fault,
        };
        let mut connection = Connection::open(self.target).await.map_err(fault)?;
        let bytes = request(self.target, "GET", path, self.token, None);
        let answer = connection.ask(&bytes).await.map_err(fault)?;
        if answer.status != 200 {
            return Err(BenchError::Answer {
                what,
                status: answer.status,
                body: String::from_utf8_lossy(answer.body).into_owned(),
            });
        }
        serde_json::from_slice(answer.body).map_err(|_| BenchError::Content {
            what,
            missing: "JSON",
        })
    }
}

/// What is fixed about a symbol.
#[derive(Clone, Copy, Debug)]
struct Terms {
    tick: Decimal,
    lot: Decimal,
    min_quantity: Decimal,
    min_notional: Decimal,
}

impl Terms {
    fn read(entry: &Value) -> Option<Self> {
        let field = |name: &str| entry.get(name).and_then(decimal);
        let lot = field("lot")?;
        let terms = Self {
            tick: field("tick")?,
            lot,
            min_quantity: field("min_quantity").unwrap_or(lot),
            min_notional: field("min_notional").unwrap_or_default(),
        };
        Some(terms).filter(|terms| terms.tick > Decimal::ZERO && lot > Decimal::ZERO)
    }

    /// Orders trade at the last price; where nothing has traded, any price is as good as another.
    fn symbol(&self, name: String, last: Option<Decimal>) -> Symbol {
        let price = last.filter(|last| *last > Decimal::ZERO);
        let price = price.unwrap_or(self.tick * Decimal::from(10_000));
        let least = (self.min_notional * Decimal::TWO / price).max(self.min_quantity);
        Symbol {
            name,
            tick: self.tick,
            price: price.normalize(),
            quantity: ((least / self.lot).ceil() * self.lot).normalize(),
        }
    }
}

/// The decimal of a JSON number or text. A number that reads as an exponent is still exact.
fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(json: &str, last: Option<i64>) -> Symbol {
        let entry: Value = serde_json::from_str(json).expect("it is JSON");
        let terms = Terms::read(&entry).expect("it has a tick and a lot");
        terms.symbol("X".into(), last.map(Decimal::from))
    }

    #[test]
    fn an_order_is_worth_twice_the_least_and_whole_lots() {
        let btc = r#"{"tick":1000,"lot":0.00000001,"min_notional":5000,"min_quantity":0.00000001}"#;
        let symbol = symbol(btc, Some(49_999_000));
        assert_eq!(symbol.price.to_string(), "49999000");
        assert_eq!(symbol.quantity.to_string(), "0.00020001");
    }

    #[test]
    fn without_a_trade_and_a_least_value_there_are_a_price_and_a_quantity_too() {
        let symbol = symbol(r#"{"tick":"0.01","lot":1}"#, None);
        assert_eq!(
            (
                symbol.price.to_string().as_str(),
                symbol.quantity.to_string().as_str()
            ),
            ("100", "1")
        );
    }
}
