//! Reading JSON: the one way into this crate's types, for bodies of requests, rows of D1 and answers of objects alike.
//!
//! [`from_str`] is `serde_json`'s reader with two differences. A struct is read from an object only, never from an array of
//! its members; and an error says which value it is about, as a JSON Pointer (RFC 6901). The pointer costs nothing while
//! all goes well: it is put together on the error's way out. Every other reader of the same types would be compiled into
//! the Worker once more, member by member, and that is most of what reading JSON weighs there.

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::{borrow::Cow, cell::RefCell, fmt};

/// Why a text was refused. Shown, it tells nothing of the text, which may be personal.
#[derive(Debug, thiserror::Error)]
#[error("{:?} error of JSON at column {}", error.classify(), error.column())]
pub struct Refused {
    /// The value that is not right, as a JSON Pointer; empty for the whole text.
    pub pointer: String,
    error: serde_json::Error,
}

impl Refused {
    /// What is wrong, in `serde`'s words, without the place.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = self.error.to_string();
        if let Some(at) = message.rfind(" at line ") {
            message.truncate(at);
        }
        message
    }
}

/// Reads a text.
///
/// # Errors
/// [`Refused`], with what is wrong and where.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Refused> {
    let trail = Trail::default();
    let mut source = serde_json::Deserializer::from_str(text);
    let read = T::deserialize(Reader { source: &mut source, trail: &trail });
    read.and_then(|value| source.end().map(|()| value)).map_err(|error| Refused { pointer: trail.pointer(), error })
}

/// The way from an error to the root, innermost step first.
#[derive(Default)]
struct Trail(RefCell<Vec<String>>);

impl Trail {
    fn note(&self, step: &str) {
        self.0.borrow_mut().push(format!("/{}", step.replace('~', "~0").replace('/', "~1")));
    }

    fn pointer(self) -> String {
        self.0.into_inner().into_iter().rev().collect()
    }
}

/// A source, a visitor or a seed of serde's, with the trail.
struct Reader<'t, S> {
    source: S,
    trail: &'t Trail,
}

macro_rules! values_that_hold_no_others {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, S::Error> {
            self.source.$method(visitor)
        })*
    };
}

macro_rules! values_that_hold_others {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, S::Error> {
            self.source.$method($($argument,)* Reader { source: visitor, trail: self.trail })
        })*
    };
}

impl<'de, S: Deserializer<'de>> Deserializer<'de> for Reader<'_, S> {
    type Error = S::Error;

    values_that_hold_no_others! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    values_that_hold_others! {
        deserialize_any()
        deserialize_option()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq()
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, S::Error> {
        self.deserialize_map(visitor)
    }
}

macro_rules! visit {
    ($($method:ident($type:ty))*) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.source.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Reader<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.expecting(formatter)
    }

    visit! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64)
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.source.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.source.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<V::Value, D::Error> {
        self.source.visit_some(Reader { source, trail: self.trail })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, source: D) -> Result<V::Value, D::Error> {
        self.source.visit_newtype_struct(Reader { source, trail: self.trail })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.source.visit_seq(Elements { access, trail: self.trail, index: 0 })
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.source.visit_map(Members { access, trail: self.trail, name: Name::default() })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.source.visit_enum(Reader { source: access, trail: self.trail })
    }
}

impl<'de, D: DeserializeSeed<'de>> DeserializeSeed<'de> for Reader<'_, D> {
    type Value = D::Value;

    fn deserialize<S: Deserializer<'de>>(self, source: S) -> Result<D::Value, S::Error> {
        self.source.deserialize(Reader { source, trail: self.trail })
    }
}

/// The elements of an array.
struct Elements<'t, A> {
    access: A,
    trail: &'t Trail,
    index: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_element_seed<D: DeserializeSeed<'de>>(&mut self, seed: D) -> Result<Option<D::Value>, A::Error> {
        let element = self.access.next_element_seed(Reader { source: seed, trail: self.trail });
        let element = element.inspect_err(|_| self.trail.note(&self.index.to_string()))?;
        self.index += 1;
        Ok(element)
    }

    fn size_hint(&self) -> Option<usize> {
        self.access.size_hint()
    }
}

/// The members of an object.
struct Members<'t, 'de, A> {
    access: A,
    trail: &'t Trail,
    /// The member whose value is next.
    name: Name<'de>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<D: DeserializeSeed<'de>>(&mut self, seed: D) -> Result<Option<D::Value>, A::Error> {
        let Some(name) = self.access.next_key::<Name<'de>>()? else { return Ok(None) };
        self.name = name;
        seed.deserialize(self.name.reader()).map(Some).inspect_err(|_| self.trail.note(&self.name.0))
    }

    fn next_value_seed<D: DeserializeSeed<'de>>(&mut self, seed: D) -> Result<D::Value, A::Error> {
        let value = self.access.next_value_seed(Reader { source: seed, trail: self.trail });
        value.inspect_err(|_| self.trail.note(&self.name.0))
    }
}

impl<'t, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Reader<'t, A> {
    type Error = A::Error;
    type Variant = Variant<'t, 'de, A::Variant>;

    fn variant_seed<D: DeserializeSeed<'de>>(self, seed: D) -> Result<(D::Value, Self::Variant), A::Error> {
        let (name, access) = self.source.variant::<Name<'de>>()?;
        let variant = seed.deserialize(name.reader())?;
        Ok((variant, Variant { access, trail: self.trail, name }))
    }
}

