//! Enums that go by a name.

/// The text is none of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownName(pub(crate) &'static [&'static str]);

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("must be one of")?;
        self.0.iter().try_for_each(|name| write!(f, " {name}"))
    }
}

impl std::error::Error for UnknownName {}

/// Declares an enum with its names on the wire. It is read and written as a text, which every reader and writer can do
/// already; what serde derives for an enum would be compiled anew for each of them, and weighs ten times as much.
macro_rules! named {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident: $wire:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The names on the wire.
            pub const NAMES: &[&'static str] = &[$($wire,)*];
        }

        impl TryFrom<String> for $name {
            type Error = $crate::clock::named::UnknownName;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let place = Self::NAMES.iter().position(|name| *name == text);
                let found = place.and_then(|place| Self::ALL.get(place)).copied();
                found.ok_or($crate::clock::named::UnknownName(Self::NAMES))
            }
        }

        impl From<$name> for &'static str {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => $wire,)* }
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                concat!("Clock", stringify!($name)).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": Self::NAMES })
            }
        }
    };
}

pub(crate) use named;
