//! Whence a request comes: the socket's address, or what a trusted proxy says of it. Used to count
//! requests and for nothing else: an address is personal, so it is never written anywhere.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::Request;
use axum::http::HeaderMap;
use ipnet::IpNet;

/// Entries of `X-Forwarded-For` that are read, from the nearest; no honest chain is longer.
const FORWARDED_MAX: usize = 16;

/// The other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Addresses whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and networks such as `10.0.0.0/8`.
    ///
    /// # Errors
    /// The text that is neither.
    pub fn read(texts: &[String]) -> Result<Self, String> {
        let read = |text: &String| {
            let address = text.parse().map(|address: IpAddr| IpNet::from(address.to_canonical()));
            address.or_else(|_| text.parse()).map_err(|_| text.clone())
        };
        texts.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address that a request is counted by: the nearest one that is no trusted proxy. What lies
    /// beyond it is its own say and worth nothing.
    #[must_use]
    pub fn client(&self, request: &Request) -> Option<IpAddr> {
        let Peer(peer) = request.extensions().get::<Peer>()?;
        Some(self.walk(peer.ip().to_canonical(), request.headers()))
    }

    fn walk(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer;
        for said in forwarded(headers).take(FORWARDED_MAX) {
            if !self.holds(nearest) {
                break;
            }
            let Some(address) = said else { break };
            nearest = address;
        }
        counted(nearest)
    }
}

/// The entries of every `X-Forwarded-For`, the nearest first.
fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    lines.into_iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(
        |text| {
            let text = text.trim();
            let address = text.parse().ok();
            let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
            address.map(|address: IpAddr| address.to_canonical())
        },
    )
}

/// A household or office has a whole /64 of IPv6: it is counted as one.
pub(super) fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let texts: Vec<String> = trusted.iter().map(ToString::to_string).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted = TrustedProxies::read(&texts).unwrap();
        trusted.walk(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(client(&[], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client(&["192.0.2.1"], "192.0.2.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(&["192.0.2.0/24"], "192.0.2.9", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn what_a_caller_says_of_itself_is_not_believed() {
        let lines = ["203.0.113.5", "10.0.0.1, 198.51.100.7"];
        assert_eq!(client(&["192.0.2.1"], "192.0.2.1", &lines), "198.51.100.7");
        let proxies = ["192.0.2.1", "198.51.100.7"];
        assert_eq!(client(&proxies, "192.0.2.1", &lines), "10.0.0.1");
        assert_eq!(client(&proxies, "192.0.2.1", &["nonsense, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(&proxies, "192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        assert_eq!(client(&[], "2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
    }

    #[test]
    fn what_is_no_address_is_named() {
        let texts = ["10.0.0.0/8".to_owned(), "office".to_owned()];
        assert_eq!(TrustedProxies::read(&texts).unwrap_err(), "office");
    }
}
