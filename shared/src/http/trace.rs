//! W3C Trace Context: `traceparent`.

/// A trace and the span that the caller, or this request, is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: String,
    span: String,
    flags: String,
}

/// The flag that says that a trace is recorded (Trace Context §3.2.2.5).
const SAMPLED: u8 = 1;

impl TraceParent {
    /// A new trace from 24 random bytes, not sampled.
    #[must_use]
    pub fn new(random: &[u8; 24]) -> Self {
        let (trace, span) = random.split_at(16);
        Self { trace: hex(trace), span: hex(span), flags: "00".to_owned() }
    }

    /// The same trace with this request's own span, made of 8 random bytes.
    #[must_use]
    pub fn child(&self, random: &[u8; 8]) -> Self {
        Self { span: hex(random), ..self.clone() }
    }

    /// The same, with the flag that says whether it is recorded.
    #[must_use]
    pub fn sampled(self, sampled: bool) -> Self {
        let other = u8::from_str_radix(&self.flags, 16).unwrap_or_default() & !SAMPLED;
        Self { flags: format!("{:02x}", other | if sampled { SAMPLED } else { 0 }), ..self }
    }

    /// Whether it is one of a share of traces, 0 to 1: by the last 56 bits of its id, so that whoever sees it with the same share says
    /// the same (OpenTelemetry, "Probability sampling").
    #[must_use]
    pub fn is_of_share(&self, share: f64) -> bool {
        let random = self.trace.get(18..).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share need not be exact")]
        random.is_some_and(|random| random < (share.clamp(0.0, 1.0) * 2_f64.powi(56)) as u64)
    }

    /// The id of the span.
    #[must_use]
    pub fn span_id(&self) -> &str {
        &self.span
    }

    /// The trace id, for logs.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.trace
    }

    /// The header's value.
    #[must_use]
    pub fn to_header(&self) -> String {
        format!("00-{}-{}-{}", self.trace, self.span, self.flags)
    }

    /// Reads the header; `None` if it is not valid, in which case the specification says to start a new trace.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim().splitn(5, '-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let lower_hex = |text: &str, len: usize| {
            text.len() == len && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let zero = |text: &str| text.bytes().all(|b| b == b'0');
        // Version 00 has exactly four parts; a later version may have more. ff is forbidden.
        let whole = version != "ff" && (version != "00" || parts.next().is_none());
        let valid = whole
            && lower_hex(version, 2)
            && lower_hex(trace, 32)
            && lower_hex(span, 16)
            && lower_hex(flags, 2)
            && !zero(trace)
            && !zero(span);
        valid.then(|| Self { trace: trace.to_owned(), span: span.to_owned(), flags: flags.to_owned() })
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_header_continues_the_trace() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let parent = TraceParent::parse(header).unwrap();
        assert_eq!(parent.to_header(), header);
        assert_eq!(parent.child(&[1; 8]).to_header(), "00-0af7651916cd43dd8448eb211c80319c-0101010101010101-01");
    }

    #[test]
    fn a_share_of_traces_is_the_same_wherever_one_looks() {
        let all: Vec<_> = (0..=255_u8).map(|n| TraceParent::new(&[n; 24])).collect();
        let of = |share: f64| all.iter().filter(|trace| trace.is_of_share(share)).count();
        assert_eq!((of(0.0), of(0.25), of(1.0)), (0, 64, 256));
        let child = all[3].child(&[9; 8]).sampled(true);
        assert_eq!(child.is_of_share(0.01), all[3].is_of_share(0.01));
        assert!(child.to_header().ends_with("-01") && child.sampled(false).to_header().ends_with("-00"));
    }

    /// Cases of the W3C test suite (`test/tracecontext/test_traceparent.py`).
    #[test]
    fn an_invalid_header_does_not() {
        for header in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceParent::parse(header), None, "{header}");
        }
        assert!(TraceParent::parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-future").is_some());
    }
}
