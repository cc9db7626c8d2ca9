//! Import and export: many complaints in one body, a row each.
//!
//! What comes in is cut into rows wherever its pieces end ([`source`]), a row is put into the form of an intake if it has
//! another ([`mapping`]), and read ([`import`]). A case file that comes in is checked and sealed anew ([`case_file`]).
//! What goes out as CSV is written by [`table`].

pub mod answer;
pub mod case_file;
pub mod date;
pub mod import;
pub mod mapping;
pub mod source;
pub mod table;
