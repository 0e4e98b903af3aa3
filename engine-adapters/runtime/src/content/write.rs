//! Writing a content.

use std::io::Write;

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::ContentError;

/// Writes a value.
pub(crate) fn to_writer(value: &impl Serialize, out: &mut impl Write) -> Result<(), ContentError> {
    value.serialize(&mut Writer(out))
}

struct Writer<'a, W>(&'a mut W);

impl<W: Write> Writer<'_, W> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), ContentError> {
        self.0
            .write_all(bytes)
            .map_err(|error| ContentError::Write(error.kind()))
    }

    fn put_length(&mut self, length: usize) -> Result<(), ContentError> {
        self.put(&(length as u64).to_le_bytes())
    }

    fn put_variant(&mut self, variant: u32) -> Result<(), ContentError> {
        self.put(&variant.to_le_bytes())
    }
}

macro_rules! integers {
    ($($method:ident $type:ty)*) => {
        $(fn $method(self, value: $type) -> Result<(), ContentError> {
            self.put(&value.to_le_bytes())
        })*
    };
}

impl<W: Write> Serializer for &mut Writer<'_, W> {
    type Ok = ();
    type Error = ContentError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    integers! {
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<(), ContentError> {
        self.put(&[u8::from(value)])
    }

    fn serialize_char(self, value: char) -> Result<(), ContentError> {
        self.serialize_u32(value.into())
    }

    /// There is no float in any state.
    fn serialize_f32(self, _: f32) -> Result<(), ContentError> {
        Err(ContentError::Unsupported)
    }

    fn serialize_f64(self, _: f64) -> Result<(), ContentError> {
        Err(ContentError::Unsupported)
    }

    fn serialize_str(self, value: &str) -> Result<(), ContentError> {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), ContentError> {
        self.put_length(value.len())?;
        self.put(value)
    }

    fn serialize_none(self) -> Result<(), ContentError> {
        self.put(&[0])
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), ContentError> {
        self.put(&[1])?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), ContentError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), ContentError> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
    ) -> Result<(), ContentError> {
        self.put_variant(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), ContentError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), ContentError> {
        self.put_variant(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, ContentError> {
        self.put_length(length.ok_or(ContentError::Unsupported)?)?;
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, ContentError> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, ContentError> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, ContentError> {
        self.put_variant(variant)?;
        Ok(self)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, ContentError> {
        self.serialize_seq(length)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, ContentError> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, ContentError> {
        self.put_variant(variant)?;
        Ok(self)
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident)*) => {
        $(impl<W: Write> $trait for &mut Writer<'_, W> {
            type Ok = ();
            type Error = ContentError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ContentError> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), ContentError> {
                Ok(())
            }
        })*
    };
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($trait:ident)*) => {
        $(impl<W: Write> $trait for &mut Writer<'_, W> {
            type Ok = ();
            type Error = ContentError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                _: &'static str,
                value: &T,
            ) -> Result<(), ContentError> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), ContentError> {
                Ok(())
            }
        })*
    };
}

fields! { SerializeStruct SerializeStructVariant }

impl<W: Write> SerializeMap for &mut Writer<'_, W> {
    type Ok = ();
    type Error = ContentError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ContentError> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ContentError> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), ContentError> {
        Ok(())
    }
}
