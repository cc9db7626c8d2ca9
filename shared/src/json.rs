//! Reading JSON: the one way into this crate's types, for bodies of requests, rows of D1 and answers of objects alike.
//!
//! [`from_str`] reads what `serde_json` reads, with three differences. A struct is read from an object only, never from an
//! array of its members. An error says which value it is about, as a JSON Pointer (RFC 6901), put together on the error's
//! way out. And it is small: `serde_json` compiles its whole parser once for every type that is read, which made up an
//! eighth of the Worker; here all but a few lines are compiled once. Only the structure is read here: numbers, strings with
//! escapes and what is wrong with a text that is no JSON are left to `serde_json`. A property test holds the two together.

use serde::Serialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor, value::StrDeserializer,
};
use serde_json::{Map, Number, Value, value::RawValue};
use std::{borrow::Cow, fmt};

/// The deepest that arrays and objects may be inside each other, as of `serde_json`.
const MAX_DEPTH: u8 = 127;

/// Why a text was refused. Shown, it tells nothing of the text, which may be personal.
#[derive(Debug, thiserror::Error)]
#[error("{:?} error of JSON at byte {at}", error.classify())]
pub struct Refused {
    /// The value that is not right, as a JSON Pointer; empty for the whole text.
    pub pointer: String,
    at: usize,
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
    let mut source = Source { text, at: 0, depth: 0, trail: Vec::new() };
    let read = T::deserialize(&mut source);
    match read.and_then(|value| source.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(fault) => Err(source.refused(fault)),
    }
}

/// The members of what is shown as an object; `None` if it is not. By way of its text, which is written anyhow: a serializer into values
/// would be compiled for each type once more, and is a fiftieth of a Worker for a complaint alone.
#[must_use]
pub fn members(shown: &impl Serialize) -> Option<Map<String, Value>> {
    match from_str(&serde_json::to_string(shown).ok()?) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// Why reading stopped: `None` where it is no JSON, else why it is not what was wanted.
#[derive(Debug)]
#[allow(clippy::box_collection, reason = "one pointer: every function hands it on, and would mostly do that otherwise")]
struct Fault(Option<Box<String>>);

impl Fault {
    const SYNTAX: Self = Self(None);

    #[cold]
    #[inline(never)]
    fn data(message: String) -> Self {
        Self(Some(Box::new(message)))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref().map_or("is no JSON", |message| message))
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::data(message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::data(match unexpected {
            Unexpected::Unit => format!("invalid type: null, expected {expected}"),
            _ => format!("invalid type: {unexpected}, expected {expected}"),
        })
    }
}

/// A text that is being read.
struct Source<'de> {
    text: &'de str,
    /// The next byte.
    at: usize,
    depth: u8,
    /// The way from an error to the root, innermost step first.
    trail: Vec<String>,
}

