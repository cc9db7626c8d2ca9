//! What operators measure: counted in each isolate, added up in the object `Metrics` of the cell, shown as Prometheus text.
//!
//! Invariant: no label holds what a caller has sent. Values are names of our own (Workers, routes, shards, codes), and the ids of few
//! tenants.

mod exposition;
mod family;
mod tenants;
mod totals;

pub use exposition::{MEDIA_TYPE, expose};
pub use family::{ALL, BUCKETS, Family, Kind, families};
pub use tenants::{BusyTenants, SHOWN};
pub use totals::{MAX_SERIES, Totals};
