//! The complaint domain from outside: what any course of commands may do to a case file, what a change to the
//! file looks like, and the formats that are for life. One binary, no I/O.

mod any_course;
mod any_import;
mod any_tampering;
mod arbitrary;
mod attachments;
mod case;
mod counts;
mod every_command;
mod formats;
mod letters;
mod parts;
mod returns;
mod rights;
mod usual_course;
