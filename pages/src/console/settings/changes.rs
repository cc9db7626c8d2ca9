//! Who has changed what of the firm's own settings and keys, and when.

use super::Settings;
use crate::console::{
    office::{short, words},
    shell::Shell,
};
use askama::Template;

/// A change.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// When.
    pub at: String,
    /// What, in words.
    pub what: String,
    /// The key that it was of; empty: none.
    pub key: String,
    /// Who.
    pub by: String,
}

/// All, the newest first.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings/changes.html")]
pub struct Changes {
    /// What is around it.
    pub shell: Shell,
    /// Which settings there are.
    pub settings: Settings,
    /// They.
    pub rows: Vec<Row>,
    /// The place of the next page; empty: there is none.
    pub next: String,
}

/// What has happened, by the type of an event, and the key or the values that it names.
#[must_use]
pub fn what(kind: &str, name: &str, fields: &[String], key: &str) -> String {
    match kind {
        "created" => "The firm was entered".to_owned(),
        "settings_changed" if fields.is_empty() => "Settings changed".to_owned(),
        "settings_changed" => {
            let named: Vec<_> = fields.iter().map(|field| setting(field)).collect();
            format!("Changed: {}", named.join(", "))
        }
        "key_issued" if name.is_empty() => format!("Key {} issued", short(key)),
        "key_issued" => format!("Key “{name}” issued"),
        "key_rotated" => format!("Key {} replaced by another", short(key)),
        "key_revoked" => format!("Key {} revoked", short(key)),
        "suspended" => "The firm was suspended".to_owned(),
        "resumed" => "The firm is served again".to_owned(),
        other => words(other),
    }
}

/// A setting, as these pages call it.
fn setting(field: &str) -> String {
    match field {
        "display_name" => "name".to_owned(),
        "slug" => "name in addresses".to_owned(),
        "custom_fields" => "fields".to_owned(),
        "link_duplicates" => "linking of similar complaints".to_owned(),
        "clocks" => "deadlines".to_owned(),
        "off" => "switches".to_owned(),
        other => other.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_is_said_in_words() {
        let fields = ["custom_fields".to_owned(), "portal".to_owned()];
        assert_eq!(what("settings_changed", "", &fields, ""), "Changed: fields, portal");
        assert_eq!(what("key_issued", "CRM", &[], "key_01ABCDEF"), "Key “CRM” issued");
        assert_eq!(what("key_revoked", "", &[], "key_01ABCDEF"), "Key ABCDEF revoked");
        assert_eq!(what("shard_added", "", &[], ""), "Shard added");
    }
}
