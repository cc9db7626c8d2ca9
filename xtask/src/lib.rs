//! What `cargo xtask` is made of, as a library, so that the integration tests can start, stop and kill stacks of their own.
//! It builds, runs and talks to the Worker from outside; it holds no rule of the product.

pub mod api;
pub mod bench;
pub mod browser;
pub mod cells;
pub mod cfpb;
pub mod chaos;
pub mod checkout;
pub mod clamav;
pub mod demo;
pub mod deploy;
pub mod dev;
mod digest;
pub mod firm;
pub mod identity_provider;
pub mod import;
pub mod journey;
pub mod mail_sink;
pub mod near_duplicates;
pub mod npm;
pub mod process;
pub mod progress;
pub mod rehearse;
pub mod relocate;
pub mod residency;
pub mod screenshots;
pub mod secrets;
pub mod stack;
pub mod test;
pub mod toolchain;
pub mod verify;
pub mod wasm;
pub mod workers;
pub mod wrangler_toml;
