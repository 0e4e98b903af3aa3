//! Requests for amends.

use engine_core::{InstrumentSpec, Price, Qty};
use rust_decimal::Decimal;

use super::field::{Field, FieldSet, Fields};
use super::order::{lots, ticks};
use crate::error::RequestError;

/// What an amend changes, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AmendRequest {
    price: Option<Decimal>,
    quantity: Option<Decimal>,
}

/// The fields of an amend.
pub(super) const AMEND: FieldSet = FieldSet::of(&[Field::Price, Field::Quantity]);

impl AmendRequest {
    /// Reads a request body.
    ///
    /// # Errors
    /// When it is no JSON object, or a field is unknown or malformed.
    pub fn read(body: &str) -> Result<Self, RequestError> {
        let fields = Fields::read(body)?;
        fields.allow(AMEND)?;
        Self::of_fields(&fields)
    }

    pub(super) fn of_fields(fields: &Fields<'_>) -> Result<Self, RequestError> {
        Ok(Self {
            quantity: fields.decimal(Field::Quantity)?,
            price: fields.decimal(Field::Price)?,
        })
    }

    /// The new price and the new total quantity, in ticks and lots.
    ///
    /// # Errors
    /// When a value does not fit the instrument.
    pub fn terms(&self, spec: &InstrumentSpec) -> Result<(Option<Price>, Option<Qty>), RequestError> {
        let quantity = self
            .quantity
            .map(|quantity| lots(spec, Field::Quantity, quantity))
            .transpose()?;
        let price = self
            .price
            .map(|price| ticks(spec, Field::Price, price))
            .transpose()?;
        Ok((price, quantity))
    }
}
