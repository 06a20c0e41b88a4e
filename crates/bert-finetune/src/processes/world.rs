//! World: which process of how many this is, from the environment that torchrun sets.

use std::env;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs, UdpSocket};
use std::str::FromStr;

use bert_kernels::StoreAddress;
use stage::{bail_input, ensure_input};

/// Of no machine (RFC 5737), so that the way to it is the usual one.
const ANYWHERE: (&str, u16) = ("192.0.2.1", 9);

/// This process among those of its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) rank: usize,
    pub(crate) size: usize,
    /// How many of them are on this machine.
    local_size: usize,
    /// Which of those it is.
    pub(crate) local_rank: usize,
    master_addr: String,
    master_port: u16,
    /// Whether torchrun holds the store; else process 0 does.
    agent_holds_store: bool,
}

impl World {
    /// That of the environment; `None` for a process alone.
    ///
    /// # Errors
    /// Fails on variables that are missing or contradict each other: bad input.
    pub(crate) fn of_environment() -> anyhow::Result<Option<Self>> {
        Self::of(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Self>> {
        if variable("RANK").is_none() && variable("WORLD_SIZE").is_none() {
            return Ok(None);
        }
        let (rank, size): (usize, usize) = (required(&variable, "RANK")?, required(&variable, "WORLD_SIZE")?);
        ensure_input!(size >= 1, "WORLD_SIZE is 0; expected the number of processes, at least 1");
        ensure_input!(rank < size, "RANK is {rank} and WORLD_SIZE {size}; ranks are 0 to {}", size - 1);
        if size == 1 {
            return Ok(None);
        }
        let local_size = optional(&variable, "LOCAL_WORLD_SIZE")?.unwrap_or(size);
        ensure_input!(
            (1..=size).contains(&local_size),
            "LOCAL_WORLD_SIZE is {local_size} and WORLD_SIZE {size}; expected 1 to {size}"
        );
        let local_rank = optional(&variable, "LOCAL_RANK")?.unwrap_or(rank % local_size);
        ensure_input!(
            local_rank < local_size,
            "LOCAL_RANK is {local_rank} and LOCAL_WORLD_SIZE {local_size}; ranks on this machine are 0 to {}",
            local_size - 1
        );
        Ok(Some(Self {
            rank,
            size,
            local_size,
            local_rank,
            master_addr: required(&variable, "MASTER_ADDR")?,
            master_port: required(&variable, "MASTER_PORT")?,
            agent_holds_store: variable("TORCHELASTIC_USE_AGENT_STORE").as_deref() == Some("True"),
        }))
    }

    /// Whether this process judges and writes.
    pub(crate) fn is_first(&self) -> bool {
        self.rank == 0
    }

    /// The process that holds the store; none where torchrun's agent does.
    pub(crate) fn store_holder(&self) -> Option<usize> {
        (!self.agent_holds_store).then_some(0)
    }

    /// Whether this process holds the store.
    pub(crate) fn holds_store(&self) -> bool {
        self.store_holder() == Some(self.rank)
    }

    /// Whether the processes are on several machines.
    pub(crate) fn spans_machines(&self) -> bool {
        self.local_size < self.size
    }

    /// Where the processes leave word for each other, behind `prefix`.
    pub(crate) fn store(&self, prefix: &str) -> StoreAddress {
        StoreAddress {
            host: self.master_addr.clone(),
            port: self.master_port,
            is_server: self.holds_store(),
            prefix: prefix.to_owned(),
        }
    }

    /// This machine's address as the others reach it: the one that leads to the store. A machine's name is often that of its loopback, which
    /// leads nowhere from other ones.
    pub(crate) fn own_address(&self) -> Option<IpAddr> {
        let to_store = address_towards((self.master_addr.as_str(), self.master_port));
        // This machine has the store, and thinks so of its own name, too.
        let is_enough = |address: &IpAddr| !address.is_loopback() || !self.spans_machines();
        to_store.filter(is_enough).or_else(|| address_towards(ANYWHERE)).filter(is_enough)
    }

    /// This process's share of the machine's cores.
    pub(crate) fn threads(&self) -> u32 {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        (cores / self.local_size).max(1) as u32
    }
}

/// The address of this machine from which it would reach another one. Nothing is sent.
fn address_towards(other: (&str, u16)) -> Option<IpAddr> {
    let other = other.to_socket_addrs().ok()?.next()?;
    let any: IpAddr = if other.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(other).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn required<T: FromStr>(variable: impl Fn(&str) -> Option<String>, name: &str) -> anyhow::Result<T> {
    match optional(variable, name)? {
        Some(value) => Ok(value),
        None => bail_input!(
            "{name} is not set, though RANK or WORLD_SIZE is; torchrun sets RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, and a \
             process alone has none of them"
        ),
    }
}

fn optional<T: FromStr>(variable: impl Fn(&str) -> Option<String>, name: &str) -> anyhow::Result<Option<T>> {
    let Some(text) = variable(name) else { return Ok(None) };
    match text.parse() {
        Ok(value) => Ok(Some(value)),
        Err(_) => bail_input!(
            "{name} is {text:?}; expected a number{}",
            if name == "MASTER_PORT" { " of a port" } else { "" }
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(variables: &str) -> anyhow::Result<Option<World>> {
        let pairs: Vec<(&str, &str)> = variables.split_whitespace().map(|pair| pair.split_once('=').unwrap()).collect();
        World::of(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_world_is_what_torchrun_says() {
        let all = "RANK=3 WORLD_SIZE=4 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 MASTER_ADDR=node MASTER_PORT=29400 \
                   TORCHELASTIC_USE_AGENT_STORE=True";
        let world = world(all).unwrap().unwrap();
        assert_eq!((world.rank, world.size, world.is_first()), (3, 4, false));
        assert_eq!((world.local_rank, world.local_size), (1, 2));
        let store = world.store("values");
        assert_eq!((store.host.as_str(), store.port, store.is_server), ("node", 29400, false));
        assert_eq!(store.prefix, "values");
    }

    #[test]
    fn a_process_alone_needs_nothing() {
        assert_eq!(world("").unwrap(), None);
        assert_eq!(world("MASTER_ADDR=node MASTER_PORT=1").unwrap(), None);
        assert_eq!(world("RANK=0 WORLD_SIZE=1").unwrap(), None);
    }

    #[test]
    fn the_first_process_holds_the_store_unless_torchrun_does() {
        let first = "RANK=0 WORLD_SIZE=2 MASTER_ADDR=localhost MASTER_PORT=1";
        assert!(world(first).unwrap().unwrap().store("").is_server);
        let with_agent = format!("{first} TORCHELASTIC_USE_AGENT_STORE=True");
        assert!(!world(&with_agent).unwrap().unwrap().store("").is_server);
        assert!(!world(&first.replace("RANK=0", "RANK=1")).unwrap().unwrap().store("").is_server);
    }

    #[test]
    fn the_others_reach_a_machine_where_it_reaches_the_store() {
        let all_here = "RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=1";
        let own_address = |variables: &str| world(variables).unwrap().unwrap().own_address();
        assert_eq!(own_address(all_here), Some(Ipv4Addr::LOCALHOST.into()));
        let elsewhere_too = own_address(&format!("{all_here} LOCAL_WORLD_SIZE=1"));
        assert!(elsewhere_too.is_none_or(|address| !address.is_loopback()), "{elsewhere_too:?}");
    }

    #[test]
    fn contradictions_are_named() {
        for (variables, problem) in [
            ("RANK=0", "WORLD_SIZE is not set"),
            ("WORLD_SIZE=2", "RANK is not set"),
            ("RANK=2 WORLD_SIZE=2", "RANK is 2 and WORLD_SIZE 2; ranks are 0 to 1"),
            ("RANK=0 WORLD_SIZE=0", "WORLD_SIZE is 0"),
            ("RANK=one WORLD_SIZE=2", "RANK is \"one\"; expected a number"),
            ("RANK=-1 WORLD_SIZE=2", "RANK is \"-1\"; expected a number"),
            ("RANK=0 WORLD_SIZE=2", "MASTER_ADDR is not set"),
            ("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a", "MASTER_PORT is not set"),
            (
                "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=70000",
                "MASTER_PORT is \"70000\"; expected a number of a port",
            ),
            ("RANK=0 WORLD_SIZE=2 LOCAL_WORLD_SIZE=3", "LOCAL_WORLD_SIZE is 3 and WORLD_SIZE 2"),
            (
                "RANK=0 WORLD_SIZE=2 LOCAL_WORLD_SIZE=1 LOCAL_RANK=1",
                "LOCAL_RANK is 1 and LOCAL_WORLD_SIZE 1; ranks on this machine are 0 to 0",
            ),
        ] {
            let error = world(variables).unwrap_err().to_string();
            assert!(error.contains(problem), "{variables}: {error}");
        }
    }
}
