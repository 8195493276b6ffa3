//! Where a call comes from.

use crate::state::{Settings, State};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The caller's address; `None` where the listener doesn't tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) Option<IpAddr>);

impl FromRequestParts<State> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self(find(state.settings(), peer, &parts.headers)))
    }
}

/// The peer's, or what our own proxy says of it: the last entry, since the others are whatever the
/// caller wrote there.
fn find(settings: &Settings, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    let told = settings.trust_proxy.then(|| {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next()?.trim().parse().ok()
    });
    told.flatten().or(peer)
}

impl Address {
    /// What attempts are counted by: of IPv6 the network, which one customer has to himself.
    pub(crate) fn network(self) -> IpAddr {
        match self.0 {
            Some(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
                Some(v4) => IpAddr::V4(v4),
                None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
            },
            Some(v4) => v4,
            None => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::test_settings;

    #[test]
    fn a_proxy_is_believed_only_when_it_is_ours() {
        let check = |trust_proxy, forwarded: &[&'static str], expect: &str| {
            let settings = Settings { trust_proxy, ..test_settings() };
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let peer = "10.0.0.1".parse().ok();
            assert_eq!(find(&settings, peer, &headers), expect.parse().ok(), "{trust_proxy} {forwarded:?}");
        };
        check(false, &["1.2.3.4"], "10.0.0.1");
        check(true, &["6.6.6.6, 1.2.3.4"], "1.2.3.4");
        check(true, &["6.6.6.6", "1.2.3.4"], "1.2.3.4");
        check(true, &["nonsense"], "10.0.0.1");
        check(true, &[], "10.0.0.1");
    }

    #[test]
    fn a_network_counts_as_one() {
        let network = |text: &str| Address(text.parse().ok()).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:1.2.3.4"), "1.2.3.4");
        assert_eq!(network("1.2.3.4"), "1.2.3.4");
    }
}
