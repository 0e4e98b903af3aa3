//! Reading a content.

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::ContentError;

/// Reads a value that takes all of `bytes`.
pub(crate) fn from_bytes<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, ContentError> {
    let mut reader = Reader(bytes);
    let value = T::deserialize(&mut reader)?;
    if reader.0.is_empty() {
        Ok(value)
    } else {
        Err(ContentError::Trailing(reader.0.len()))
    }
}

struct Reader<'de>(&'de [u8]);

impl<'de> Reader<'de> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], ContentError> {
        let (first, rest) = self.0.split_first_chunk().ok_or(ContentError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    fn length(&mut self) -> Result<usize, ContentError> {
        usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| ContentError::Truncated)
    }

    fn slice(&mut self) -> Result<&'de [u8], ContentError> {
        let length = self.length()?;
        let (first, rest) = self.0.split_at_checked(length).ok_or(ContentError::Truncated)?;
        self.0 = rest;
        Ok(first)
    }

    fn flag(&mut self) -> Result<bool, ContentError> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(ContentError::Meaningless),
        }
    }
}

macro_rules! integers {
    ($($method:ident $type:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
            visitor.$visit($type::from_le_bytes(self.array()?))
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = ContentError;

    integers! {
        deserialize_u8 u8 visit_u8 deserialize_u16 u16 visit_u16 deserialize_u32 u32 visit_u32
        deserialize_u64 u64 visit_u64 deserialize_u128 u128 visit_u128
        deserialize_i8 i8 visit_i8 deserialize_i16 i16 visit_i16 deserialize_i32 i32 visit_i32
        deserialize_i64 i64 visit_i64 deserialize_i128 i128 visit_i128
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    /// A decimal asks this way for the text that it was written as; nothing else does.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        visitor.visit_bool(self.flag()?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        let number = u32::from_le_bytes(self.array()?);
        visitor.visit_char(char::from_u32(number).ok_or(ContentError::Meaningless)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ContentError> {
        Err(ContentError::Unsupported)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ContentError> {
        Err(ContentError::Unsupported)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        let text = std::str::from_utf8(self.slice()?).map_err(|_| ContentError::Meaningless)?;
        visitor.visit_borrowed_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        visitor.visit_borrowed_bytes(self.slice()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        if self.flag()? {
            visitor.visit_some(self)
        } else {
            visitor.visit_none()
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ContentError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ContentError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        let left = self.length()?;
        visitor.visit_seq(Elements { reader: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, ContentError> {
        visitor.visit_seq(Elements { reader: self, left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, ContentError> {
        self.deserialize_tuple(left, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ContentError> {
        let left = self.length()?;
        visitor.visit_map(Elements { reader: self, left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ContentError> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ContentError> {
        visitor.visit_enum(Variant { reader: self })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ContentError> {
        Err(ContentError::Unsupported)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ContentError> {
        Err(ContentError::Unsupported)
    }
}

struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = ContentError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ContentError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    /// The length is not to be trusted before the elements are there: none of them takes less than no byte.
    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(self.reader.0.len()))
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = ContentError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ContentError> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ContentError> {
        seed.deserialize(&mut *self.reader)
    }
}

struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = ContentError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), ContentError> {
        let number = u32::from_le_bytes(self.reader.array()?);
        let value = seed.deserialize(IntoDeserializer::<ContentError>::into_deserializer(number))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = ContentError;

    fn unit_variant(self) -> Result<(), ContentError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ContentError> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, ContentError> {
        self.reader.deserialize_tuple(left, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ContentError> {
        self.reader.deserialize_tuple(fields.len(), visitor)
    }
}
