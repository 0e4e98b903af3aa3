//! Reading and writing what is about accounts.

use engine_core::{
    AccountId, Amount, AssetId, AssetSpec, Command, Event, Funding, InstrumentSpecBuilder, InstrumentTerms,
    Limits, Notional, Price, SetAccount, SetLimits, Transfer, TransferKey,
};
use engine_core::{GroupId, InstrumentId};

use super::parse::{Words, account, instrument, price, qty, unknown};
use super::render_command::whereas;

/// Reads a command about accounts, if the first word begins one.
pub(super) fn command(first: &str, words: &mut Words<'_>) -> Result<Option<Command>, String> {
    let command = match first {
        "asset" => Command::AddAsset(Box::new(AssetSpec {
            name: words.take(|word| {
                Some(if word == "nameless" {
                    String::new()
                } else {
                    word.to_owned()
                })
            })?,
            scale: words.take(|word| word.parse().ok())?,
        })),
        "deposit" => Command::Deposit(transfer(words)?),
        "withdraw" => Command::Withdraw(transfer(words)?),
        "account" => Command::SetAccount(SetAccount {
            account: words.take(account)?,
            tier: words.after("tier", |word| word.parse().ok())?,
            group: words.after("group", |word| word.parse().ok().map(GroupId::new))?,
        }),
        "limits" => Command::SetLimits(Box::new(SetLimits {
            account: words.take(|word| match word {
                "all" => Some(None),
                _ => account(word).map(Some),
            })?,
            instrument: words.after("in", instrument)?.unwrap_or_default(),
            limits: limits(words)?,
        })),
        "freeze" => Command::Freeze(words.take(account)?),
        "unfreeze" => Command::Unfreeze(words.take(account)?),
        _ => return Ok(None),
    };
    Ok(Some(command))
}

fn transfer(words: &mut Words<'_>) -> Result<Transfer, String> {
    Ok(Transfer {
        account: words.take(account)?,
        amount: words.take(|word| word.parse().ok().map(Amount::new))?,
        asset: words.after("of", asset)?.unwrap_or_default(),
        key: words.after("key", |word| word.parse().ok().map(TransferKey::new))?,
    })
}

fn asset(word: &str) -> Option<AssetId> {
    word.parse().ok().map(AssetId::new)
}

fn limits(words: &mut Words<'_>) -> Result<Limits, String> {
    let mut limits = Limits::default();
    let count = |word: &str| word.parse().ok();
    while let Some(word) = words.next() {
        match word {
            "order" => limits.order_quantity_max = Some(words.take(qty)?),
            "notional" => {
                limits.order_notional_max = Some(words.take(|word| word.parse().ok().map(Notional::new))?);
            }
            "orders" => limits.open_orders_max = Some(words.take(count)?),
            "open" => limits.open_quantity_max = Some(words.take(qty)?),
            "position" => limits.position_max = Some(words.take(qty)?),
            "collar" => limits.price_collar_bps = Some(words.take(count)?),
            "rate" => limits.orders_per_second_max = Some(words.take(count)?),
            _ => return Err(unknown(word)),
        }
    }
    Ok(limits)
}

/// Reads a term of a spec that is about accounts, if the word begins one.
pub(super) fn term(
    spec: InstrumentSpecBuilder,
    word: &str,
    words: &mut Words<'_>,
) -> Result<InstrumentSpecBuilder, String> {
    let rate = |word: &str| word.parse::<i32>().ok();
    let ppm = |word: &str| word.parse::<u32>().ok();
    Ok(match word {
        "assets" => {
            let (base, quote) = words.take(|word| {
                let (base, quote) = word.split_once('/')?;
                Some((asset(base)?, asset(quote)?))
            })?;
            spec.assets(base, quote)
        }
        "prices" => {
            let (min, max) = words.take(|word| {
                let (min, max) = word.split_once("..")?;
                Some((price(min)?, price(max)?))
            })?;
            spec.prices(min, max)
        }
        "fees" => {
            let maker = words.take(rate)?;
            spec.fees_ppm(maker, words.take(rate)?)
        }
        "tier" => {
            let volume = words.take(|word| word.parse().ok())?;
            let maker = words.take(rate)?;
            spec.fee_tier(volume, maker, words.take(rate)?)
        }
        "margin" => spec.funding(Funding::Margin {
            initial_ppm: words.take(ppm)?,
            maintenance_ppm: words.take(ppm)?,
            position_max: words.take(qty)?,
        }),
        _ => return Err(unknown(word)),
    })
}

