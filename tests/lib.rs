//! The tests that run the built programs: see `README.md`.
