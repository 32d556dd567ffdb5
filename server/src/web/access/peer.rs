//! From where a request comes: the other end of the connection, or whom a proxy of ours says that it asks for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderName},
};
use ipnet::IpNet;

/// By which proxies tell that they ask for others.
const FORWARDED: [&str; 4] = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded"];

/// The address of who asks. What a proxy says counts only if it is one of `proxies`; of a chain of them, the last that is none of ours.
pub fn address(headers: &HeaderMap, extensions: &Extensions, proxies: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|net| net.contains(address));
    let peer =
        extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
    let peer = peer.to_canonical();
    if !is_proxy(&peer) {
        return peer;
    }
    let told =
        headers.get_all(HeaderName::from_static("x-forwarded-for")).iter().filter_map(|value| value.to_str().ok());
    let told: Vec<&str> = told.flat_map(|list| list.split(',')).map(str::trim).collect();
    let mut last = peer;
    for text in told.into_iter().rev() {
        let Ok(address) = text.parse::<IpAddr>() else { return last };
        last = address.to_canonical();
        if !is_proxy(&last) {
            return last;
        }
    }
    last
}

/// Whether a proxy says that it asks for somebody else.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    FORWARDED.iter().any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_our_proxies_are_believed() {
        let proxies = ["10.0.0.0/8", "127.0.0.1/32"].map(|net| net.parse().unwrap());
        let check = |peer: &str, told: &[&'static str], address: &str| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
            let mut headers = HeaderMap::new();
            told.iter().for_each(|told| {
                headers.append("x-forwarded-for", HeaderValue::from_static(told));
            });
            assert_eq!(
                super::address(&headers, &extensions, &proxies),
                address.parse::<IpAddr>().unwrap(),
                "{peer} {told:?}"
            );
        };
        check("192.0.2.1", &["198.51.100.9"], "192.0.2.1");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.9"], "198.51.100.9");
        // What the client itself wrote stands first.
        check("10.0.0.1", &["1.2.3.4, 198.51.100.9, 10.0.0.7"], "198.51.100.9");
        check("10.0.0.1", &["1.2.3.4", "198.51.100.9"], "198.51.100.9");
        check("::ffff:127.0.0.1", &["2001:db8::1"], "2001:db8::1");
        check("10.0.0.1", &["198.51.100.9, unknown"], "10.0.0.1");
    }
}
