//! The API from outside, over HTTP against the real runtime. `cargo xtask test` starts a stack and runs this with
//! `BASE_URL`, `INNER_URL` and `OPERATOR_KEY`.
//!
//! Invariant: every test makes its own tenant, so tests run side by side and need no clean state; every answer is
//! checked against the API's own description ([`contract`]); nothing waits for a fixed time ([`eventually`]).

mod client;
mod clocks;
mod contract;
mod eventually;
mod firm;
mod own_stack;

mod attachments;
mod browser;
mod budgets;
mod bulk;
mod cells;
mod changes;
mod chaos;
mod commands;
mod complaints;
mod deadlines;
mod delivery;
mod description;
mod duplicates;
mod email;
mod export;
mod faults;
mod flags;
mod idempotency;
mod identity;
mod import;
mod isolation;
mod keys;
mod letters;
mod limits;
mod live;
mod locks;
mod matrix;
mod metrics;
mod naughty;
mod notifications;
mod own_settings;
mod parts;
mod portal;
mod problems;
mod relocation;
mod returns;
mod search;
mod shards;
mod signatures;
mod spool;
mod statistics;
mod tenants;
mod traces;
mod uploads;
mod verify;
mod views;
mod webhooks;
