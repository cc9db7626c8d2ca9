//! Signed requests from outside: the RFC's own cases, any request and any change to it, every rule of the profile,
//! and the client programs and the page that tenants are given.

mod any_request;
mod clients;
mod every_refusal;
mod page;
mod request;
mod rfc9421;
