//! Webhooks: what a firm's own systems are told of, as Standard Webhooks says (standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`).
//!
//! Everything that can be decided without sending anything: where may be sent to ([`address`]), what is sent and how it is signed
//! ([`message`], [`signature`]), what an answer means and when to try again ([`attempt`]), and what becomes of the endpoint
//! ([`endpoint`]).

pub mod address;
pub mod attempt;
pub mod endpoint;
pub mod message;
pub mod signature;
