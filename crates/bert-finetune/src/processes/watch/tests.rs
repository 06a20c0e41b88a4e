//! Watches of several processes, here threads of one, over a real store.

use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use bert_kernels::StoreAddress;

use super::*;

const LIMITS: Limits =
    Limits { beat: Duration::from_millis(20), silence: Duration::from_secs(3), numbers: Duration::from_secs(3600) };
const ENOUGH: Duration = Duration::from_secs(30);

/// The store of one run.
struct Run {
    address: StoreAddress,
    size: usize,
    /// Holds it.
    store: Store,
}

/// How a process was ended.
type End = Receiver<(u8, String)>;

impl Run {
    fn of(size: usize) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (host, prefix) = ("127.0.0.1".to_owned(), "watch".to_owned());
        let address = StoreAddress { host, port, is_server: true, prefix };
        let store = Store::open(&address, ENOUGH).unwrap();
        Self { address: StoreAddress { is_server: false, ..address }, size, store }
    }

    fn watch(&self, rank: usize, limits: Limits) -> (Watch, End) {
        let store = Store::open(&self.address, ENOUGH).unwrap();
        let (sender, end) = channel();
        let member = Member { rank, size: self.size };
        let watch =
            Watch::begin(store, member, limits, move |code, words| sender.send((code, words.to_owned())).unwrap());
        (watch, end)
    }
}

fn ended(code: u8, words: &str) -> (u8, String) {
    (code, words.to_owned())
}

#[test]
fn the_word_of_a_process_ends_the_others_with_its_exit_code() {
    let run = Run::of(3);
    let watches = [0, 2].map(|rank| run.watch(rank, LIMITS));
    Failure { rank: 1, exit_code: 3, reason: "the disk is full".to_owned() }
        .leave(|key, text| run.store.set(key, text));
    for (_, end) in &watches {
        assert_eq!(end.recv_timeout(ENOUGH).unwrap(), ended(3, "rank 1 stopped: the disk is full"));
    }
}

#[test]
fn what_process_0_says_is_not_said_again() {
    let run = Run::of(2);
    let (_watch, end) = run.watch(1, LIMITS);
    Failure { rank: 0, exit_code: 2, reason: "bad".to_owned() }.leave(|key, text| run.store.set(key, text));
    assert_eq!(end.recv_timeout(ENOUGH).unwrap(), ended(2, ""));
}

#[test]
fn a_process_that_no_longer_beats_is_named() {
    let run = Run::of(3);
    let (_first, first_end) = run.watch(0, LIMITS);
    let (_second, second_end) = run.watch(1, LIMITS);
    let (third, _) = run.watch(2, LIMITS);
    drop(third); // killed
    let gone = "rank 2 ended without a word: it was killed or stopped, or its machine cannot be reached";
    assert_eq!(second_end.recv_timeout(ENOUGH).unwrap(), ended(1, &format!("rank 1: {gone}")));
    assert_eq!(first_end.recv_timeout(ENOUGH).unwrap(), ended(1, &format!("rank 1 stopped: {gone}")));
}

#[test]
fn a_process_that_is_done_is_not_missed() {
    let run = Run::of(2);
    let (_first, end) = run.watch(0, LIMITS);
    let (second, _) = run.watch(1, LIMITS);
    second.done();
    drop(second);
    end.recv_timeout(2 * LIMITS.silence).unwrap_err();
}

#[test]
fn a_process_that_hangs_is_named_by_its_steps() {
    let limits = Limits { numbers: Duration::from_secs(2), ..LIMITS };
    let run = Run::of(2);
    let (first, first_end) = run.watch(0, limits);
    let (second, _second_end) = run.watch(1, LIMITS);
    for _ in 0..20 {
        first.step_begins();
        second.step_begins();
        first.numbers_came(false);
        second.numbers_came(false);
    }
    first_end.recv_timeout(limits.numbers * 3 / 2).unwrap_err(); // nobody waits
    first.step_begins();
    let hangs = "rank 1 did not answer for 2 s (--ddp-timeout): it hangs";
    assert_eq!(first_end.recv_timeout(ENOUGH).unwrap(), ended(1, hangs));
}

#[test]
fn numbers_that_come_are_waited_for_anew() {
    let limits = Limits { numbers: Duration::from_secs(2), ..LIMITS };
    let run = Run::of(2);
    let (first, end) = run.watch(0, limits);
    let (_second, _second_end) = run.watch(1, LIMITS);
    first.step_begins();
    for _ in 0..6 {
        end.recv_timeout(limits.numbers / 4).unwrap_err();
        first.step_begins();
        first.numbers_came(true);
    }
    let words = end.recv_timeout(ENOUGH).unwrap().1;
    assert_eq!(words, "rank 1 did not answer for 2 s (--ddp-timeout): it hangs");
}