impl<'de> Source<'de> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The first byte of what comes next.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.byte()
    }

    fn take(&mut self, wanted: u8) -> Result<(), Fault> {
        if self.peek() != Some(wanted) {
            return Err(Fault::SYNTAX);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(Fault::SYNTAX);
        }
        self.at += word.len();
        Ok(())
    }

    fn since(&self, start: usize) -> &'de str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn string(&mut self) -> Result<Cow<'de, str>, Fault> {
        self.take(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.byte() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(0..=0x1F) | None => return Err(Fault::SYNTAX),
                Some(_) => self.at += 1,
            }
        }
        let inner = self.since(start);
        self.at += 1;
        if !escaped {
            return Ok(Cow::Borrowed(inner));
        }
        serde_json::from_str(self.since(start - 1)).map(Cow::Owned).map_err(|_| Fault::SYNTAX)
    }

    fn number(&mut self) -> Result<Number, Fault> {
        let start = self.at;
        while matches!(self.byte(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        serde_json::from_str(self.since(start)).map_err(|_| Fault::SYNTAX)
    }

    fn boolean(&mut self) -> Result<bool, Fault> {
        let value = self.byte() == Some(b't');
        self.word(if value { "true" } else { "false" }).map(|()| value)
    }

    fn open(&mut self, bracket: u8) -> Result<(), Fault> {
        self.take(bracket)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Fault::SYNTAX) } else { Ok(()) }
    }

    /// Whether another element or member comes before `bracket`; if not, that is taken.
    fn another(&mut self, bracket: u8, first: bool) -> Result<bool, Fault> {
        if self.peek() == Some(bracket) {
            return Ok(false);
        }
        if !first {
            self.take(b',')?;
        }
        Ok(true)
    }

    fn close(&mut self, bracket: u8) -> Result<(), Fault> {
        match self.peek() {
            Some(next) if next == bracket => {}
            // Whoever reads wants no more, and there is more.
            Some(b',') => return Err(Fault::data("has too many elements".to_owned())),
            _ => return Err(Fault::SYNTAX),
        }
        self.at += 1;
        self.depth -= 1;
        Ok(())
    }

    /// The name of the next member, up to its value.
    fn name(&mut self) -> Result<Cow<'de, str>, Fault> {
        self.peek();
        let name = self.string()?;
        self.take(b':')?;
        Ok(name)
    }

    /// Reads over a value.
    fn skip(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{') => {
                self.open(b'{')?;
                let mut first = true;
                while self.another(b'}', first)? {
                    first = false;
                    self.name()?;
                    self.skip()?;
                }
                self.close(b'}')
            }
            Some(b'[') => {
                self.open(b'[')?;
                let mut first = true;
                while self.another(b']', first)? {
                    first = false;
                    self.skip()?;
                }
                self.close(b']')
            }
            Some(b'"') => self.string().map(|_| ()),
            Some(b'n') => self.word("null"),
            Some(b't' | b'f') => self.boolean().map(|_| ()),
            _ => self.number().map(|_| ()),
        }
    }

    fn end(&mut self) -> Result<(), Fault> {
        if self.peek().is_none() { Ok(()) } else { Err(Fault::SYNTAX) }
    }

    /// That what comes next is something else than what is expected.
    fn other_than(&mut self, expected: &dyn Expected) -> Fault {
        let start = self.at;
        let wrong = |unexpected: Unexpected<'_>| Fault::invalid_type(unexpected, expected);
        let read = match self.peek() {
            Some(b'{') => return wrong(Unexpected::Map),
            Some(b'[') => return wrong(Unexpected::Seq),
            Some(b'n') => self.word("null").map(|()| wrong(Unexpected::Unit)),
            Some(b't' | b'f') => self.boolean().map(|value| wrong(Unexpected::Bool(value))),
            Some(b'"') => self.string().map(|text| wrong(Unexpected::Str(&text))),
            _ => self.number().map(|number| wrong(unexpected_number(&number))),
        };
        self.at = start.max(self.at);
        read.unwrap_or_else(|fault| fault)
    }

    fn note(&mut self, step: &str) {
        self.trail.push(format!("/{}", step.replace('~', "~0").replace('/', "~1")));
    }

    fn refused(self, fault: Fault) -> Refused {
        let error = match fault {
            // `serde_json` says best what is wrong.
            Fault(None) => serde_json::from_str::<Value>(self.text).err(),
            Fault(Some(message)) => Some(Error::custom(message)),
        };
        let error = error.unwrap_or_else(|| Error::custom("is not acceptable"));
        Refused { pointer: self.trail.into_iter().rev().collect(), at: self.at, error }
    }
}

