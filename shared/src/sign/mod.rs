//! Signatures: made and checked with keys that are passed in.

pub mod api_key;
mod eddsa;
