//! Who a firm's staff are, how they sign in, and for how long: by their firm's own provider ([`oidc`]), or, where it has none, by a link
//! sent by mail ([`email_link`]). No password is stored, ever.
//!
//! ```text
//! attempt ─► provider ─► ID token ─► account ─┐
//!                                             ├─► person (within the plan's seats) ─► session ─► access token, 5 minutes
//! asked by mail ─► link, once ────────────────┘                                        └─ refresh token, once each
//! ```
//!
//! Invariant: whoever is admitted is admitted by what this cell has signed; the database alone opens nothing, and holds no secret that does.

pub mod cookie;
pub mod csrf;
pub mod email;
pub mod email_link;
pub mod key;
pub mod oidc;
pub mod person;
pub mod return_path;
pub mod role;
pub mod session;
pub mod session_token;
pub mod settings;
