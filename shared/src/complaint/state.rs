//! The states of a complaint and the legal moves between them: one table, [`MOVES`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a complaint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Logged; the complainant has not been told yet.
    Received,
    /// The complainant has been told that the firm has it.
    Acknowledged,
    /// Somebody works on it.
    Investigating,
    /// A question to the complainant is open. No statutory clock stops for that.
    AwaitingInformation,
    /// An answer is drafted and waits to be sent.
    ResponseProposed,
    /// Answered.
    Resolved,
    /// Nothing more to do.
    Closed,
    /// Taken up again after it had ended.
    Reopened,
    /// Taken back by the complainant.
    Withdrawn,
    /// With an ombudsman or another scheme.
    Referred,
}

/// A change of state. `resolve` comes in two kinds with different preconditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Move {
    /// Tell the complainant that the firm has it.
    Acknowledge,
    /// Start or resume work.
    Investigate,
    /// Ask the complainant.
    RequestInformation,
    /// Draft the answer.
    ProposeResponse,
    /// Send the final response.
    Resolve,
    /// Settle with the complainant's acceptance: `resolve` of kind `summary_resolution` (FCA DISP 1.5).
    #[serde(rename = "resolve:summary_resolution")]
    ResolveSummarily,
    /// File it.
    Close,
    /// Take it up again.
    Reopen,
    /// Record that the complainant took it back.
    Withdraw,
    /// Record that it went to an ombudsman or another scheme.
    Refer,
    /// Take a part back into the complaint it was split off from.
    Rejoin,
}

use Move as M;
use State as S;

/// Every legal move: from any of these states, by this move, to that state. What is not here is refused.
/// Rows may be added, never taken away: old case files are folded by this table.
pub const MOVES: &[(&[State], Move, State)] = &[
    (&[S::Received], M::Acknowledge, S::Acknowledged),
    (&[S::Acknowledged, S::AwaitingInformation, S::ResponseProposed, S::Reopened], M::Investigate, S::Investigating),
    (&[S::Investigating], M::RequestInformation, S::AwaitingInformation),
    (&[S::Investigating, S::AwaitingInformation], M::ProposeResponse, S::ResponseProposed),
    (&[S::ResponseProposed], M::Resolve, S::Resolved),
    (
        &[S::Received, S::Acknowledged, S::Investigating, S::AwaitingInformation, S::ResponseProposed, S::Reopened],
        M::ResolveSummarily,
        S::Resolved,
    ),
    (&[S::Resolved, S::Withdrawn, S::Referred], M::Close, S::Closed),
    (&[S::Resolved, S::Closed, S::Withdrawn, S::Referred], M::Reopen, S::Reopened),
    (
        &[S::Received, S::Acknowledged, S::Investigating, S::AwaitingInformation, S::ResponseProposed, S::Reopened],
        M::Withdraw,
        S::Withdrawn,
    ),
    (
        &[
            S::Received,
            S::Acknowledged,
            S::Investigating,
            S::AwaitingInformation,
            S::ResponseProposed,
            S::Resolved,
            S::Closed,
            S::Reopened,
        ],
        M::Refer,
        S::Referred,
    ),
    (
        &[S::Received, S::Acknowledged, S::Investigating, S::AwaitingInformation, S::ResponseProposed, S::Reopened],
        M::Rejoin,
        S::Closed,
    ),
];

impl State {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Received,
        Self::Acknowledged,
        Self::Investigating,
        Self::AwaitingInformation,
        Self::ResponseProposed,
        Self::Resolved,
        Self::Closed,
        Self::Reopened,
        Self::Withdrawn,
        Self::Referred,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Acknowledged => "acknowledged",
            Self::Investigating => "investigating",
            Self::AwaitingInformation => "awaiting_information",
            Self::ResponseProposed => "response_proposed",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Withdrawn => "withdrawn",
            Self::Referred => "referred",
        }
    }

    /// The state that `made` leads to, or `None` if it is not legal here.
    #[must_use]
    pub fn after(self, made: Move) -> Option<Self> {
        MOVES.iter().find(|(from, by, _)| *by == made && from.contains(&self)).map(|(_, _, to)| *to)
    }

    /// The moves that are legal here, in the table's order, but for [`Move::Rejoin`], which a part alone can make.
    #[must_use]
    pub fn legal_moves(self) -> Vec<Move> {
        let all = MOVES.iter().filter(|(from, by, _)| *by != Move::Rejoin && from.contains(&self));
        all.map(|(_, by, _)| *by).collect()
    }

    /// Whether the complaint still needs an answer.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::Closed | Self::Withdrawn | Self::Referred)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_are_the_serialized_ones() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }

    #[test]
    fn every_state_can_be_reached_and_left() {
        for state in State::ALL {
            assert!(state == State::Received || MOVES.iter().any(|(_, _, to)| *to == state), "{state:?}");
            assert!(!state.legal_moves().is_empty(), "{state:?}");
        }
    }

    #[test]
    fn a_move_has_one_row() {
        for (at, (_, made, _)) in MOVES.iter().enumerate() {
            assert_eq!(MOVES.iter().position(|(_, other, _)| other == made), Some(at));
        }
    }

    #[test]
    fn the_course_of_a_complaint() {
        let course = [
            (M::Acknowledge, S::Acknowledged),
            (M::Investigate, S::Investigating),
            (M::RequestInformation, S::AwaitingInformation),
            (M::Investigate, S::Investigating),
            (M::ProposeResponse, S::ResponseProposed),
            (M::Resolve, S::Resolved),
            (M::Close, S::Closed),
            (M::Reopen, S::Reopened),
            (M::Withdraw, S::Withdrawn),
        ];
        course.into_iter().fold(S::Received, |state, (made, to)| {
            assert_eq!(state.after(made), Some(to));
            to
        });
        assert_eq!(S::Received.after(M::Resolve), None);
        assert_eq!(S::Withdrawn.after(M::Refer), None);
    }
}
