//! Lines about accounts: assets, deposits and withdrawals, terms and limits.

use engine_core::{
    AccountId, AssetSpec, Command, FeeTier, Funding, GroupId, InstrumentId, InstrumentSpec,
    InstrumentSpecBuilder, Limits, Price, Qty, Request, SetAccount, SetLimits, Transfer, TransferKey,
};
use rust_decimal::Decimal;

use super::field::{Field, FieldSet, Fields};
use super::input::TransferLine;
use super::op::Op;
use super::scan;
use super::symbol::fee_ppm;
use super::token::Value;
use super::words::Word;
use super::write::Object;
use crate::error::RequestError;
use crate::symbols::Symbols;

/// The fields of limits.
pub(super) const LIMITS: FieldSet = FieldSet::of(&[
    Field::OrderQuantityMax,
    Field::OrderNotionalMax,
    Field::OpenOrdersMax,
    Field::OpenQuantityMax,
    Field::PositionMax,
    Field::PriceCollarBps,
    Field::OrdersPerSecondMax,
]);

/// The fields of a spec that matter with accounts only.
pub(super) const TERMS: FieldSet = FieldSet::of(&[
    Field::MinPrice,
    Field::MaxPrice,
    Field::FeeTiers,
    Field::InitialMarginBps,
    Field::MaintenanceMarginBps,
    Field::PositionMax,
]);

/// The fields of one fee tier.
const TIER: FieldSet = FieldSet::of(&[Field::VolumeMin, Field::MakerFeeBps, Field::TakerFeeBps]);

fn required<T>(field: Field, value: Option<T>) -> Result<T, RequestError> {
    value.ok_or(RequestError::Missing(field))
}

/// `{"op":"asset","asset":"KRW","scale":8}`
pub(super) fn asset(fields: &Fields<'_>) -> Result<Command, RequestError> {
    let name = required(Field::Asset, fields.text(Field::Asset)?)?;
    Ok(Command::AddAsset(Box::new(AssetSpec {
        name: name.into_owned(),
        scale: required(Field::Scale, fields.integer(Field::Scale)?)?,
    })))
}

/// `{"op":"deposit","account":7,"asset":"KRW","amount":1000}`, or a withdrawal.
pub(super) fn transfer(
    fields: &Fields<'_>,
    op: Op,
    account: AccountId,
) -> Result<TransferLine, RequestError> {
    let amount = required(Field::Amount, fields.decimal(Field::Amount)?)?;
    if amount <= Decimal::ZERO {
        return Err(RequestError::NotPositive(Field::Amount));
    }
    let asset = required(Field::Asset, fields.text(Field::Asset)?)?;
    let key = fields.text(Field::Key)?;
    let key = key.map(|key| read_key(&key).ok_or(RequestError::Malformed(Field::Key)));
    Ok(TransferLine {
        op,
        account,
        asset: asset.into_owned(),
        amount,
        key: key.transpose()?,
    })
}

/// 32 hexadecimal digits, with or without the hyphens of a UUID.
fn read_key(text: &str) -> Option<TransferKey> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let is_key = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bits = is_key.then(|| u128::from_str_radix(&digits, 16).ok()).flatten();
    bits.map(TransferKey::new)
}

impl TransferLine {
    /// The command, for an asset whose decimal places are known.
    ///
    /// # Errors
    /// When they are not, or the amount has more of them than the asset, or is more than there can be.
    pub fn command(&self, symbols: &Symbols) -> Result<Command, RequestError> {
        let asset = symbols.find_asset(&self.asset);
        let asset = asset.and_then(|asset| Some((asset, symbols.asset_spec(asset)?)));
        let (asset, spec) = asset.ok_or(RequestError::Malformed(Field::Asset))?;
        let amount = spec.amount(self.amount);
        let transfer = Transfer {
            account: self.account,
            asset,
            amount: amount.map_err(|_| RequestError::OutOfRange(Field::Amount))?,
            key: self.key,
        };
        Ok(match self.op {
            Op::Withdraw => Command::Withdraw(transfer),
            _ => Command::Deposit(transfer),
        })
    }
}

/// `{"op":"account","account":7,"tier":2,"group":1}`
pub(super) fn account(fields: &Fields<'_>, account: AccountId) -> Result<Command, RequestError> {
    Ok(Command::SetAccount(SetAccount {
        account,
        tier: fields.integer(Field::Tier)?,
        group: fields.integer(Field::Group)?.map(GroupId::new),
    }))
}

