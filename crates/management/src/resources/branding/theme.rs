//! Themes, of which a tenant has one at most (`management-api.md` §10.1).

use keywright_app::appearance::THEME;
use keywright_store::{Tx, tenant_documents};
use keywright_types::TenantId;
use serde_json::{Map, Value, json};

use crate::call::{Call, Reply};
use crate::document::{self, Stored};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::schema::formats::SECURE_URL_OR_EMPTY;
use crate::schema::{Member, Schema, boolean, formatted, number, object, one_of, optional, required, text_of};

/// With an alpha channel or without.
fn color() -> Schema {
    text_of(4, 9).pattern("^#(([0-9a-fA-F]{3}){1,2}|([0-9a-fA-F]{4}){1,2})$")
}

fn needed(names: &[&'static str], schema: impl Fn() -> Schema) -> Vec<Member> {
    names.iter().map(|name| required(name, schema())).collect()
}

fn borders() -> Schema {
    let style = || one_of(&["pill", "rounded", "sharp"]);
    object(vec![
        required("button_border_radius", number(1.0, 10.0)),
        required("button_border_weight", number(0.0, 10.0)),
        required("buttons_style", style()),
        required("input_border_radius", number(0.0, 10.0)),
        required("input_border_weight", number(0.0, 3.0)),
        required("inputs_style", style()),
        required("show_widget_shadow", boolean()),
        required("widget_border_weight", number(0.0, 10.0)),
        required("widget_corner_radius", number(0.0, 50.0)),
    ])
}

fn colors() -> Schema {
    let names = [
        "body_text",
        "error",
        "header",
        "icons",
        "input_background",
        "input_border",
        "input_filled_text",
        "input_labels_placeholders",
        "links_focused_components",
        "primary_button",
        "primary_button_label",
        "secondary_button_border",
        "secondary_button_label",
        "success",
        "widget_background",
        "widget_border",
    ];
    let more = ["base_focus_color", "base_hover_color", "read_only_background"].map(|name| optional(name, color()));
    let captcha = vec![optional("captcha_widget_theme", one_of(&["auto", "dark", "light"]))];
    object([needed(&names, color), more.to_vec(), captcha].concat())
}

fn fonts() -> Schema {
    let font = || object(vec![required("bold", boolean()), required("size", number(0.0, 150.0))]);
    let names = ["body_text", "buttons_text", "input_labels", "links", "subtitle", "title"];
    let own = vec![
        required("font_url", formatted(SECURE_URL_OR_EMPTY)),
        required("links_style", one_of(&["normal", "underlined"])),
        required("reference_text_size", number(12.0, 24.0)),
    ];
    object([needed(&names, font), own].concat())
}

/// How identifiers are asked for; also a part of the branding.
pub(super) fn identifiers() -> Schema {
    let phone = object(vec![
        optional("formatting", one_of(&["international", "regional"])),
        optional("masking", one_of(&["show_all", "hide_country_code", "mask_digits"])),
    ]);
    object(vec![
        optional("login_display", one_of(&["unified", "separate"])),
        optional("otp_autocomplete", boolean()),
        optional("phone_display", phone),
    ])
}

/// "all groups required".
pub(super) fn members() -> Vec<Member> {
    let side = || one_of(&["left", "center", "right"]);
    let page = object(vec![
        required("background_color", color()),
        required("background_image_url", formatted(SECURE_URL_OR_EMPTY)),
        required("page_layout", side()),
    ]);
    let widget = object(vec![
        required("header_text_alignment", side()),
        required("logo_height", number(1.0, 100.0)),
        required("logo_position", one_of(&["left", "center", "right", "none"])),
        required("logo_url", formatted(SECURE_URL_OR_EMPTY)),
        required("social_buttons_layout", one_of(&["top", "bottom"])),
    ]);
    vec![
        optional("displayName", text_of(0, 2048)),
        required("borders", borders()),
        required("colors", colors()),
        required("fonts", fonts()),
        required("page_background", page),
        required("widget", widget),
        optional("identifiers", identifiers()),
    ]
}

/// §1.9.
fn missing() -> ApiError {
    let message = "There was an error retrieving branding settings: invalid theme ID";
    ApiError::not_found(message).code("theme_not_found")
}

/// The theme with this identifier; any for `None`.
fn found(tx: &mut Tx<'_>, tenant: &TenantId, id: Option<&str>) -> Result<Option<Stored>, ApiError> {
    let is_it = |own: &Stored| id.is_none_or(|id| own.document.get("themeId").and_then(Value::as_str) == Some(id));
    Ok(document::find(tx, tenant, THEME, "")?.filter(is_it))
}

fn with_id(id: &Value, mut body: Map<String, Value>) -> Map<String, Value> {
    body.insert("themeId".to_owned(), id.clone());
    body.entry("displayName").or_insert_with(|| json!("Unnamed Theme"));
    body
}

pub(super) async fn get_default(call: Call) -> Outcome {
    let own = call.read(|tx, tenant| found(tx, tenant, None)?.ok_or_else(missing)).await?;
    Ok(Reply::json(Value::Object(own.document)))
}

pub(super) async fn get(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let own = call.read(move |tx, tenant| found(tx, tenant, Some(&id))?.ok_or_else(missing)).await?;
    Ok(Reply::json(Value::Object(own.document)))
}

pub(super) async fn create(call: Call) -> Outcome {
    let id = json!(call.app.random().identifier(32));
    let own = Stored::new("", with_id(&id, call.members()), call.app.now());
    let inserted = own.clone();
    let written = call.configure(move |tx, tenant| Ok(document::insert(tx, tenant, THEME, &inserted)?));
    written.await.map_err(|error| {
        error.when("tenant_documents_pkey", || ApiError::conflict("There is already a theme for this tenant."))
    })?;
    Ok(Reply::json(Value::Object(own.document)))
}

/// §1.13: "themes PATCH requires the full object".
pub(super) async fn update(call: Call) -> Outcome {
    let (id, body, now) = (call.path("id").to_owned(), call.members(), call.app.now());
    let changed = call
        .configure(move |tx, tenant| {
            let mut own = found(tx, tenant, Some(&id))?.ok_or_else(missing)?;
            own.document = with_id(&json!(id), body);
            own.updated_at = now;
            document::put(tx, tenant, THEME, &own)?;
            Ok(own.document)
        })
        .await?;
    Ok(Reply::json(Value::Object(changed)))
}

pub(super) async fn delete(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.configure(move |tx, tenant| {
        found(tx, tenant, Some(&id))?.ok_or_else(|| {
            let message = "There was an error deleting branding settings: invalid theme ID";
            ApiError::not_found(message).code("theme_not_found")
        })?;
        Ok(tenant_documents::delete(tx, tenant, THEME, "")?)
    })
    .await?;
    Ok(Reply::empty())
}
