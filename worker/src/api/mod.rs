//! A file per resource: parse, decide, append, render. Handlers are thin; the rules are in `shared`.

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
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod intake;
pub(crate) mod keys;
pub(crate) mod letter_templates;
pub(crate) mod letters;
pub(crate) mod lock;
pub(crate) mod once;
pub(crate) mod relocations;
pub(crate) mod shards;
pub(crate) mod split;
pub(crate) mod tenants;
pub(crate) mod test_clock;
pub(crate) mod usage;
pub(crate) mod views;
