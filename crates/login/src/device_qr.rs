//! `GET /activate/qr.svg?user_code=…`: the QR picture of the address with a code in it (RFC 8628 §3.3.1 "Non-Textual Verification
//! URI Optimization"), for devices that cannot draw one.
//!
//! It looks nothing up: the picture of a code that no device has is no different. Every text but one of the shape of the
//! tenant's codes is refused, so that nobody gets pictures of anything else from this domain.

use std::fmt::Write as _;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use keywright_app::AppError;
use keywright_web::parameters::AUTHORIZATION;
use keywright_web::redirect;
use qrcode::{Color, EcLevel, QrCode};

use crate::device;
use crate::error::PageError;
use crate::visit::Visit;

/// Where it is.
pub(crate) const PATH: &str = "/activate/qr.svg";

/// ISO/IEC 18004 §6.3.8: a margin of four modules.
const MARGIN: usize = 4;

/// `GET /activate/qr.svg?user_code=…`
pub(crate) async fn get(visit: Visit) -> Response {
    let picture = picture(&visit);
    visit.answer(picture).await
}

fn picture(visit: &Visit) -> Result<Response, PageError> {
    let query = visit.query(AUTHORIZATION)?;
    let typed = query.get("user_code").unwrap_or_default();
    let code = visit.app.shown_user_code(&visit.tenant, typed);
    let code = code.ok_or_else(|| PageError::bad_request("Parameter 'user_code' is no code of this tenant"))?;
    let address = redirect::with_query(&visit.tenant.url(device::PATH), &[("user_code".to_owned(), code)]);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        // A code is a secret of a kind for as long as it lives.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
        // A device that is a web page of another origin may put it into its own document. It holds what its address holds.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    Ok((StatusCode::OK, headers, svg(&address)?).into_response())
}

/// One path of black squares on white, without a size of its own, dark and light as scanners want it in every colour scheme.
fn svg(text: &str) -> Result<String, AppError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(AppError::internal)?;
    let (width, modules) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in modules.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run.first() == Some(&Color::Dark) {
                let (left, top, length) = (x + MARGIN, y + MARGIN, run.len());
                write!(path, "M{left} {top}h{length}v1h-{length}z").map_err(AppError::internal)?;
            }
            x += run.len();
        }
    }
    let size = width + 2 * MARGIN;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\" role=\"img\" \
         aria-label=\"QR code\"><path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_every_dark_module_once_and_a_margin() {
        let text = "https://login.example.com/activate?user_code=QTZL-MCBW";
        let picture = svg(text).unwrap();
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let size = code.width() + 8;
        assert!(picture.contains(&format!("viewBox=\"0 0 {size} {size}\"")), "{picture}");
        // Drawn again from the path.
        let mut drawn = vec![false; size * size];
        let path = picture.rsplit("d=\"").next().unwrap();
        let path = path.split('"').next().unwrap();
        for square in path.split('z').filter(|square| !square.is_empty()) {
            let (place, length) = square.trim_start_matches('M').split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = length.split('v').next().unwrap().parse().unwrap();
            for x in x..x + length {
                assert!(!std::mem::replace(&mut drawn[y * size + x], true));
            }
        }
        for (index, dark) in drawn.iter().enumerate() {
            let (x, y) = (index % size, index / size);
            let inside = (4..size - 4).contains(&x) && (4..size - 4).contains(&y);
            let expected = inside && code[(x - 4, y - 4)] == Color::Dark;
            assert_eq!(*dark, expected, "{x} {y}");
        }
    }
}
