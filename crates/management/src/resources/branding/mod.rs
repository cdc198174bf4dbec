//! `/branding`: how the tenant's pages look (`management-api.md` §10.1, §10.2).

mod phone_providers;
mod phone_templates;
mod settings;
mod template;
mod theme;

use http::StatusCode;

use crate::fields::{answer_schema, update_schema};
use crate::operation::{Operation, Resource};
use crate::schema::{any_of, list, object, optional, required, text, text_of};

const ABOUT: &str = "\
How pages look. What of it has an effect, and how colours that cannot be read are moved, is in
[Branding](../branding.md): in short, the branding's colours, logo, icon and font, and the theme's colours, borders, font sizes,
page background and widget, but `icons`, `read_only_background`, `base_hover_color`, `captcha_widget_theme`, `links_style`,
`social_buttons_layout` and `identifiers`, which are stored.

The template of Universal Login is checked and stored; it has no effect. Pages keep a strict content security policy, under which
the scripts and styles of a template would not run.

A tenant has one theme, and `PATCH` replaces it as a whole.";

const PHONE: &str = "\
Providers and templates of phone messages are stored, with sealed credentials; no message is sent yet, and `try` is refused. A
tenant has one provider, and one template of each type.";

const READ: &[&str] = &["read:branding"];
const UPDATE: &[&str] = &["update:branding"];
const DELETE: &[&str] = &["delete:branding"];

pub(super) fn resources() -> [Resource; 2] {
    let operations = [branding_operations(), template_operations(), theme_operations()].concat();
    [
        Resource { name: "branding", title: "Branding", about: ABOUT, operations },
        Resource {
            name: "branding-phone",
            title: "Phone messages",
            about: PHONE,
            operations: [phone_providers::operations(), phone_templates::operations()].concat(),
        },
    ]
}

fn branding_operations() -> Vec<Operation> {
    let fields = settings::fields();
    let answer = || answer_schema(&fields).named("Branding");
    vec![
        Operation::get("/branding", "Get branding").scopes(READ).answers(answer()).handled_by(settings::get),
        Operation::patch("/branding", "Update branding")
            .scopes(UPDATE)
            .body(update_schema(&fields).named("BrandingUpdate"))
            .answers(answer())
            .handled_by(settings::update),
    ]
}

fn template_operations() -> Vec<Operation> {
    let html = || text_of(1, template::LONGEST).about("A Liquid template of a whole page.");
    let body = any_of(vec![html(), object(vec![required("template", html())])]);
    vec![
        Operation::get("/branding/templates/universal-login", "Get the template of Universal Login")
            .scopes(READ)
            .answers(object(vec![required("body", text())]))
            .handled_by(template::get),
        Operation::put("/branding/templates/universal-login", "Set the template of Universal Login")
            .scopes(UPDATE)
            .body(body)
            .status(StatusCode::NO_CONTENT)
            .handled_by(template::put),
        Operation::delete("/branding/templates/universal-login", "Delete the template of Universal Login")
            .scopes(DELETE)
            .handled_by(template::delete),
    ]
}

fn theme_operations() -> Vec<Operation> {
    let id = || vec![optional("themeId", text())];
    let answer = || object([id(), theme::members()].concat()).named("Theme");
    let body = || object(theme::members()).named("ThemeBody");
    vec![
        Operation::get("/branding/themes/default", "Get the default theme")
            .scopes(READ)
            .answers(answer())
            .handled_by(theme::get_default),
        Operation::post("/branding/themes", "Create a theme")
            .scopes(UPDATE)
            .body(body())
            .status(StatusCode::OK)
            .answers(answer())
            .handled_by(theme::create),
        Operation::get("/branding/themes/{id}", "Get a theme").scopes(READ).answers(answer()).handled_by(theme::get),
        Operation::patch("/branding/themes/{id}", "Update a theme")
            .scopes(UPDATE)
            .body(body())
            .answers(answer())
            .handled_by(theme::update),
        Operation::delete("/branding/themes/{id}", "Delete a theme").scopes(DELETE).handled_by(theme::delete),
    ]
}

/// Items of a list under a name, as phone providers and templates answer it.
fn named_list(name: &'static str, item: crate::schema::Schema) -> crate::schema::Schema {
    object(vec![required(name, list(item))])
}
