//! What `ClamAV`'s daemon answers to `INSTREAM` (clamd(8), "COMMANDS").

use super::Signature;

/// The daemon has not said what it thinks of the file: it is too large for it, or something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scanner says {0:?}")]
pub struct NoVerdict(String);

/// The signature that was found, if one was.
///
/// # Errors
/// [`NoVerdict`].
pub fn said(reply: &str) -> Result<Option<Signature>, NoVerdict> {
    let plain = reply.trim_matches(['\0', '\n', ' ']);
    let no_verdict = || NoVerdict(plain.chars().take(200).collect());
    let said = plain.strip_prefix("stream: ").ok_or_else(no_verdict)?;
    match said.strip_suffix(" FOUND") {
        Some(found) => {
            Signature::try_from(found.chars().take(200).collect::<String>()).map(Some).map_err(|_| no_verdict())
        }
        None if said == "OK" => Ok(None),
        None => Err(no_verdict()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_a_verdict_or_none() {
        assert_eq!(said("stream: OK\0"), Ok(None));
        let found = said("stream: Eicar-Test-Signature FOUND\0").unwrap().unwrap();
        assert_eq!(found.as_str(), "Eicar-Test-Signature");
        for other in
            ["", "INSTREAM size limit exceeded. ERROR\0", "stream: Can't allocate ERROR", "stream:  FOUND", "PONG"]
        {
            assert!(said(other).is_err(), "{other}");
        }
    }
}
