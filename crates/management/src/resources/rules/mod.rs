//! `/rules`, `/rules-configs` and `/hooks`: code that runs in logins, of the time before actions (`management-api.md` §15.2).

mod configs;
mod hooks;
mod rule;

use crate::fields::{answer_schema, create_schema, update_schema};
use crate::operation::{Operation, Resource};
use crate::paging::Paging;
use crate::projection;
use crate::query::parameter;
use crate::schema::{boolean, list, object, required, text, text_of};

const PAGING: Paging = Paging::numbered("rules");

const ABOUT: &str = "\
Rules run in every login and at every refresh, in their order, before actions; a change counts from the next login on. A rule
without `order` comes last. Two rules have neither the same name nor the same order (409). Only rules of the stage `login_success`
run; those of the others are stored. Scripts are not parsed when they are stored: one that cannot be read denies the login.";

const CONFIGS: &str = "\
Settings that all rules share, as `configuration`. Values are sealed in the database and never answered, but by the `PUT` that sets
them. What a rule writes to the console does not show them.";

const HOOKS: &str = "\
There are no hooks: lists are empty, and nothing can be created. What hooks did, actions do.";

pub(super) fn resources() -> [Resource; 3] {
    [rules(), configs(), hooks::resource()]
}

fn rules() -> Resource {
    let fields = rule::fields();
    let rule = || answer_schema(&fields).named("Rule");
    Resource {
        name: "rules",
        title: "Rules",
        about: ABOUT,
        operations: vec![
            Operation::get("/rules", "List rules")
                .scopes(&["read:rules"])
                .query(projection::parameters())
                .query(PAGING.parameters())
                .query([parameter("enabled", boolean().about("Only rules that are enabled, or those that are not."))])
                .answers(PAGING.answer(&rule()))
                .handled_by(rule::list),
            Operation::post("/rules", "Create a rule")
                .scopes(&["create:rules"])
                .body(create_schema(&fields).named("RuleCreate"))
                .answers(rule())
                .handled_by(rule::create),
            Operation::get("/rules/{id}", "Get a rule")
                .scopes(&["read:rules"])
                .query(projection::parameters())
                .answers(rule())
                .handled_by(rule::get),
            Operation::patch("/rules/{id}", "Update a rule")
                .scopes(&["update:rules"])
                .body(update_schema(&fields).sized(1, usize::MAX).named("RuleUpdate"))
                .answers(rule())
                .handled_by(rule::update),
            Operation::delete("/rules/{id}", "Delete a rule").scopes(&["delete:rules"]).handled_by(rule::delete),
        ],
    }
}

fn configs() -> Resource {
    let value = || text_of(0, 4096).secret();
    Resource {
        name: "rules-configs",
        title: "Settings of rules",
        about: CONFIGS,
        operations: vec![
            Operation::get("/rules-configs", "List settings of rules")
                .scopes(&["read:rules_configs"])
                .answers(list(object(vec![required("key", text())])))
                .handled_by(configs::list),
            Operation::put("/rules-configs/{key}", "Set a setting of rules")
                .scopes(&["update:rules_configs"])
                .body(object(vec![required("value", value())]))
                .answers(object(vec![required("key", text()), required("value", value())]))
                .handled_by(configs::put),
            Operation::delete("/rules-configs/{key}", "Delete a setting of rules")
                .scopes(&["delete:rules_configs"])
                .handled_by(configs::delete),
        ],
    }
}
