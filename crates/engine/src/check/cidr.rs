//! Ranges of addresses, as an administrator writes them.

use std::net::IpAddr;

/// `169.254.0.0/16`, `fd00:ec2::254` (one address).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    base: IpAddr,
    prefix_bits: u32,
}

impl Cidr {
    /// `None` when the text is anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (base, prefix) = match text.split_once('/') {
            Some((base, prefix)) => (base, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().ok()?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok().filter(|bits| *bits <= most)?,
            Some(_) => return None,
            None => most,
        };
        Some(Self { base, prefix_bits })
    }

    pub(crate) fn contains(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same(base.to_bits().into(), address.to_bits().into(), 32 - self.prefix_bits)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => same(base.to_bits(), address.to_bits(), 128 - self.prefix_bits),
            _ => false,
        }
    }
}

/// Whether both agree but for the last bits.
fn same(one: u128, other: u128, but_last_bits: u32) -> bool {
    one.checked_shr(but_last_bits) == other.checked_shr(but_last_bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let check = |range: &str, address: &str, expect| {
            let range = Cidr::parse(range).unwrap_or_else(|| panic!("{range}"));
            assert_eq!(range.contains(address.parse().unwrap()), expect, "{range:?} {address}");
        };
        check("169.254.0.0/16", "169.254.1.2", true);
        check("169.254.0.0/16", "169.255.0.0", false);
        check("10.1.2.3", "10.1.2.3", true);
        check("10.1.2.3", "10.1.2.4", false);
        check("0.0.0.0/0", "255.1.2.3", true);
        check("0.0.0.0/0", "::1", false);
        check("fe80::/10", "febf::1", true);
        check("fe80::/10", "fec0::1", false);
        check("::/0", "fe80::1", true);
        check("169.254.1.1/16", "169.254.200.1", true);
    }

    #[test]
    fn what_is_none() {
        for text in
            ["", "a", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "10.0.0.0/-1", "/8", "10.0.0.0/8/8"]
        {
            assert_eq!(Cidr::parse(text), None, "{text:?}");
        }
    }
}
