//! What checks may reach. People check their own services, so private and loopback addresses are
//! fine; but whoever may write a check must not read cloud credentials through this server. Refused
//! unless the configuration allows them: link-local addresses, the metadata services of clouds,
//! multicast, broadcast and "unspecified", in every way IPv6 has to write an IPv4 address.

use super::cidr::Cidr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

/// What the administrator allows besides.
#[derive(Clone, Debug, Default)]
pub struct GuardConfig {
    /// Addresses or ranges that may be reached although they are refused by default: `169.254.10.0/24`.
    pub allow: Vec<String>,
    /// Directories whose unix sockets PostgreSQL checks may use.
    pub postgres_sockets: Vec<PathBuf>,
}

/// An entry of [`GuardConfig::allow`] that is no address or range.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRange(pub String);

impl std::fmt::Display for BadRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is no address or range like 169.254.10.0/24", self.0)
    }
}

impl std::error::Error for BadRange {}

#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    allowed: Vec<Cidr>,
    sockets: Vec<PathBuf>,
}

impl Guard {
    pub(crate) fn new(config: &GuardConfig) -> Result<Self, BadRange> {
        let parse = |text: &String| Cidr::parse(text.trim()).ok_or_else(|| BadRange(text.clone()));
        Ok(Self { allowed: config.allow.iter().map(parse).collect::<Result<_, _>>()?, sockets: config.postgres_sockets.clone() })
    }

    /// Whether a check may connect to this address. An IPv6 address that stands for an IPv4 one is
    /// judged as both.
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        let inner = match address {
            IpAddr::V6(v6) => embedded(v6).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        let refused = is_special(address) || inner.is_some_and(is_special);
        let allowed = |range: &Cidr| range.contains(address) || inner.is_some_and(|inner| range.contains(inner));
        !refused || self.allowed.iter().any(allowed)
    }

    /// Whether a PostgreSQL check may use the sockets of this directory.
    pub(crate) fn admits_socket(&self, directory: &Path) -> bool {
        // As written: whoever may list a directory decides what its name leads to.
        self.sockets.iter().any(|allowed| allowed == directory)
    }
}

const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    // Alibaba, Oracle, Azure's wire server.
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];
const METADATA_V6: [Ipv6Addr; 2] =
    // Amazon, Google.
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_link_local() || v4.octets()[0] == 0 || v4.is_multicast() || v4.is_broadcast() || METADATA_V4.contains(&v4)
        }
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast() || METADATA_V6.contains(&v6),
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped, compatible, NAT64, 6to4.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = v6.to_bits();
    #[expect(clippy::cast_possible_truncation, reason = "the last 32 bits are meant")]
    let last = Ipv4Addr::from_bits(bits as u32);
    #[expect(clippy::cast_possible_truncation, reason = "the 32 bits behind the prefix are meant")]
    let behind_6to4 = Ipv4Addr::from_bits((bits >> 80) as u32);
    match bits >> 32 {
        // `::1` is the loopback address and no IPv4 address; so is `::`.
        0 if bits > 1 => Some(last),
        0xffff | 0xffff_0000 | 0x0064_ff9b_0000_0000_0000_0000 => Some(last),
        _ if bits >> 112 == 0x2002 => Some(behind_6to4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: &[&str]) -> Guard {
        let config = GuardConfig { allow: allow.iter().map(ToString::to_string).collect(), ..GuardConfig::default() };
        Guard::new(&config).unwrap()
    }

    #[test]
    fn what_is_refused_and_what_is_not() {
        let check = |address: &str, expect| {
            assert_eq!(guard(&[]).admits(address.parse().unwrap()), expect, "{address}");
        };
        for refused in [
            "169.254.169.254",
            "169.254.0.1",
            "169.254.255.255",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "::",
            "fe80::1",
            "febf:ffff::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            // The same IPv4 addresses, written as IPv6.
            "::ffff:169.254.169.254",
            "::ffff:0.0.0.0",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "::ffff:100.100.100.200",
            "::ffff:224.0.0.1",
        ] {
            check(refused, false);
        }
        for admitted in [
            "127.0.0.1",
            "127.255.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "100.100.100.201",
            "169.253.255.255",
            "169.255.0.0",
            "8.8.8.8",
            "fd00::1",
            "fec0::1",
            "2001:db8::1",
            "2002:0a00:0001::1",
            "64:ff9b::10.0.0.1",
        ] {
            check(admitted, true);
        }
    }

    #[test]
    fn the_configuration_allows_more() {
        let check = |allow: &[&str], address: &str, expect| {
            assert_eq!(guard(allow).admits(address.parse().unwrap()), expect, "{allow:?} {address}");
        };
        check(&["169.254.10.0/24"], "169.254.10.7", true);
        check(&["169.254.10.0/24"], "::ffff:169.254.10.7", true);
        check(&["169.254.10.0/24"], "169.254.169.254", false);
        check(&["fe80::/10"], "fe80::1", true);
        check(&["fe80::/10"], "169.254.169.254", false);
        check(&["::/0"], "169.254.169.254", false);
        let config = GuardConfig { allow: vec!["everything".to_owned()], ..GuardConfig::default() };
        assert_eq!(Guard::new(&config).unwrap_err(), BadRange("everything".to_owned()));
    }

    #[test]
    fn sockets_are_listed() {
        let config = GuardConfig { postgres_sockets: vec!["/run/synops".into()], ..GuardConfig::default() };
        let guard = Guard::new(&config).unwrap();
        assert!(guard.admits_socket(Path::new("/run/synops")));
        for refused in ["/run", "/run/synops/..", "/run/synops/x", "/", "run/synops"] {
            assert!(!guard.admits_socket(Path::new(refused)), "{refused}");
        }
    }
}
