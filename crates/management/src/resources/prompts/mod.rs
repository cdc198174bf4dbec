//! `/prompts`: settings and texts of the login pages (`management-api.md` §10.3).

mod custom_text;
mod names;
mod partials;
mod rendering;
mod settings;

use crate::operation::{Operation, Resource};
use crate::schema::{list, map_of, object, required, text_of};

const ABOUT: &str = "\
Custom texts take the place of the pages' own, in the languages that pages have; which keys have an effect is in [Custom
texts](../custom-texts.md). Everything that is sent is kept and answered, also for prompts and languages that have no page yet.
`PUT` replaces all texts of a prompt in a language.

The other settings are stored for tools and have no effect: there is one login experience, partials are not shown (pages keep a
strict content security policy, under which their markup and scripts would not work), and screens are not rendered by others.";

const READ: &[&str] = &["read:prompts"];
const UPDATE: &[&str] = &["update:prompts"];

pub(super) fn resource() -> Resource {
    Resource {
        name: "prompts",
        title: "Prompts",
        about: ABOUT,
        operations: [settings_operations(), text_operations(), rendering::operations()].concat(),
    }
}

fn settings_operations() -> Vec<Operation> {
    vec![
        Operation::get("/prompts", "Get settings of prompts")
            .scopes(READ)
            .answers(settings::schema())
            .handled_by(settings::get),
        Operation::patch("/prompts", "Update settings of prompts")
            .scopes(UPDATE)
            .body(settings::update_schema())
            .answers(settings::schema())
            .handled_by(settings::update),
    ]
}

fn text_operations() -> Vec<Operation> {
    let texts = || map_of(map_of(text_of(0, 4000), 200).sized(0, 500), 100).sized(0, 50).named("CustomTexts");
    let points = || {
        let names = [
            "form-content-start",
            "form-content-end",
            "form-footer-start",
            "form-footer-end",
            "secondary-actions-start",
            "secondary-actions-end",
        ];
        object(names.map(|name| crate::schema::optional(name, text_of(0, 10_240))).to_vec())
    };
    let partials = || map_of(points(), 100).sized(0, 20).named("Partials");
    vec![
        Operation::get("/prompts/{prompt}/custom-text/{language}", "Get custom texts of a prompt")
            .scopes(READ)
            .answers(texts())
            .handled_by(custom_text::get),
        Operation::put("/prompts/{prompt}/custom-text/{language}", "Set custom texts of a prompt")
            .scopes(UPDATE)
            .body(texts())
            .answers(texts())
            .handled_by(custom_text::put),
        Operation::get("/prompts/{prompt}/partials", "Get partials of a prompt")
            .scopes(READ)
            .answers(partials())
            .handled_by(partials::get),
        Operation::put("/prompts/{prompt}/partials", "Set partials of a prompt")
            .scopes(UPDATE)
            .body(partials())
            .answers(partials())
            .handled_by(partials::put),
    ]
}

/// The answer of a list of settings.
fn configs(item: crate::schema::Schema) -> crate::schema::Schema {
    object(vec![required("configs", list(item))])
}
