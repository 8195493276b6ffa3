//! The connection to Redis, or to a cluster of it. Made when it is needed, and made anew after it was lost.

use domain::telemetry::stream::StreamTrouble;
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, RedisResult, ScriptInvocation};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::time::{Instant, timeout};

const CONNECTED_WITHIN: Duration = Duration::from_secs(2);
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// After it could not be connected to, nobody tries again for so long: they would all wait for the same.
const RETRY_PAUSE: Duration = Duration::from_millis(250);
/// That it is away is told so often, however many ask.
const TOLD_EVERY: Duration = Duration::from_secs(30);
/// A cluster that moves a slot answers after one or two more tries.
const CLUSTER_RETRIES: u32 = 3;

/// What is set is no address of a Redis. It does not say what is set: a password may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address like redis://:password@127.0.0.1:6379/0, or several of one cluster with commas between")]
pub struct BadAddress;

#[derive(Clone)]
enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

#[derive(Default)]
struct State {
    /// With a number, so that one that was lost is not taken for the next.
    link: Option<(u64, Link)>,
    made: u64,
    failed_at: Option<Instant>,
    told_at: Option<Instant>,
}

pub(super) struct Connection {
    addresses: Vec<SecretString>,
    state: Mutex<State>,
    /// One connects at a time; the others wait for that.
    connecting: tokio::sync::Mutex<()>,
}

impl Connection {
    pub(super) fn new(addresses: &SecretString) -> Result<Self, BadAddress> {
        let parts = addresses.expose_secret().split(',').map(str::trim);
        let addresses: Vec<SecretString> = parts
            .map(|part| match part.starts_with("redis://") && Client::open(part).is_ok() {
                true => Ok(SecretString::from(part)),
                false => Err(BadAddress),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { addresses, state: Mutex::default(), connecting: tokio::sync::Mutex::default() })
    }

    /// Runs a script.
    pub(super) async fn call<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, StreamTrouble> {
        let (number, link) = self.link().await?;
        let answer = match link {
            Link::One(mut one) => call.invoke_async(&mut one).await,
            Link::Cluster(mut cluster) => call.invoke_async(&mut cluster).await,
        };
        answer.map_err(|error| self.trouble(number, &error))
    }

    /// Runs a command.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StreamTrouble> {
        let (number, link) = self.link().await?;
        let answer = match link {
            Link::One(mut one) => command.query_async(&mut one).await,
            Link::Cluster(mut cluster) => command.query_async(&mut cluster).await,
        };
        answer.map_err(|error| self.trouble(number, &error))
    }

    fn trouble(&self, number: u64, error: &RedisError) -> StreamTrouble {
        let mut state = self.state.lock();
        // Whatever it was: a connection of which nothing is known costs more than a new one. Only what the server
        // itself answered leaves it as it is.
        if error.code().is_none() && state.link.as_ref().is_some_and(|(of, _)| *of == number) {
            state.link = None;
        }
        tell(&mut state, error);
        StreamTrouble::Away(error.to_string())
    }

    async fn link(&self) -> Result<(u64, Link), StreamTrouble> {
        if let Some(link) = self.present()? {
            return Ok(link);
        }
        let _turn = self.connecting.lock().await;
        if let Some(link) = self.present()? {
            return Ok(link);
        }
        let made = timeout(CONNECTED_WITHIN + ANSWERED_WITHIN, self.connect()).await;
        let made = made.unwrap_or_else(|_| Err(RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))));
        let mut state = self.state.lock();
        match made {
            Ok(link) => {
                if state.told_at.take().is_some() {
                    tracing::info!("the telemetry stream is there again");
                }
                state.made += 1;
                state.failed_at = None;
                let link = (state.made, link);
                state.link = Some(link.clone());
                Ok(link)
            }
            Err(error) => {
                state.failed_at = Some(Instant::now());
                tell(&mut state, &error);
                Err(StreamTrouble::Away(error.to_string()))
            }
        }
    }

    fn present(&self) -> Result<Option<(u64, Link)>, StreamTrouble> {
        let state = self.state.lock();
        match &state.link {
            None if state.failed_at.is_some_and(|at| at.elapsed() < RETRY_PAUSE) => {
                Err(StreamTrouble::Away("it was not reached a moment ago".to_owned()))
            }
            link => Ok(link.clone()),
        }
    }

    /// To the first that answers; it says whether it is one of a cluster.
    async fn connect(&self) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTED_WITHIN))
            .set_response_timeout(Some(ANSWERED_WITHIN));
        let mut last = None;
        for address in &self.addresses {
            let client = Client::open(address.expose_secret())?;
            match client.get_multiplexed_async_connection_with_config(&config).await {
                Ok(mut one) => {
                    let info: String = redis::cmd("INFO").arg("cluster").query_async(&mut one).await?;
                    return if info.contains("cluster_enabled:1") { self.connect_cluster().await } else { Ok(Link::One(one)) };
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| RedisError::from(std::io::Error::from(std::io::ErrorKind::NotConnected))))
    }

    async fn connect_cluster(&self) -> RedisResult<Link> {
        let nodes = self.addresses.iter().map(|address| address.expose_secret().to_owned());
        let client = ClusterClientBuilder::new(nodes)
            .connection_timeout(CONNECTED_WITHIN)
            .response_timeout(ANSWERED_WITHIN)
            .retries(CLUSTER_RETRIES)
            .build()?;
        Ok(Link::Cluster(client.get_async_connection().await?))
    }
}

fn tell(state: &mut State, error: &RedisError) {
    if state.told_at.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
        state.told_at = Some(Instant::now());
        tracing::warn!(%error, "the telemetry stream fails; devices send again what is not taken");
    }
}
