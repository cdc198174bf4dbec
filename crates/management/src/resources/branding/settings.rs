//! `/branding` itself (`management-api.md` §10.1; merge rules §1.13: "branding.colors, font, identifiers: merge;
//! `colors.page_background` replaced").

use keywright_app::appearance::BRANDING;
use serde_json::{Map, Value};

use super::theme::identifiers;
use crate::call::{Call, Reply};
use crate::document::{self, Stored};
use crate::error::ApiError;
use crate::fields::{Field, field, merge};
use crate::operation::Outcome;
use crate::schema::formats::SECURE_URL_OR_EMPTY;
use crate::schema::{Schema, any_of, formatted, number, object, one_of, open_object, optional, required, text_of};

/// Bytes of the whole document: it is read with every page.
const LONGEST: usize = 32 * 1024;

/// `#rgb` or `#rrggbb`.
fn color() -> Schema {
    text_of(4, 7).pattern("^#([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})$")
}

pub(super) fn fields() -> Vec<Field> {
    let gradient = object(vec![
        required("type", one_of(&["linear-gradient"])),
        required("start", color()),
        required("end", color()),
        optional("angle_deg", number(0.0, 360.0)),
    ]);
    let colors = object(vec![
        optional("primary", color().or_null().about("Buttons and links.")),
        optional("page_background", any_of(vec![color(), gradient]).or_null().about("Behind the card.")),
    ]);
    let url = |about| formatted(SECURE_URL_OR_EMPTY).or_null().about(about);
    vec![
        field("colors", colors.or_null().about("Colours of pages.")).merged(),
        field("favicon_url", url("Icon of pages; https.")),
        field("logo_url", url("Logo on pages; https.")),
        field("font", object(vec![optional("url", url("A font file; https."))]).or_null().about("Font of pages."))
            .merged(),
        field("identifiers", identifiers().or_null().about("Stored.")).merged(),
        field("themes", open_object().or_null().about("Stored.")),
    ]
}

pub(super) async fn get(call: Call) -> Outcome {
    let found = call.read(|tx, tenant| document::find(tx, tenant, BRANDING, "")).await?;
    Ok(Reply::json(Value::Object(found.map(|own| own.document).unwrap_or_default())))
}

pub(super) async fn update(call: Call) -> Outcome {
    let (body, now) = (call.members(), call.app.now());
    let changed = call
        .configure(move |tx, tenant| {
            let mut own = document::find(tx, tenant, BRANDING, "")?.unwrap_or_else(|| Stored::new("", Map::new(), now));
            merge(&fields(), &mut own.document, body);
            if Value::Object(own.document.clone()).to_string().len() > LONGEST {
                return Err(ApiError::invalid_body("The branding is too long"));
            }
            own.updated_at = now;
            document::put(tx, tenant, BRANDING, &own)?;
            Ok(own.document)
        })
        .await?;
    Ok(Reply::json(Value::Object(changed)))
}
