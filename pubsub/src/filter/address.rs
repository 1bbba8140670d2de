//! IP addresses and their ranges.

use std::net::IpAddr;

/// Addresses between two others, which belong to them. Those of the fourth and the sixth version are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct AddressRange {
    pub(super) is_v4: bool,
    pub(super) first: u128,
    pub(super) last: u128,
}

impl AddressRange {
    /// Reads `address/bits`. As in the service, the range begins with the address itself, not with that of its network,
    /// and a single address is none.
    pub(super) fn read(text: &str) -> Result<AddressRange, String> {
        let mut parts = text.trim_end_matches('/').split('/');
        let (Some(address), Some(bits), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err("Malformed CIDR, one '/' required".into());
        };
        let Ok(bits) = bits.parse::<i32>() else { return Err("Malformed CIDR, mask bits must be an integer".into()) };
        let Ok(bits) = u32::try_from(bits) else { return Err("Malformed CIDR, mask bits must not be negative".into()) };
        let Some((is_v4, first)) = address_of(address) else {
            return Err(format!("Nonstandard IP address: {address}"));
        };
        let (width, name) = if is_v4 { (32, "IPv4") } else { (128, "IPv6") };
        if bits >= width {
            return Err(format!("{name} mask bits must be < {width}"));
        }
        let last = first | (u128::MAX >> (128 - width) >> bits);
        Ok(AddressRange { is_v4, first, last })
    }

    pub(super) fn holds(self, (is_v4, address): (bool, u128)) -> bool {
        self.is_v4 == is_v4 && (self.first..=self.last).contains(&address)
    }
}

/// Whether it is of the fourth version, and the address as a number.
pub(super) fn address_of(text: &str) -> Option<(bool, u128)> {
    match text.parse().ok()? {
        IpAddr::V4(address) => Some((true, u32::from(address).into())),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => Some((true, u32::from(mapped).into())),
            None => Some((false, address.into())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_the_addresses_of_their_network() {
        let holds = |range: &str, address: &str| AddressRange::read(range).unwrap().holds(address_of(address).unwrap());
        assert!(
            holds("10.0.0.0/24", "10.0.0.0") && holds("10.0.0.0/24", "10.0.0.255") && !holds("10.0.0.0/24", "10.0.1.0")
        );
        assert!(holds("0.0.0.0/0", "255.255.255.255") && !holds("0.0.0.0/0", "::1") && holds("::/0", "ffff::"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1") && !holds("2001:db8::/32", "2001:db9::"));
        assert!(!holds("10.0.0.5/24", "10.0.0.4") && holds("10.0.0.5/24", "10.0.0.255"));
        assert!(holds("10.0.0.0/24", "::ffff:10.0.0.1"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let refused = |text: &str| AddressRange::read(text).unwrap_err();
        assert_eq!(refused("10.0.0.0"), "Malformed CIDR, one '/' required");
        assert_eq!(refused("10.0.0.0/x"), "Malformed CIDR, mask bits must be an integer");
        assert_eq!(refused("10.0.0.0/-1"), "Malformed CIDR, mask bits must not be negative");
        assert_eq!(refused("10.0.0/8"), "Nonstandard IP address: 10.0.0");
        assert_eq!(refused("10.0.0.0/32"), "IPv4 mask bits must be < 32");
        assert_eq!(refused("::/128"), "IPv6 mask bits must be < 128");
    }
}
