//! Requests for linked orders.

use engine_core::{LinkKind, Linked};
use smallvec::SmallVec;

use super::field::{Field, FieldSet, Fields};
use super::order::{OrderRequest, Placement};
use super::scan;
use super::token::Value;
use crate::error::RequestError;

/// Linked orders as they are asked for: all of them or none.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderListRequest<'a> {
    /// How they depend on each other.
    pub kind: LinkKind,
    /// The orders.
    pub orders: SmallVec<[OrderRequest<'a>; 3]>,
}

impl<'a> OrderListRequest<'a> {
    /// Reads a request body.
    ///
    /// # Errors
    /// When it is no JSON object, or a field of it or of one of its orders is unknown, missing or malformed.
    pub fn read(body: &'a str) -> Result<Self, RequestError> {
        let fields = Fields::read(body)?;
        fields.allow(FieldSet::of(&[Field::Kind, Field::Orders]))?;
        let (kind, bodies) = list_parts(&fields)?;
        let orders = bodies.iter().enumerate().map(|(index, body)| {
            OrderRequest::read(body).map_err(|error| RequestError::InList {
                index,
                error: error.into(),
            })
        });
        Ok(Self {
            kind,
            orders: orders.collect::<Result<_, _>>()?,
        })
    }

    /// The command that is asked for: each order goes where `placement` says, by its place in the list.
    ///
    /// # Errors
    /// When a field of one of the orders is missing, or a value does not fit the instrument.
    pub fn linked<'s>(&self, placement: impl Fn(usize) -> Placement<'s>) -> Result<Linked, RequestError> {
        let orders = self.orders.iter().enumerate().map(|(index, order)| {
            let placed = order.place(&placement(index));
            placed.map_err(|error| RequestError::InList {
                index,
                error: error.into(),
            })
        });
        Ok(Linked {
            kind: self.kind,
            orders: orders.collect::<Result<_, _>>()?,
        })
    }
}

/// How many orders the longest kind of list has.
const LIST_ORDERS_MAX: usize = 3;

/// The kind of a list, and the text of each of its orders.
pub(super) fn list_parts<'a>(
    fields: &Fields<'a>,
) -> Result<(LinkKind, SmallVec<[&'a str; LIST_ORDERS_MAX]>), RequestError> {
    let kind = fields
        .word(Field::Kind)?
        .ok_or(RequestError::Missing(Field::Kind))?;
    let orders = match fields.value(Field::Orders) {
        None => return Err(RequestError::Missing(Field::Orders)),
        Some(Value::Array(orders)) => scan::array(orders)?,
        Some(_) => return Err(RequestError::Malformed(Field::Orders)),
    };
    if orders.len() > LIST_ORDERS_MAX {
        return Err(RequestError::OutOfRange(Field::Orders));
    }
    let bodies = orders.iter().map(|order| match order {
        Value::Object(body) => Ok(*body),
        _ => Err(RequestError::Malformed(Field::Orders)),
    });
    Ok((kind, bodies.collect::<Result<_, _>>()?))
}
