//! Writes every page in every sample to a directory, to look at them in a browser:
//! `cargo run -p keywright-login --example gallery -- target/pages`.

#![expect(clippy::print_stdout, reason = "the example's output")]

use std::error::Error;
use std::path::PathBuf;

use keywright_web::page::{Sample, audit};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).map_or_else(|| PathBuf::from("target/pages"), PathBuf::from);
    std::fs::create_dir_all(&directory)?;
    for (look, sample) in [("plain", Sample::plain()), ("branded", Sample::branded())] {
        for table in [keywright_web::page::PAGES, keywright_login::PAGES] {
            for page in audit::rendered(table, &sample)? {
                let path = directory.join(format!("{look}-{}.html", page.name));
                std::fs::write(&path, page.html)?;
                println!("{}", path.display());
            }
        }
    }
    Ok(())
}
