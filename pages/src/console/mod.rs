//! The agents' console: pages for a firm's staff. In English.

pub mod audit;
pub mod bulk;
pub mod case;
pub mod case_form;
pub mod case_json;
pub mod case_timeline;
pub mod case_words;
pub mod chart;
pub mod dashboard;
pub mod letter;
pub mod new_case;
pub mod office;
pub mod own_field;
pub mod profile;
pub mod queue;
pub mod settings;
pub mod shell;
pub mod trouble;
pub mod wish;
pub mod words;