fn unexpected_number(number: &Number) -> Unexpected<'static> {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(number), ..) => Unexpected::Unsigned(number),
        (_, Some(number), _) => Unexpected::Signed(number),
        (.., number) => Unexpected::Float(number.unwrap_or_default()),
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.deserialize_u64(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Source<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.peek() {
            Some(b'{') => self.deserialize_map(visitor),
            Some(b'[') => self.deserialize_seq(visitor),
            Some(b'"') => self.deserialize_str(visitor),
            Some(b'n') => self.deserialize_unit(visitor),
            Some(b't' | b'f') => self.deserialize_bool(visitor),
            _ => self.deserialize_u64(visitor),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.peek() != Some(b'n') {
            return Err(self.other_than(&visitor));
        }
        self.word("null")?;
        visitor.visit_unit()
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if !matches!(self.peek(), Some(b't' | b'f')) {
            return Err(self.other_than(&visitor));
        }
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if matches!(self.peek(), Some(b'{' | b'[' | b'"' | b'n' | b't' | b'f')) {
            return Err(self.other_than(&visitor));
        }
        let number = self.number()?;
        match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => visitor.visit_u64(number),
            (_, Some(number), _) => visitor.visit_i64(number),
            (.., number) => visitor.visit_f64(number.unwrap_or_default()),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u128 deserialize_f32 deserialize_f64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.other_than(&visitor));
        }
        // Nobody borrows from the text.
        visitor.visit_str(&self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.peek() != Some(b'n') {
            return visitor.visit_some(self);
        }
        self.word("null")?;
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        if name != RAW {
            return visitor.visit_newtype_struct(self);
        }
        self.peek();
        let start = self.at;
        self.skip()?;
        visitor.visit_str(self.since(start))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.peek() != Some(b'[') {
            return Err(self.other_than(&visitor));
        }
        self.open(b'[')?;
        let value = visitor.visit_seq(Elements { source: self, index: 0 })?;
        self.close(b']').map(|()| value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.peek() != Some(b'{') {
            return Err(self.other_than(&visitor));
        }
        self.open(b'{')?;
        let value = visitor.visit_map(Members { source: self, name: Cow::Borrowed(""), first: true })?;
        self.close(b'}').map(|()| value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.peek() {
            Some(b'"') => {
                let name = self.string()?;
                visitor.visit_enum(Variant { source: None, name })
            }
            Some(b'{') => {
                self.open(b'{')?;
                let name = self.name()?;
                let value = visitor.visit_enum(Variant { source: Some(self), name })?;
                self.close(b'}').map(|()| value)
            }
            // As `serde_json` has it.
            _ => Err(Fault::data("expected value".to_owned())),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.skip()?;
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { char bytes byte_buf unit_struct tuple_struct identifier }
}

/// The elements of an array.
struct Elements<'s, 'de> {
    source: &'s mut Source<'de>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<D: DeserializeSeed<'de>>(&mut self, seed: D) -> Result<Option<D::Value>, Fault> {
        if !self.source.another(b']', self.index == 0)? {
            return Ok(None);
        }
        match seed.deserialize(&mut *self.source) {
            Ok(element) => {
                self.index += 1;
                Ok(Some(element))
            }
            Err(fault) => {
                self.source.note(&self.index.to_string());
                Err(fault)
            }
        }
    }
}

/// The members of an object.
struct Members<'s, 'de> {
    source: &'s mut Source<'de>,
    /// The member whose value is next.
    name: Cow<'de, str>,
    first: bool,
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<D: DeserializeSeed<'de>>(&mut self, seed: D) -> Result<Option<D::Value>, Fault> {
        if !self.source.another(b'}', self.first)? {
            return Ok(None);
        }
        self.first = false;
        self.name = self.source.name()?;
        let name = seed.deserialize(Name(&self.name));
        name.map(Some).inspect_err(|_| self.source.note(&self.name))
    }

    fn next_value_seed<D: DeserializeSeed<'de>>(&mut self, seed: D) -> Result<D::Value, Fault> {
        seed.deserialize(&mut *self.source).inspect_err(|_| self.source.note(&self.name))
    }
}

/// The variant of an enum.
struct Variant<'s, 'de> {
    /// `None` where the name is all there is.
    source: Option<&'s mut Source<'de>>,
    name: Cow<'de, str>,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<D: DeserializeSeed<'de>>(self, seed: D) -> Result<(D::Value, Self), Fault> {
        Ok((seed.deserialize(Name(&self.name))?, self))
    }
}

