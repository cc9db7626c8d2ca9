//! The rate limiter from outside: whatever happens to its messages, isolates and objects, no window is overrun;
//! what is allowed is nearly all given; and the formats that are stored or sent.

mod any_course;
mod examples;
mod formats;
mod simulation;
mod throughput;
