//! Names to addresses, past the guard: what was admitted here is what is connected to, so that a
//! name that changes its address between two looks gains nothing.

use super::failure::Failure;
use super::guard::Guard;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After so long the machine's resolv.conf and hosts file are read anew. The resolver is async (a
/// name server that hangs holds no thread) and reads both at its start only.
const RESOLVER_LASTS: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(crate) struct Network {
    guard: Arc<Guard>,
    resolver: Arc<Mutex<Option<(Instant, TokioResolver)>>>,
}

impl Network {
    pub(crate) fn new(guard: Guard) -> Self {
        Self { guard: Arc::new(guard), resolver: Arc::default() }
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The addresses of a host (a name or a literal) that may be connected to, at least one. The
    /// caller bounds its time.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Failure> {
        let mut addresses = match literal(host) {
            Some(address) => vec![address],
            None => self.lookup(host).await?,
        };
        addresses.retain(|address| self.guard.admits(*address));
        if addresses.is_empty() { Err(Failure::NotAllowed) } else { Ok(addresses) }
    }

    async fn lookup(&self, host: &str) -> Result<Vec<IpAddr>, Failure> {
        let found = self.resolver()?.lookup_ip(host).await.map_err(|error| {
            if error.is_nx_domain() || error.is_no_records_found() {
                Failure::NameUnknown
            } else {
                tracing::debug!(%error, "a name could not be looked up");
                Failure::NamesUnavailable
            }
        })?;
        let addresses: Vec<IpAddr> = found.iter().collect();
        if addresses.is_empty() { Err(Failure::NameUnknown) } else { Ok(addresses) }
    }

    fn resolver(&self) -> Result<TokioResolver, Failure> {
        let mut kept = self.resolver.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_at, resolver)) = kept.as_ref()
            && made_at.elapsed() < RESOLVER_LASTS
        {
            return Ok(resolver.clone());
        }
        let made = TokioResolver::builder_tokio().and_then(|mut builder| {
            builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
            builder.build()
        });
        let resolver = made.map_err(|error| {
            tracing::warn!(%error, "the machine's name servers are not known");
            Failure::NamesUnavailable
        })?;
        *kept = Some((Instant::now(), resolver.clone()));
        Ok(resolver)
    }
}

/// The address that a host is written as, if it is (`[::1]` too).
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// For the HTTP client: it connects to what comes from here and to nothing else. Literals in URLs
/// never come by; whoever sends a request asks for them first.
impl reqwest::dns::Resolve for Network {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let network = self.clone();
        Box::pin(async move {
            let addresses = network.addresses(name.as_str()).await?;
            let addresses: reqwest::dns::Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// Tries one address after the other, each with its share of the time that is left; answers the
/// first success, or the last failure.
pub(crate) async fn first_of<T, F: Future<Output = Result<T, Failure>>>(
    addresses: Vec<IpAddr>,
    budget: Duration,
    connect: impl Fn(IpAddr) -> F,
) -> Result<T, Failure> {
    let begun = Instant::now();
    let mut last = Failure::Unreachable;
    let count = addresses.len();
    for (at, address) in addresses.into_iter().enumerate() {
        let share = budget.saturating_sub(begun.elapsed()) / u32::try_from(count - at).unwrap_or(u32::MAX);
        last = match tokio::time::timeout(share, connect(address)).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(failure)) => failure,
            Err(_) => Failure::TimedOut { after_ms: budget.as_millis() },
        };
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::Hosts;
    use hickory_resolver::config::ResolverConfig;
    use hickory_resolver::net::runtime::TokioRuntimeProvider;

    #[test]
    fn literals() {
        let check = |host: &str, expect: Option<&str>| assert_eq!(literal(host), expect.map(|e| e.parse().unwrap()), "{host}");
        check("127.0.0.1", Some("127.0.0.1"));
        check("[::1]", Some("::1"));
        check("::1", Some("::1"));
        check("localhost", None);
        check("[::1", None);
    }

    /// A network whose names are these lines of a hosts file.
    fn network(hosts: &str) -> Network {
        let mut resolver =
            TokioResolver::builder_with_config(ResolverConfig::default(), TokioRuntimeProvider::default()).build().unwrap();
        let mut names = Hosts::default();
        names.read_hosts_conf(hosts.as_bytes()).unwrap();
        resolver.set_hosts(Arc::new(names));
        Network { guard: Arc::default(), resolver: Arc::new(Mutex::new(Some((Instant::now(), resolver)))) }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_its_addresses() {
        let network = network("169.254.169.254 metadata.test\n127.0.0.9 both.test\n169.254.1.1 both.test\n127.0.0.9 fine.test\n");
        let check =
            async |name: &str, expect: Result<Vec<IpAddr>, Failure>| assert_eq!(network.addresses(name).await, expect, "{name}");
        let fine: Vec<IpAddr> = vec!["127.0.0.9".parse().unwrap()];
        check("metadata.test", Err(Failure::NotAllowed)).await;
        check("fine.test", Ok(fine.clone())).await;
        check("both.test", Ok(fine)).await;
        check("nothing.invalid", Err(Failure::NameUnknown)).await;
        // The same answer for the HTTP client, which connects to nothing else.
        let name = "metadata.test".parse().unwrap();
        let refused = reqwest::dns::Resolve::resolve(&network, name).await.err().unwrap();
        assert_eq!(refused.downcast_ref::<Failure>(), Some(&Failure::NotAllowed));
    }

    #[tokio::test]
    async fn the_next_address_is_tried() {
        let [first, second]: [IpAddr; 2] = ["127.0.0.2".parse().unwrap(), "127.0.0.3".parse().unwrap()];
        let refused = |address| async move { if address == second { Ok(address) } else { Err(Failure::ConnectionRefused) } };
        assert_eq!(first_of(vec![first, second], Duration::from_secs(1), refused).await, Ok(second));
        assert_eq!(first_of(vec![first, first], Duration::from_secs(1), refused).await, Err(Failure::ConnectionRefused));
        let hangs = |address| async move {
            if address == first {
                std::future::pending::<()>().await;
            }
            Ok(address)
        };
        assert_eq!(first_of(vec![first, second], Duration::from_millis(40), hangs).await, Ok(second));
    }
}
