//! Where the server is, and whether it may be asked.

use std::net::{SocketAddr, ToSocketAddrs};

use super::error::BenchError;

/// A server's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The address to connect to.
    pub(crate) address: SocketAddr,
    /// What stands between the scheme and the path.
    pub(crate) authority: String,
    /// The path, from the slash on; without a trailing slash, so it may be empty.
    pub(crate) path: String,
}

impl Target {
    /// Reads an address with this scheme, such as `http://`, and looks its host up.
    pub(crate) fn read(url: &str, scheme: &'static str, allow_remote: bool) -> Result<Self, BenchError> {
        let wrong = || BenchError::Address(url.to_owned(), scheme);
        let rest = url.strip_prefix(scheme).ok_or_else(wrong)?;
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"@?#\"".contains(&byte);
        if authority.is_empty() || !rest.bytes().all(is_plain) {
            return Err(wrong());
        }
        let (host, port) = split_port(authority).ok_or_else(wrong)?;
        let found = (host, port).to_socket_addrs();
        let found = found.map_err(|source| BenchError::Resolve {
            host: host.to_owned(),
            source,
        })?;
        let found: Vec<SocketAddr> = found.collect();
        let remote = found.iter().find(|address| !address.ip().is_loopback());
        if let Some(remote) = remote.filter(|_| !allow_remote) {
            return Err(BenchError::Remote(*remote));
        }
        let address = found.first().copied().ok_or_else(|| BenchError::NoAddress {
            host: host.to_owned(),
        })?;
        Ok(Self {
            address,
            authority: authority.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// The WebSocket at `/ws` of the same address.
    pub(crate) fn websocket(&self) -> Self {
        Self {
            path: format!("{}/ws", self.path),
            ..self.clone()
        }
    }
}

/// The host without brackets and the port, 80 if there is none.
fn split_port(authority: &str) -> Option<(&str, u16)> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, 80),
    };
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None => host,
    };
    Some((host, port)).filter(|(host, _)| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Target, BenchError> {
        Target::read(url, "http://", false)
    }

    #[test]
    fn an_address_has_a_host_a_port_and_a_path() {
        let target = read("http://127.0.0.1:7000/base/").expect("it is on this machine");
        assert_eq!(target.address.to_string(), "127.0.0.1:7000");
        assert_eq!(
            (target.authority.as_str(), target.path.as_str()),
            ("127.0.0.1:7000", "/base")
        );
        assert_eq!(target.websocket().path, "/base/ws");
        let six = read("http://[::1]:7000").expect("it is on this machine");
        assert_eq!(
            (six.address.to_string().as_str(), six.path.as_str()),
            ("[::1]:7000", "")
        );
        assert_eq!(
            read("http://127.0.0.1")
                .expect("it is on this machine")
                .address
                .port(),
            80
        );
    }

    #[test]
    fn other_machines_are_refused_unless_they_are_allowed() {
        assert!(matches!(
            read("http://192.0.2.1:7000"),
            Err(BenchError::Remote(_))
        ));
        assert!(matches!(read("http://0.0.0.0:7000"), Err(BenchError::Remote(_))));
        assert!(Target::read("http://192.0.2.1:7000", "http://", true).is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in [
            "https://127.0.0.1:7000",
            "127.0.0.1:7000",
            "http://",
            "http://:7000",
            "http://127.0.0.1:70000",
            "http://user@127.0.0.1:7000",
            "http://127.0.0.1:7000/a b",
            "http://127.0.0.1:7000/\r\nx:y",
        ] {
            assert!(matches!(read(url), Err(BenchError::Address(..))), "{url}");
        }
    }
}
