//! How much a tenant, or an address without credentials, may ask of Redress.
//!
//! A tenant has one object ([`limiter::Limiter`]) that knows all its limits, and many isolates, each with a share of
//! them ([`held::Held`]). An isolate asks for a *lease* of tokens, spends them without a hop for up to a second and,
//! with its next ask, reports which it used and when. The object counts a token as used from the moment it grants it
//! until a report says otherwise, so what a lost message, a dead isolate or a restart leaves behind is a token
//! counted too long, never one counted too little.
//!
//! Why no window is ever overrun: let g be the grant made last of those whose tokens were used within a window.
//! None of g's tokens is usable before the moment n for which the object found it free. What else was used in the
//! window was granted before g, and used later than n less the window's length, because the window ends at n or
//! later. The object counted all of it when it granted g: as reported uses at no earlier than their moments, or as
//! tokens not yet reported.
//!
//! No two clocks are compared. Tokens are dated by the isolate from when it sent (the object granted later) and from
//! when it received (the object granted earlier), each in time elapsed on its own clock. All clocks have to run at
//! one speed; the object's may stand still or go back, but what it skips forward is lost to the limit.

mod counts;
pub mod headers;
pub mod held;
pub mod lease;
pub mod limiter;
pub mod plan;
