//! [`Kept`]: a setting as its text.

use crate::json::{self, Raw};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{borrow::Cow, marker::PhantomData};

/// A setting as it travels with the tenant: text, which only those read who have a use for it. Every Worker reads tenants, and what reads
/// a setting is not small.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Kept<T>(Raw, PhantomData<fn() -> T>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Raw(NOTHING.to_owned()), PhantomData)
    }
}

/// What is kept where nothing is set.
const NOTHING: &str = "{}";

impl<T> Kept<T> {
    /// As it is kept.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.0
    }

    /// Whether nothing is set, as far as that can be seen without reading it.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.text() == NOTHING
    }
}

impl<T: DeserializeOwned> Kept<T> {
    /// What is set.
    ///
    /// # Errors
    /// [`json::Refused`], if it is of a later version of this service.
    pub fn read(&self) -> Result<T, json::Refused> {
        json::from_str(self.text())
    }
}

impl<T: Serialize> From<&T> for Kept<T> {
    fn from(set: &T) -> Self {
        serde_json::to_string(set).map_or_else(|_| Self::default(), |text| Self(Raw(text), PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Kept<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::settings::PortalSettings;

    #[test]
    fn what_is_kept_is_what_was_set() {
        let set: PortalSettings = serde_json::from_str(r##"{"open":true,"colour":"#1d4f91"}"##).unwrap();
        let kept = Kept::from(&set);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(text, serde_json::to_string(&set).unwrap());
        assert_eq!(json::from_str::<Kept<PortalSettings>>(&text).unwrap(), kept);
        assert_eq!(kept.read().unwrap(), set);
        assert!(!kept.is_nothing());
        let nothing = Kept::<PortalSettings>::default();
        assert!(nothing.is_nothing());
        assert_eq!(nothing.read().unwrap(), PortalSettings::default());
    }
}
