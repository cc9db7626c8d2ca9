//! A file per resource: parse, decide, append, render. Handlers are thin; the rules are in `shared`.

#[cfg(feature = "web")]
pub(crate) mod access_events;
pub(crate) mod attachments;
pub(crate) mod bulk;
pub(crate) mod case_file;
pub(crate) mod changes;
mod changing;
pub(crate) mod clocks;
pub(crate) mod commands;
pub(crate) mod complaints;
pub(crate) mod dead_letters;
pub(crate) mod deadlines;
pub(crate) mod duplicates;
pub(crate) mod export;
mod external_reference;
pub(crate) mod files;
pub(crate) mod flags;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod inbound_mails;
pub(crate) mod intake;
pub(crate) mod keys;
pub(crate) mod letter_templates;
pub(crate) mod letters;
pub(crate) mod live;
pub(crate) mod lock;
pub(crate) mod metrics;
pub(crate) mod notifications;
pub(crate) mod once;
pub(crate) mod own_tenant;
#[cfg(any(feature = "front", feature = "web", feature = "staff"))]
pub(crate) mod people;
pub(crate) mod relocations;
#[cfg(feature = "web")]
pub(crate) mod scim;
pub(crate) mod shards;
#[cfg(feature = "staff")]
pub(crate) mod sign_in;
pub(crate) mod split;
pub(crate) mod statistics;
mod steward;
pub(crate) mod taxonomy;
#[cfg(feature = "web")]
pub(crate) mod teams;
pub(crate) mod tenants;
pub(crate) mod test_clock;
pub(crate) mod uploads;
pub(crate) mod usage;
pub(crate) mod views;
pub(crate) mod webhooks;