/// `{"op":"limits","symbol":"X","account":7,"open_orders_max":10}`
pub(super) fn limits(
    fields: &Fields<'_>,
    account: Option<AccountId>,
    (instrument, spec): (InstrumentId, &InstrumentSpec),
) -> Result<Command, RequestError> {
    let lots = |field| lots(fields, field, spec);
    let notional = fields.decimal(Field::OrderNotionalMax)?.map(|value| {
        let notional = spec.notional(value);
        notional.map_err(|error| RequestError::of_convert(Field::OrderNotionalMax, error))
    });
    Ok(Command::SetLimits(Box::new(SetLimits {
        account,
        instrument,
        limits: Limits {
            order_quantity_max: lots(Field::OrderQuantityMax)?,
            order_notional_max: notional.transpose()?,
            open_orders_max: fields.integer(Field::OpenOrdersMax)?,
            open_quantity_max: lots(Field::OpenQuantityMax)?,
            position_max: lots(Field::PositionMax)?,
            price_collar_bps: fields.integer(Field::PriceCollarBps)?,
            orders_per_second_max: fields.integer(Field::OrdersPerSecondMax)?,
        },
    })))
}

fn lots(fields: &Fields<'_>, field: Field, spec: &InstrumentSpec) -> Result<Option<Qty>, RequestError> {
    let convert = |value| {
        spec.quantity(value)
            .map_err(|error| RequestError::of_convert(field, error))
    };
    fields.decimal(field)?.map(convert).transpose()
}

/// Reads what matters of a spec with accounts only.
pub(super) fn terms(
    mut builder: InstrumentSpecBuilder,
    fields: &Fields<'_>,
    unlimited: &InstrumentSpec,
) -> Result<InstrumentSpecBuilder, RequestError> {
    let price = |field| {
        let convert = |value| {
            unlimited
                .price(value)
                .map_err(|error| RequestError::of_convert(field, error))
        };
        fields.decimal(field)?.map(convert).transpose()
    };
    let (min, max) = (price(Field::MinPrice)?, price(Field::MaxPrice)?);
    let all = unlimited.terms();
    builder = builder.prices(min.unwrap_or(all.min_price), max.unwrap_or(all.max_price));
    for tier in tiers(fields)? {
        builder = builder.fee_tier(tier.volume_min, tier.maker_fee_ppm, tier.taker_fee_ppm);
    }
    let rate = |field| {
        let ppm = fee_ppm(fields, field)?;
        u32::try_from(ppm).map_err(|_| RequestError::OutOfRange(field))
    };
    let (initial_ppm, maintenance_ppm) = (rate(Field::InitialMarginBps)?, rate(Field::MaintenanceMarginBps)?);
    let position_max = lots(fields, Field::PositionMax, unlimited)?;
    if initial_ppm == 0 && maintenance_ppm == 0 && position_max.is_none() {
        return Ok(builder);
    }
    Ok(builder.funding(Funding::Margin {
        initial_ppm,
        maintenance_ppm,
        position_max: required(Field::PositionMax, position_max)?,
    }))
}

/// `"fee_tiers":[{"volume_min":1000000,"maker_fee_bps":1,"taker_fee_bps":4}]`
fn tiers(fields: &Fields<'_>) -> Result<Vec<FeeTier>, RequestError> {
    let tiers = match fields.value(Field::FeeTiers) {
        None => return Ok(Vec::new()),
        Some(Value::Array(tiers)) => scan::array(tiers)?,
        Some(_) => return Err(RequestError::Malformed(Field::FeeTiers)),
    };
    let read = |tier: &Value<'_>| {
        let Value::Object(body) = tier else {
            return Err(RequestError::Malformed(Field::FeeTiers));
        };
        let fields = Fields::read(body)?;
        fields.allow(TIER)?;
        Ok(FeeTier {
            volume_min: required(Field::VolumeMin, fields.decimal(Field::VolumeMin)?)?,
            maker_fee_ppm: fee_ppm(&fields, Field::MakerFeeBps)?,
            taker_fee_ppm: fee_ppm(&fields, Field::TakerFeeBps)?,
        })
    };
    tiers.iter().map(read).collect()
}

