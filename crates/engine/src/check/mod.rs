//! Runs one check: connects for real, within its time-out, past the guard.

mod cidr;
pub(crate) mod failure;
pub(crate) mod guard;
pub(crate) mod http;
pub(crate) mod network;
mod postgres;
mod tcp;

use domain::check::CheckSpec;
use failure::Failure;
use network::Network;
use std::time::{Duration, Instant};

/// What a run found.
#[derive(Debug)]
pub(crate) struct Found {
    /// To the first complete answer; of a failed run, to its failure.
    pub(crate) took: Duration,
    pub(crate) result: Result<(), Failure>,
}

pub(crate) struct Checker {
    network: Network,
    http: reqwest::Client,
}

impl Checker {
    pub(crate) fn new(network: Network) -> Result<Self, reqwest::Error> {
        let http = http::client(&network, "check")?;
        Ok(Self { network, http })
    }

    /// Name resolution, connection and answer all count into `timeout`.
    pub(crate) async fn run(&self, check: &CheckSpec, password: Option<&str>, timeout: Duration) -> Found {
        let begun = Instant::now();
        let result = match tokio::time::timeout(timeout, self.connect(check, password, timeout)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::TimedOut { after_ms: timeout.as_millis() }),
        };
        Found { took: begun.elapsed(), result }
    }

    async fn connect(&self, check: &CheckSpec, password: Option<&str>, budget: Duration) -> Result<(), Failure> {
        match check {
            CheckSpec::Http { url, expect_status, expect_text } => {
                let expected = http::Expected { status: expect_status.as_deref(), text: expect_text.as_deref() };
                http::check(&self.http, &self.network, url, &expected).await
            }
            CheckSpec::Tcp { address } => tcp::check(&self.network, address, budget).await,
            CheckSpec::Postgres { url } => postgres::check(&self.network, url, password, budget).await,
        }
    }
}
