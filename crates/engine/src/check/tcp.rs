//! A TCP connection.

use super::failure::Failure;
use super::network::{Network, first_of};
use std::time::Duration;
use tokio::net::TcpStream;

/// Connects to `host:port`, and hangs up.
pub(super) async fn check(network: &Network, address: &str, budget: Duration) -> Result<(), Failure> {
    let (host, port) = domain::check::split_address(address).ok_or(Failure::Unsupported("the address is not host:port"))?;
    let addresses = network.addresses(host).await?;
    first_of(addresses, budget, |ip| async move {
        TcpStream::connect((ip, port)).await.map_err(|error| Failure::from_io(error.kind()))?;
        Ok(())
    })
    .await
}
