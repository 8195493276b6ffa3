//! How the program ends.

use std::process::ExitCode;

/// The configuration, or what it points to, must be put right by a person: starting again won't
/// help. Ends with code 78, at which a supervisor gives up. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misconfigured(pub String);

/// What a command answers: done, or done with a finding that a script should see (code 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Findings,
}

/// `EX_CONFIG` of sysexits.h.
const CONFIGURATION: u8 = 78;

/// Tells what went wrong, with its causes, and answers the code for it. (Usage errors are clap's: 2.)
pub fn code(result: &anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("synops: {error:#}");
            let wrong_configuration =
                error.chain().any(|cause| cause.is::<Misconfigured>() || cause.is::<crate::config::Error>());
            if wrong_configuration { ExitCode::from(CONFIGURATION) } else { ExitCode::FAILURE }
        }
    }
}
