//! The complaint domain.
