//! Stanford's archives from outside: built to their layout from invented sentences, and from the real trees where they are at hand.

mod archives;
mod local;
mod refused;
mod site;
mod corpus;