/// The variant of an enum.
struct Variant<'t, 'de, A> {
    access: A,
    trail: &'t Trail,
    name: Name<'de>,
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Variant<'_, 'de, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.access.unit_variant()
    }

    fn newtype_variant_seed<D: DeserializeSeed<'de>>(self, seed: D) -> Result<D::Value, A::Error> {
        let value = self.access.newtype_variant_seed(Reader { source: seed, trail: self.trail });
        value.inspect_err(|_| self.trail.note(&self.name.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let value = self.access.tuple_variant(len, Reader { source: visitor, trail: self.trail });
        value.inspect_err(|_| self.trail.note(&self.name.0))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let value = self.access.struct_variant(members, Reader { source: visitor, trail: self.trail });
        value.inspect_err(|_| self.trail.note(&self.name.0))
    }
}

/// The name of a member or a variant. It is read before whoever waits for it, who gets a copy.
#[derive(Clone, Default)]
struct Name<'de>(Cow<'de, str>);

impl<'de> Name<'de> {
    fn reader<E>(&self) -> NameReader<'de, E> {
        NameReader { name: self.clone(), error: std::marker::PhantomData }
    }
}

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        source.deserialize_str(NameVisitor)
    }
}

struct NameReader<'de, E> {
    name: Name<'de>,
    error: std::marker::PhantomData<E>,
}

macro_rules! numbers {
    ($($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
            match self.name.0.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => self.deserialize_any(visitor),
            }
        })*
    };
}

impl<'de, E: Error> Deserializer<'de> for NameReader<'de, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        match self.name.0 {
            Cow::Borrowed(name) => visitor.visit_borrowed_str(name),
            Cow::Owned(name) => visitor.visit_str(&name),
        }
    }

    numbers! { deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64 }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, E> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, E> {
        let name: serde::de::value::StrDeserializer<'_, E> =
            serde::de::IntoDeserializer::into_deserializer(&*self.name.0);
        visitor.visit_enum(name)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct All {
        #[serde(default)]
        number: u8,
        #[serde(default)]
        list: Vec<(u8, String)>,
        #[serde(default)]
        numbered: BTreeMap<u32, Option<bool>>,
        #[serde(default)]
        named: BTreeMap<Word, Word>,
        #[serde(default)]
        shape: Option<Shape>,
        #[serde(default)]
        inner: Option<Box<All>>,
    }

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    struct Word(String);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Dot,
        Line { length: u8 },
        Box(Vec<u8>),
    }

    #[test]
    fn reads_what_serde_json_reads() {
        for text in [
            r#"{"number":1,"list":[[1,"a\n"],[2,"b"]],"numbered":{"7":true,"8":null},"named":{"a\t":"b"},"shape":"dot"}"#,
            r#"{"inner":{"inner":{"shape":{"line":{"length":3}}},"shape":{"box":[1,2]}}}"#,
            " {\n } ",
        ] {
            assert_eq!(from_str::<All>(text).unwrap(), serde_json::from_str::<All>(text).unwrap(), "{text}");
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(from_str::<serde_json::Value>(text).unwrap(), value);
        }
        assert_eq!(from_str::<Vec<Box<RawValue>>>("[1, {\"a\" :2}]").unwrap()[1].get(), "{\"a\" :2}");
    }

    #[test]
    fn an_error_names_its_value() {
        for (text, pointer) in [
            (r#"{"number":"1"}"#, "/number"),
            (r#"{"number":300}"#, "/number"),
            (r#"{"list":[[1,"a"],[2,3]]}"#, "/list/1/1"),
            (r#"{"list":[[1]]}"#, "/list/0"),
            (r#"{"numbered":{"7":3}}"#, "/numbered/7"),
            (r#"{"numbered":{"x":true}}"#, "/numbered/x"),
            (r#"{"inner":{"named":{"a/b~c":1}}}"#, "/inner/named/a~1b~0c"),
            (r#"{"inner":{"other":{"a":1}}}"#, "/inner/other"),
            (r#"{"shape":{"line":{"length":-1}}}"#, "/shape/line/length"),
            (r#"{"shape":{"line":{}}}"#, "/shape/line"),
            (r#"{"shape":{"box":[1,[]]}}"#, "/shape/box/1"),
            (r#"{"shape":"round"}"#, "/shape"),
            (r#"{"inner":[1,[],{},{},null,null]}"#, "/inner"),
            ("[1]", ""),
        ] {
            let refused = from_str::<All>(text).unwrap_err();
            assert_eq!((refused.pointer.as_str(), refused.error.is_data()), (pointer, true), "{text}");
        }
        let refused = from_str::<All>(r#"{"number":"1"}"#).unwrap_err();
        assert_eq!(refused.message(), "invalid type: string \"1\", expected u8");
        assert_eq!(refused.to_string(), "Data error of JSON at column 13");
    }

    #[test]
    fn broken_json_is_refused() {
        for text in ["", "{", "{}}", "{\"number\":}", "{\"number\":1,}", "nul"] {
            assert!(!from_str::<All>(text).unwrap_err().error.is_data(), "{text}");
        }
        let deep = format!("{}{}", "{\"inner\":".repeat(200), "}".repeat(200));
        assert!(from_str::<All>(&deep).unwrap_err().error.is_syntax());
    }
}
