//! Signing in by a firm's own provider: the authorization code flow of `OpenID` Connect Core 1.0 §3.1 with PKCE (RFC 7636), as RFC 9700
//! wants it.
//!
//! What is read here comes from outside; what is asked for is fetched by the Worker, with a time limit and without following redirects, in
//! this order:
//!
//! 1. `GET` [`discovery::url`] → [`discovery::Metadata::read`].
//! 2. [`attempt::Attempt::begin`] → a cookie and [`attempt::Attempt::authorization_url`].
//! 3. The browser comes back: [`attempt::Attempt::open`], [`attempt::Attempt::code`].
//! 4. `POST` [`exchange::token_request`] → [`exchange::read_token_response`].
//! 5. [`id_token::Unverified::read`], [`jwk::Jwks::choose`] (fetching `jwks_uri` where it says so), the signature by Web Crypto,
//!    [`id_token::Unverified::verified`], [`id_token::IdToken::check`].
//! 6. [`account::account`] → [`super::person::decide`] → [`super::session::Session::begin`].

pub mod account;
pub mod attempt;
pub mod discovery;
pub mod exchange;
pub mod id_token;
pub mod jwk;

/// How much clocks may differ, in seconds.
pub const SKEW_SECONDS: i64 = 60;
/// The largest document of a provider that is read, in bytes.
pub const MAX_DOCUMENT: usize = 256 * 1024;
