//! What is measured, and what design and API fix about each operation: one table.

use clap::ValueEnum;
use hyper::{Method, StatusCode};

/// What a virtual user does again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Operation {
    /// Reads one complaint of all, each equally often.
    Read,
    /// Lists the fifty newest complaints.
    List,
    /// Lists the fifty newest of a state and a product.
    Filtered,
    /// Lists fifty from anywhere in the list, by cursor.
    Deep,
    /// Searches a word that at most ten complaints have.
    Rare,
    /// Searches a word that 3 to 10 % have.
    Middle,
    /// Searches a word that a fifth or more have.
    Common,
    /// Searches a phrase that 3 % or more have.
    Phrase,
    /// Searches a common word within a product.
    Within,
    /// Searches a phrase of two common words that hardly any complaint has.
    Unlucky,
    /// Counts all complaints by property.
    Counts,
    /// Finds what is like a complaint.
    Duplicates,
    /// Reads a hundred changes from anywhere in the feed.
    Changes,
    /// Logs a complaint.
    Create,
    /// Acknowledges a complaint that nobody has touched yet.
    Command,
    /// Does all of it, as an ordinary day does: see [`MIX`].
    Mixed,
    /// Takes a case's lock.
    Lock,
    /// Imports five hundred complaints. For profiles: how fast that is, the corpus's own import says.
    Import,
}

/// What the design promises of a kind of operation as the corpus grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    List,
    Search,
    Write,
    /// The design promises nothing.
    Other,
}

/// What is fixed about an operation.
struct Facts {
    name: &'static str,
    kind: Kind,
    method: Method,
    success: StatusCode,
    /// The D1 calls that `docs/architecture.md` promises at most, on one shard.
    most_d1_calls: Option<f64>,
    /// The share of the baseline's requests a second that must be reached, where the baseline does the same.
    least_ratio: Option<f64>,
}

impl Operation {
    /// All, in the order they are measured: those that leave the data as it is come first, and a lock keeps commands out.
    pub(crate) const ALL: [Self; 17] = [
        Self::Read,
        Self::List,
        Self::Filtered,
        Self::Deep,
        Self::Rare,
        Self::Middle,
        Self::Common,
        Self::Phrase,
        Self::Within,
        Self::Unlucky,
        Self::Counts,
        Self::Duplicates,
        Self::Changes,
        Self::Create,
        Self::Command,
        Self::Mixed,
        Self::Lock,
    ];

    fn facts(self) -> Facts {
        let (name, kind, method, most_d1_calls, least_ratio) = match self {
            Self::Read => ("read", Kind::Read, Method::GET, Some(1.0), Some(1.0)),
            Self::List => ("list", Kind::List, Method::GET, Some(1.0), Some(1.0)),
            Self::Filtered => ("filtered", Kind::List, Method::GET, Some(1.0), None),
            Self::Deep => ("deep", Kind::List, Method::GET, Some(1.0), Some(1.0)),
            Self::Rare => ("rare", Kind::Search, Method::GET, Some(1.0), None),
            Self::Middle => ("middle", Kind::Search, Method::GET, Some(1.0), None),
            Self::Common => ("common", Kind::Search, Method::GET, Some(1.0), None),
            Self::Phrase => ("phrase", Kind::Search, Method::GET, Some(1.0), None),
            Self::Within => ("within", Kind::Search, Method::GET, Some(1.0), None),
            Self::Unlucky => ("unlucky", Kind::Search, Method::GET, Some(1.0), None),
            Self::Counts => ("counts", Kind::Other, Method::GET, Some(1.0), None),
            Self::Duplicates => ("duplicates", Kind::Other, Method::GET, Some(2.0), None),
            Self::Changes => ("changes", Kind::Other, Method::GET, Some(1.0), None),
            Self::Create => ("create", Kind::Write, Method::POST, Some(1.0), Some(0.9)),
            Self::Command => ("command", Kind::Write, Method::POST, Some(2.0), Some(0.9)),
            Self::Mixed => ("mixed", Kind::Other, Method::GET, None, None),
            Self::Lock => ("lock", Kind::Other, Method::PUT, Some(2.0), None),
            Self::Import => ("import", Kind::Other, Method::POST, None, None),
        };
        let success = if self == Self::Create { StatusCode::CREATED } else { StatusCode::OK };
        Facts { name, kind, method, success, most_d1_calls, least_ratio }
    }

    /// The name in tables and files.
    pub(crate) fn name(self) -> &'static str {
        self.facts().name
    }

    pub(crate) fn kind(self) -> Kind {
        self.facts().kind
    }

    pub(crate) fn method(self) -> Method {
        self.facts().method
    }

    /// The status of a success; any other answer counts as an error.
    pub(crate) fn success(self) -> StatusCode {
        self.facts().success
    }

    /// The D1 round trips a request may take.
    pub(crate) fn most_d1_calls(self) -> Option<f64> {
        self.facts().most_d1_calls
    }

    /// The share of the baseline's requests per second that must be reached.
    pub(crate) fn least_ratio(self) -> Option<f64> {
        self.facts().least_ratio
    }

    /// Whether the baseline does it too.
    pub(crate) fn is_of_baseline(self) -> bool {
        self.facts().least_ratio.is_some()
    }

    /// Whether it leaves work behind that runs after the response.
    pub(crate) fn writes(self) -> bool {
        self.uses_up() > 0.0 || self == Self::Create
    }

    /// How many complaints that nobody has touched a request takes, on average.
    pub(crate) fn uses_up(self) -> f64 {
        match self {
            Self::Command => 1.0,
            Self::Mixed => share_of(Self::Command),
            _ => 0.0,
        }
    }
}

/// An ordinary day of agents and of the systems beside them, in hundredths of all requests: 60 look at one complaint or at a
/// list, 15 search, 15 change something, 10 log something new.
pub(crate) const MIX: [(Operation, u32); 10] = [
    (Operation::Read, 40),
    (Operation::List, 10),
    (Operation::Filtered, 8),
    (Operation::Deep, 2),
    (Operation::Rare, 6),
    (Operation::Middle, 4),
    (Operation::Common, 2),
    (Operation::Phrase, 3),
    (Operation::Command, 15),
    (Operation::Create, 10),
];

/// The operation of the mix that a number from 0 to 99 stands for.
pub(crate) fn of_mix(number: u32) -> Operation {
    let mut rest = number % 100;
    for (operation, share) in MIX {
        if rest < share {
            return operation;
        }
        rest -= share;
    }
    Operation::Read
}

fn share_of(operation: Operation) -> f64 {
    MIX.iter().filter(|(one, _)| *one == operation).map(|(_, share)| f64::from(*share) / 100.0).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_whole() {
        assert_eq!(MIX.iter().map(|(_, share)| share).sum::<u32>(), 100);
        for (operation, share) in MIX {
            assert_eq!((0..100).filter(|number| of_mix(*number) == operation).count(), share as usize);
        }
    }

    #[test]
    fn the_command_line_and_the_table_use_the_same_names() {
        for operation in Operation::ALL {
            assert_eq!(operation.to_possible_value().unwrap().get_name(), operation.name());
        }
    }
}
