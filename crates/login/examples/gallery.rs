//! Writes every page in every sample to a directory, to look at them in a browser, each with the headers it is served
//! with: `cargo run -p keywright-login --example gallery -- target/pages`.
//!
//! | folder | what |
//! | --- | --- |
//! | `plain/<language>` | friendly values |
//! | `branded/<language>` | a tenant with a logo and a colour of its own |
//! | `themed/<language>` | a tenant with a theme, pictures and a font |
//! | `long/<language>` | a word that cannot be broken, in every field |
//! | `hostile-<number>/en` | a value that tries to break out of its place, in every field |
//!
//! The end-to-end tests load all of them.

#![expect(clippy::print_stdout, reason = "the example's output")]

use std::error::Error;
use std::path::{Path, PathBuf};

use keywright_web::page::{Language, Sample, audit};

/// Longer than any line, as addresses of people and names of applications are now and then.
const LONG: &str = "maximiliane.mustermann-hohenlohe@donaudampfschifffahrtsgesellschaft.beispielunternehmen.example";

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).map_or_else(|| PathBuf::from("target/pages"), PathBuf::from);
    for language in Language::ALL {
        write(&directory.join("plain"), &Sample::plain().in_language(*language))?;
        write(&directory.join("branded"), &Sample::branded().in_language(*language))?;
        write(&directory.join("themed"), &Sample::themed().in_language(*language))?;
        write(&directory.join("long"), &Sample::hostile(LONG).in_language(*language))?;
    }
    for (number, payload) in audit::HOSTILE.iter().enumerate() {
        write(&directory.join(format!("hostile-{number}")), &Sample::hostile(payload))?;
    }
    println!("{}", directory.display());
    Ok(())
}

fn write(directory: &Path, sample: &Sample) -> Result<(), Box<dyn Error>> {
    let directory = directory.join(sample.shell.language.tag());
    std::fs::create_dir_all(&directory)?;
    for table in [keywright_web::page::PAGES, keywright_login::PAGES] {
        for page in audit::rendered(table, sample)? {
            let mut headers = serde_json::Map::new();
            for (name, value) in &page.headers {
                headers.insert(name.to_string(), value.to_str()?.into());
            }
            std::fs::write(directory.join(format!("{}.html", page.name)), page.html)?;
            std::fs::write(directory.join(format!("{}.json", page.name)), serde_json::to_vec(&headers)?)?;
        }
    }
    Ok(())
}
