//! The stylesheet of all pages. A template of its own, so that it is compiled once and not with every page.

use askama::Template;

use super::Shell;

#[derive(Template)]
#[template(path = "style.css", escape = "html")]
struct Stylesheet<'a> {
    shell: &'a Shell,
}

/// The stylesheet of a page with this frame, for the inside of its `style` element: what a tenant chose is escaped.
pub(super) fn of(shell: &Shell) -> String {
    Stylesheet { shell }.render().unwrap_or_else(|error| {
        // Rendering writes into a string and reads plain fields: a defect of the template. The page is usable without it.
        tracing::error!(%error, "the stylesheet could not be rendered");
        String::new()
    })
}