impl<'s, 'de> Variant<'s, 'de> {
    fn data(self, expected: &'static str) -> Result<(&'s mut Source<'de>, Cow<'de, str>), Fault> {
        match self.source {
            Some(source) => Ok((source, self.name)),
            None => Err(Fault::invalid_type(Unexpected::UnitVariant, &expected)),
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.source {
            Some(source) => serde::Deserialize::deserialize(source),
            None => Ok(()),
        }
    }

    fn newtype_variant_seed<D: DeserializeSeed<'de>>(self, seed: D) -> Result<D::Value, Fault> {
        let (source, name) = self.data("newtype variant")?;
        seed.deserialize(&mut *source).inspect_err(|_| source.note(&name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Fault> {
        let (source, name) = self.data("tuple variant")?;
        source.deserialize_seq(visitor).inspect_err(|_| source.note(&name))
    }

    fn struct_variant<V: Visitor<'de>>(self, _members: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        let (source, name) = self.data("struct variant")?;
        source.deserialize_map(visitor).inspect_err(|_| source.note(&name))
    }
}

/// The name of a member or a variant, for whoever waits for it.
struct Name<'n>(&'n str);

macro_rules! numbered {
    ($($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.0.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_str(self.0),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Name<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.0)
    }

    numbered! { deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64 }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(StrDeserializer::new(self.0))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// A value as its JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw(pub String);

const RAW: &str = "$redress::json::Raw";

impl serde::Serialize for Raw {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct RawVisitor;
        impl<'de> Visitor<'de> for RawVisitor {
            type Value = Raw;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw(text.to_owned()))
            }

            /// By any other reader than this module's.
            fn visit_newtype_struct<D: Deserializer<'de>>(self, source: D) -> Result<Raw, D::Error> {
                let value = <Value as serde::Deserialize>::deserialize(source)?;
                Ok(Raw(value.to_string()))
            }
        }
        source.deserialize_newtype_struct(RAW, RawVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
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
        assert_eq!(from_str::<Vec<Raw>>("[1, {\"a\" :2}]").unwrap()[1], Raw("{\"a\" :2}".to_owned()));
        assert_eq!(serde_json::from_str::<Raw>("{\"a\" :2}").unwrap(), Raw("{\"a\":2}".to_owned()));
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
        assert_eq!(refused.to_string(), "Data error of JSON at byte 13");
    }

    #[test]
    fn broken_json_is_refused() {
        for text in ["", "{", "{}}", "{\"number\":}", "{\"number\":1,}", "nul"] {
            assert!(!from_str::<All>(text).unwrap_err().error.is_data(), "{text}");
        }
        let deep = format!("{}{}", "{\"inner\":".repeat(200), "}".repeat(200));
        assert!(from_str::<All>(&deep).unwrap_err().error.is_syntax());
    }

    /// Any value, as JSON with white space.
    fn value() -> impl Strategy<Value = String> {
        let text = "([a-z\"é\\\\\n𝄞]|\\PC){0,6}".prop_map(|text: String| serde_json::to_string(&text).unwrap());
        let escaped =
            prop::sample::select(vec![r#""\u00e9\/""#, r#""\ud834\udd1e""#, r#""\ud834""#, r#""\x""#, "\"\t\""]);
        let number = prop::sample::select(vec![
            "0",
            "-0",
            "01",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "1.5e3",
            "1e999",
            "-",
            "1.",
            "+1",
        ]);
        let leaf = prop_oneof![
            text,
            escaped.prop_map(str::to_owned),
            number.prop_map(str::to_owned),
            any::<f64>().prop_map(|number| serde_json::json!(number).to_string()),
            prop::sample::select(vec!["null", "true", "false", "nul", "True", ""]).prop_map(str::to_owned),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(|list| format!("[ {}]", list.join(" ,\t"))),
                prop::collection::vec(("[a-c]{0,1}", inner), 0..5).prop_map(|members| {
                    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
                    format!("{{{}\n}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        /// What `serde_json` takes is taken, as the same value; what it refuses is refused, for the same reason.
        #[test]
        fn reads_all_that_serde_json_reads_and_nothing_else(
            text in value(), cut in prop::option::weighted(0.5, (any::<prop::sample::Index>(), "[\\]\\[{}\",:0tn\\\\]{0,2}")),
        ) {
            let mut text = text;
            if let Some((at, with)) = cut {
                let at = text.char_indices().map(|(at, _)| at).nth(at.index(text.chars().count().max(1))).unwrap_or_default();
                let end = text[at..].chars().next().map_or(at, |removed| at + removed.len_utf8());
                text.replace_range(at..end, &with);
            }
            match (from_str::<Value>(&text), serde_json::from_str::<Value>(&text)) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
                (Err(ours), Err(theirs)) => prop_assert_eq!(ours.error.to_string(), theirs.to_string()),
                (ours, theirs) => prop_assert!(false, "{text}: {ours:?} {theirs:?}"),
            }
            // Reading over it finds the same.
            prop_assert_eq!(from_str::<serde::de::IgnoredAny>(&text).is_ok(), serde_json::from_str::<Value>(&text).is_ok());
        }
    }
}
