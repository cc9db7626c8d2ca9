//! What `cargo xtask` is made of, as a library, so that the integration tests can start, stop and kill stacks of their own.
//! It builds, runs and talks to the Worker from outside; it holds no rule of the product.

pub mod api;
pub mod checkout;
mod digest;
pub mod npm;
pub mod process;
pub mod progress;
pub mod secrets;
pub mod stack;
pub mod toolchain;
pub mod wasm;
