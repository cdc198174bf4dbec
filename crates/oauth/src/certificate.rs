//! `GET /pem`, `/rawpem`, `/cer`, `/pb7` and `/fingerprint`: the certificate of the current signing key, for software that is
//! configured with a file (§6.11). No authentication: the key is public.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use keywright_app::App;
use keywright_jose::certificate;
use keywright_types::Tenant;
use keywright_web::CurrentTenant;
use keywright_web::tenancy::failure;

/// A file for the browser to save, or text for it to show.
enum Form {
    Download { extension: &'static str, content_type: &'static str },
    Text,
}

/// `GET /pem`.
pub(crate) async fn pem(State(app): State<App>, CurrentTenant(tenant): CurrentTenant, headers: HeaderMap) -> Response {
    let form = Form::Download { extension: "pem", content_type: "application/x-pem-file" };
    respond(&app, &tenant, &headers, form, |der| certificate::pem(der).into_bytes()).await
}

/// `GET /rawpem`.
pub(crate) async fn raw_pem(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    headers: HeaderMap,
) -> Response {
    respond(&app, &tenant, &headers, Form::Text, |der| certificate::pem(der).into_bytes()).await
}

/// `GET /cer`.
pub(crate) async fn der(State(app): State<App>, CurrentTenant(tenant): CurrentTenant, headers: HeaderMap) -> Response {
    // RFC 2585 section 4.1: "application/pkix-cert".
    let form = Form::Download { extension: "cer", content_type: "application/pkix-cert" };
    respond(&app, &tenant, &headers, form, <[u8]>::to_vec).await
}

/// `GET /pb7`.
pub(crate) async fn pkcs7(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    headers: HeaderMap,
) -> Response {
    let form = Form::Download { extension: "pb7", content_type: "application/x-pkcs7-certificates" };
    respond(&app, &tenant, &headers, form, |der| certificate::pkcs7_pem(der).into_bytes()).await
}

/// `GET /fingerprint`.
pub(crate) async fn fingerprint(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    headers: HeaderMap,
) -> Response {
    respond(&app, &tenant, &headers, Form::Text, |der| certificate::fingerprint(der).into_bytes()).await
}

async fn respond(
    app: &App,
    tenant: &Tenant,
    headers: &HeaderMap,
    form: Form,
    write: impl Fn(&[u8]) -> Vec<u8>,
) -> Response {
    let keys = match app.signing_keys(&tenant.id).await {
        Ok(keys) => keys,
        Err(error) => return failure(app, headers, &error),
    };
    let mut response = write(keys.current().certificate()).into_response();
    // A rotation changes the answer; who fetches a certificate wants the present one.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match form {
        Form::Text => {
            let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        Form::Download { extension, content_type } => {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            // A domain is letters, digits, dots and hyphens; a port's colon or an address' brackets are no file name.
            let name: String =
                tenant.domain.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
            if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}.{extension}\"")) {
                response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
            }
        }
    }
    response
}