/// Writes what matters of a spec with accounts only.
pub(super) fn write_terms(spec: &InstrumentSpec, object: &mut Object<'_>) {
    let terms = spec.terms();
    for (key, price, default) in [
        ("min_price", terms.min_price, Price::MIN),
        ("max_price", terms.max_price, Price::MAX),
    ] {
        if price != default {
            object.decimal(key, spec.price_decimal(price));
        }
    }
    let bps = |ppm: i64| Decimal::new(ppm, 2);
    if !terms.fee_tiers.is_empty() {
        let out = object.key("fee_tiers");
        out.push(b'[');
        for (index, tier) in terms.fee_tiers.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let mut object = Object::new(out);
            object.decimal("volume_min", tier.volume_min);
            object.decimal("maker_fee_bps", bps(tier.maker_fee_ppm.into()));
            object.decimal("taker_fee_bps", bps(tier.taker_fee_ppm.into()));
            object.end();
        }
        out.push(b']');
    }
    if let Funding::Margin {
        initial_ppm,
        maintenance_ppm,
        position_max,
    } = terms.funding
    {
        object.decimal("initial_margin_bps", bps(initial_ppm.into()));
        object.decimal("maintenance_margin_bps", bps(maintenance_ppm.into()));
        object.decimal("position_max", spec.quantity_decimal(position_max));
    }
}

/// Writes a command about accounts.
pub(super) fn write(command: &Command, symbols: &Symbols, object: &mut Object<'_>) {
    let op = |object: &mut Object<'_>, request: Request| object.word("op", request.word());
    match command {
        Command::AddAsset(spec) => {
            op(object, Request::AddAsset);
            object.text("asset", &spec.name);
            object.integer("scale", spec.scale.into());
        }
        Command::Deposit(transfer) => {
            op(object, Request::Deposit);
            write_transfer(transfer, symbols, object);
        }
        Command::Withdraw(transfer) => {
            op(object, Request::Withdraw);
            write_transfer(transfer, symbols, object);
        }
        Command::SetAccount(set) => {
            op(object, Request::SetAccount);
            object.integer("account", set.account.get());
            if let Some(tier) = set.tier {
                object.integer("tier", tier.into());
            }
            if let Some(group) = set.group {
                object.integer("group", group.get().into());
            }
        }
        Command::SetLimits(set) => {
            op(object, Request::SetLimits);
            write_limits(set, symbols, object);
        }
        Command::Freeze(account) => {
            op(object, Request::Freeze);
            object.integer("account", account.get());
        }
        Command::Unfreeze(account) => {
            op(object, Request::Unfreeze);
            object.integer("account", account.get());
        }
        other => object.text("comment", &format!("a command that has no line: {other:?}")),
    }
}

fn write_transfer(transfer: &Transfer, symbols: &Symbols, object: &mut Object<'_>) {
    object.integer("account", transfer.account.get());
    symbols.write_asset(transfer.asset, object.key("asset"));
    symbols.write_amount(transfer.asset, transfer.amount, object.key("amount"));
    if let Some(key) = transfer.key {
        object.text("key", &format!("{:032x}", key.get()));
    }
}

fn write_limits(set: &SetLimits, symbols: &Symbols, object: &mut Object<'_>) {
    if let Some(account) = set.account {
        object.integer("account", account.get());
    }
    symbols.write_symbol(set.instrument, object.key("symbol"));
    let Limits {
        order_quantity_max,
        order_notional_max,
        open_orders_max,
        open_quantity_max,
        position_max,
        price_collar_bps,
        orders_per_second_max,
    } = set.limits;
    let quantity = |key, quantity: Option<Qty>, object: &mut Object<'_>| {
        if let Some(quantity) = quantity {
            symbols.write_quantity(set.instrument, quantity, object.key(key));
        }
    };
    quantity("order_quantity_max", order_quantity_max, object);
    if let Some(notional) = order_notional_max {
        symbols.write_notional(set.instrument, notional, object.key("order_notional_max"));
    }
    quantity("open_quantity_max", open_quantity_max, object);
    quantity("position_max", position_max, object);
    for (key, value) in [
        ("open_orders_max", open_orders_max),
        ("price_collar_bps", price_collar_bps),
        ("orders_per_second_max", orders_per_second_max),
    ] {
        if let Some(value) = value {
            object.integer(key, value.into());
        }
    }
}
