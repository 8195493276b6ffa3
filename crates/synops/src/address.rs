//! Where the server is reached.

use crate::config::Config;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// For links: what the configuration says, else the address it listens on.
pub(crate) fn base_url(config: &Config, listening: SocketAddr) -> String {
    config.public_url.clone().unwrap_or_else(|| format!("http://{}", own(listening)))
}

/// As this machine reaches it: an address that stands for all becomes the loopback one.
pub(crate) fn own(listening: SocketAddr) -> SocketAddr {
    let mut own = listening;
    if own.ip().is_unspecified() {
        own.set_ip(if own.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_all_is_reached_by_the_loopback() {
        let check = |listening: &str, expect: &str| assert_eq!(own(listening.parse().unwrap()).to_string(), expect);
        check("0.0.0.0:80", "127.0.0.1:80");
        check("[::]:80", "[::1]:80");
        check("192.0.2.1:80", "192.0.2.1:80");
    }
}
