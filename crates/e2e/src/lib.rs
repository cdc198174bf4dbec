//! End-to-end tests: the built binary with what people really run against it.
//!
//! Those are npm packages and a browser, so the tests are Node programs: `*.test.mjs` beside `src`. `make e2e` runs them
//! on SQLite and on PostgreSQL; `README.md` here says how they are made. Nothing in this crate is Rust but this page.