/// Writes the terms of a spec that are about accounts.
pub(super) fn render_terms(terms: &InstrumentTerms) -> String {
    let mut text = String::new();
    if let (Some(base), Some(quote)) = (terms.base, terms.quote) {
        text += &format!(" assets {base}/{quote}");
    }
    if (terms.min_price, terms.max_price) != (Price::MIN, Price::MAX) {
        text += &format!(" prices {}..{}", terms.min_price, terms.max_price);
    }
    if (terms.maker_fee_ppm, terms.taker_fee_ppm) != (0, 0) {
        text += &format!(" fees {} {}", terms.maker_fee_ppm, terms.taker_fee_ppm);
    }
    for tier in &terms.fee_tiers {
        text += &format!(
            " tier {} {} {}",
            tier.volume_min, tier.maker_fee_ppm, tier.taker_fee_ppm
        );
    }
    if let Funding::Margin {
        initial_ppm,
        maintenance_ppm,
        position_max,
    } = terms.funding
    {
        text += &format!(" margin {initial_ppm} {maintenance_ppm} {position_max}");
    }
    text
}

/// Writes a command about accounts.
pub(super) fn render_command(command: &Command) -> Option<String> {
    Some(match command {
        Command::AddAsset(spec) => {
            let name = if spec.name.is_empty() {
                "nameless"
            } else {
                &spec.name
            };
            format!("asset {name} {}", spec.scale)
        }
        Command::Deposit(transfer) => format!("deposit {}", render_transfer(transfer)),
        Command::Withdraw(transfer) => format!("withdraw {}", render_transfer(transfer)),
        Command::SetAccount(set) => {
            let (tier, group) = (tier(set.tier), group(set.group));
            format!("account {}{tier}{group}", set.account)
        }
        Command::SetLimits(set) => {
            let place = whereas(set.instrument);
            format!(
                "limits {}{place}{}",
                whose_limits(set.account),
                render_limits(&set.limits)
            )
        }
        Command::Freeze(account) => format!("freeze {account}"),
        Command::Unfreeze(account) => format!("unfreeze {account}"),
        _ => return None,
    })
}

fn render_transfer(transfer: &Transfer) -> String {
    let key = transfer
        .key
        .map_or(String::new(), |key| format!(" key {}", key.get()));
    format!(
        "{} {} of {}{key}",
        transfer.account, transfer.amount, transfer.asset
    )
}

fn tier(tier: Option<u8>) -> String {
    tier.map_or(String::new(), |tier| format!(" tier {tier}"))
}

fn group(group: Option<GroupId>) -> String {
    group.map_or(String::new(), |group| format!(" group {group}"))
}

fn whose_limits(account: Option<AccountId>) -> String {
    account.map_or("all".to_owned(), |account| account.to_string())
}

fn render_limits(limits: &Limits) -> String {
    let mut text = String::new();
    let mut say = |word: &str, value: Option<String>| {
        if let Some(value) = value {
            text += &format!(" {word} {value}");
        }
    };
    say("order", limits.order_quantity_max.map(|max| max.to_string()));
    say(
        "notional",
        limits.order_notional_max.map(|max| max.units().to_string()),
    );
    say("orders", limits.open_orders_max.map(|max| max.to_string()));
    say("open", limits.open_quantity_max.map(|max| max.to_string()));
    say("position", limits.position_max.map(|max| max.to_string()));
    say("collar", limits.price_collar_bps.map(|bps| bps.to_string()));
    say("rate", limits.orders_per_second_max.map(|max| max.to_string()));
    text
}

/// Writes an event about accounts.
pub(super) fn render_event(event: &Event) -> Option<String> {
    Some(match *event {
        Event::AssetAdded { asset } => format!("asset {asset}"),
        Event::Deposited {
            account,
            asset,
            amount,
        } => format!("deposited {account} {amount} of {asset}"),
        Event::Withdrew {
            account,
            asset,
            amount,
        } => format!("withdrew {account} {amount} of {asset}"),
        Event::Repeated { account, first } => format!("repeated {account} first {}", first.get()),
        Event::AccountSet {
            account,
            tier: fixed,
            group: own,
        } => format!("account {account}{}{}", tier(fixed), group(own)),
        Event::LimitsSet { account, instrument } => {
            format!("limits {}{}", whose_limits(account), whereas(instrument))
        }
        Event::Frozen { account } => format!("frozen {account}"),
        Event::Unfrozen { account } => format!("unfrozen {account}"),
        Event::Shortfall {
            account,
            asset,
            needed,
            available,
        } => format!("shortfall {account} needs {needed} has {available} of {asset}"),
        Event::Settled {
            trade,
            asset,
            maker_fee,
            taker_fee,
        } => format!("settled {trade} fees {maker_fee} {taker_fee} of {asset}"),
        Event::BalanceChanged {
            account,
            asset,
            total,
            held,
        } => format!("balance {account} of {asset}: {total} held {held}"),
        Event::PositionChanged {
            account,
            instrument,
            quantity,
            cost,
            realised,
        } => render_position(account, instrument, quantity, [cost, realised]),
        _ => return None,
    })
}

fn render_position(
    account: AccountId,
    at: InstrumentId,
    quantity: i64,
    [cost, realised]: [Notional; 2],
) -> String {
    let (cost, realised) = (cost.units(), realised.units());
    format!(
        "position {account} {quantity} cost {cost} realised {realised}{}",
        whereas(at)
    )
}
