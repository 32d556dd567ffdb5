//! Which addresses may be reached.

use std::{net::IpAddr, sync::LazyLock};

use ipnet::{IpNet, Ipv6Net};

/// Where machines in a cloud are told their keys: no setting opens these.
const METADATA: [&str; 2] = ["169.254.0.0/16", "fd00:ec2::/32"];

/// Of IPv4 what IANA's registry of special addresses does not call globally reachable, and multicast.
const SPECIAL_V4: [&str; 15] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// Of IPv6 only this is given out for unicast,
const UNICAST_V6: &str = "2000::/3";

/// and of that, these lead to protocols (Teredo, ORCHID), examples and, by 6to4, to IPv4.
const SPECIAL_V6: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

/// IPv4 as resolvers of networks without it tell it (NAT64): the address is in the last four bytes.
const NAT64: &str = "64:ff9b::/96";

struct Networks {
    metadata: Vec<IpNet>,
    special: Vec<IpNet>,
    unicast_v6: IpNet,
    nat64: Ipv6Net,
}

static NETWORKS: LazyLock<Networks> = LazyLock::new(|| {
    let net = |text: &&str| text.parse::<IpNet>().expect("a network");
    Networks {
        metadata: METADATA.iter().map(net).collect(),
        special: SPECIAL_V4.iter().chain(&SPECIAL_V6).map(net).collect(),
        unicast_v6: net(&UNICAST_V6),
        nat64: NAT64.parse().expect("a network"),
    }
});

/// Whether this is an address of the public internet, or one of `allow`.
pub fn may_be_reached(address: IpAddr, allow: &[IpNet]) -> bool {
    let address = meant(address);
    let is_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&address));
    !is_in(&NETWORKS.metadata) && (is_in(allow) || is_global(address))
}

fn is_global(address: IpAddr) -> bool {
    let special = NETWORKS.special.iter().any(|network| network.contains(&address));
    !special && (address.is_ipv4() || NETWORKS.unicast_v6.contains(&address))
}

/// The IPv4 address that one of IPv6 stands for. Compatible ones (`::1.2.3.4`) stand for nothing any more and are refused as they are.
fn meant(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if NETWORKS.nat64.contains(&v6) => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::from([a, b, c, d])
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(address: &str, allow: &[&str]) -> bool {
        let allow: Vec<IpNet> = allow.iter().map(|network| network.parse().expect("a network")).collect();
        may_be_reached(address.parse().expect("an address"), &allow)
    }

    #[test]
    fn only_the_public_internet_is_reached() {
        for public in ["1.1.1.1", "52.94.236.248", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::1.1.1.1"] {
            assert!(reached(public, &[]), "{public}");
        }
        for other in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.9.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::1.1.1.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!reached(other, &[]), "{other}");
        }
    }

    #[test]
    fn an_operator_opens_a_network_but_never_the_metadata() {
        assert!(reached("10.1.2.3", &["10.1.2.0/24"]) && reached("::ffff:10.1.2.3", &["10.1.2.0/24"]));
        assert!(!reached("10.1.3.3", &["10.1.2.0/24"]));
        assert!(reached("fd12::1", &["fd12::/16"]));
        for metadata in ["169.254.169.254", "169.254.170.2", "::ffff:169.254.169.254", "fd00:ec2::254"] {
            assert!(!reached(metadata, &["0.0.0.0/0", "::/0"]), "{metadata}");
        }
    }
}
