//! The orders that are sent: their bytes are made once, before the clock starts.

use rust_decimal::Decimal;

use super::http::request;
use super::target::Target;
use super::venue::Symbol;

/// An order at this part of the price finds nothing to trade with, and is within every usual band.
const FAR_PERCENT: i64 = 80;

/// The requests of all orders.
///
/// Orders come in pairs, one after the other through the symbols: somebody sells, then somebody buys at the same price.
/// Of a hundred pairs some are wanted to trade; in the others both want what is not there, and are over at once.
#[derive(Debug)]
pub(crate) struct Load {
    /// For each symbol: the sell and the buy of a pair that trades, and of one that does not.
    requests: Vec<[Vec<u8>; 4]>,
    fills_percent: u64,
}

impl Load {
    pub(crate) fn new(target: &Target, token: Option<&str>, symbols: &[Symbol], fills_percent: u8) -> Self {
        let requests = symbols.iter().map(|symbol| {
            let near = symbol.price;
            let (low, high) = symbol.far();
            [
                ("Sell", near, "GTC"),
                ("Buy", near, "GTC"),
                ("Sell", high, "IOC"),
                ("Buy", low, "IOC"),
            ]
            .map(|(side, price, time_in_force)| {
                let body = order(symbol, side, price, time_in_force);
                request(target, "POST", "/api/v1/order", token, Some(&body))
            })
        });
        Self {
            requests: requests.collect(),
            fills_percent: fills_percent.into(),
        }
    }

    /// The request of the order with this number, from 0.
    pub(crate) fn order(&self, number: u64) -> &[u8] {
        let (pair, second) = (number / 2, number % 2);
        // Spread evenly: of any hundred pairs in a row as many trade as were wanted.
        let trades = (pair * self.fills_percent) / 100 != ((pair + 1) * self.fills_percent) / 100;
        let which = if trades { second } else { 2 + second };
        let symbol = pair % self.requests.len() as u64;
        &self.requests[symbol as usize][which as usize]
    }
}

impl Symbol {
    /// Prices far below and above, in whole ticks.
    fn far(&self) -> (Decimal, Decimal) {
        let part = |percent: i64| {
            let ticks = self.price * Decimal::from(percent) / Decimal::ONE_HUNDRED / self.tick;
            (ticks.floor().max(Decimal::ONE) * self.tick).normalize()
        };
        (part(FAR_PERCENT), part(200 - FAR_PERCENT))
    }
}

fn order(symbol: &Symbol, side: &str, price: Decimal, time_in_force: &str) -> String {
    let Symbol { name, quantity, .. } = symbol;
    format!(
        r#"{{"symbol":"{name}","side":"{side}","order_type":"Limit","price":{price},"quantity":{quantity},"time_in_force":"{time_in_force}","self_trade_prevention":"None"}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(fills: u8) -> Load {
        let target = Target::read("http://127.0.0.1:7000", "http://", false).expect("it is on this machine");
        let symbol = |name: &str| Symbol {
            name: name.into(),
            tick: Decimal::from(1_000),
            price: Decimal::from(50_000_000),
            quantity: Decimal::new(2, 4),
        };
        Load::new(&target, Some("t"), &[symbol("A"), symbol("B")], fills)
    }

    fn text(load: &Load, number: u64) -> String {
        String::from_utf8(load.order(number).to_vec()).expect("it is text")
    }

    #[test]
    fn pairs_sell_and_buy_at_one_price_through_all_symbols() {
        let load = load(100);
        let first = text(&load, 0);
        let body = r#"{"symbol":"A","side":"Sell","order_type":"Limit","price":50000000,"quantity":0.0002,"time_in_force":"GTC","self_trade_prevention":"None"}"#;
        assert_eq!(
            first,
            format!(
                "POST /api/v1/order HTTP/1.1\r\nhost: 127.0.0.1:7000\r\nauthorization: Bearer t\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
        );
        assert!(text(&load, 1).contains(r#""symbol":"A","side":"Buy""#));
        assert!(text(&load, 2).contains(r#""symbol":"B","side":"Sell""#));
        assert_eq!(text(&load, 4), first);
    }

    #[test]
    fn as_many_pairs_trade_as_were_wanted() {
        for fills in [0, 1, 30, 99, 100] {
            let load = load(fills);
            let trading = (0..200)
                .filter(|number| text(&load, *number).contains("GTC"))
                .count();
            assert_eq!(trading, 2 * usize::from(fills));
        }
    }

    #[test]
    fn orders_that_are_not_to_trade_are_far_away() {
        let load = load(0);
        assert!(text(&load, 0).contains(r#""side":"Sell","order_type":"Limit","price":60000000"#));
        assert!(text(&load, 1).contains(r#""side":"Buy","order_type":"Limit","price":40000000"#));
    }
}
