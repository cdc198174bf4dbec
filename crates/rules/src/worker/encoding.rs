//! Text, base64 and URLs for the engine's JavaScript.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use rquickjs::{Ctx, Exception, Function, Object, Result, TypedArray};
use serde_json::json;
use url::Url;

use super::bindings::Bytes;

/// A character for each byte, as bytes.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}

/// As Node reads it: both alphabets, any padding, and what belongs to neither is skipped.
fn from_base64(text: &str) -> Vec<u8> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let mut clean: String = text
        .chars()
        .take_while(|character| *character != '=')
        .filter_map(|character| match character {
            '-' => Some('+'),
            '_' => Some('/'),
            '+' | '/' => Some(character),
            _ => character.is_ascii_alphanumeric().then_some(character),
        })
        .collect();
    if clean.len() % 4 == 1 {
        clean.pop();
    }
    LENIENT.decode(clean).unwrap_or_default()
}

fn to_base64(data: &str, url: bool) -> String {
    let data = bytes(data);
    if url { general_purpose::URL_SAFE_NO_PAD.encode(data) } else { general_purpose::STANDARD.encode(data) }
}

/// The parts of an address, as the WHATWG names them, or nothing.
fn parts(url: &Url) -> String {
    let port = url.port().map(|port| port.to_string()).unwrap_or_default();
    let hostname = url.host_str().unwrap_or_default();
    let host = if port.is_empty() { hostname.to_owned() } else { format!("{hostname}:{port}") };
    let question = url.query().filter(|query| !query.is_empty()).map(|query| format!("?{query}")).unwrap_or_default();
    let hash = url.fragment().filter(|hash| !hash.is_empty()).map(|hash| format!("#{hash}")).unwrap_or_default();
    json!({
        "href": url.as_str(),
        "origin": url.origin().ascii_serialization(),
        "protocol": format!("{}:", url.scheme()),
        "username": url.username(),
        "password": url.password().unwrap_or_default(),
        "host": host,
        "hostname": hostname,
        "port": port,
        "pathname": url.path(),
        "search": question,
        "hash": hash,
    })
    .to_string()
}

fn parsed(href: &str, base: Option<&str>) -> Option<Url> {
    match base {
        Some(base) => Url::parse(base).ok()?.join(href).ok(),
        None => Url::parse(href).ok(),
    }
}

/// Changes one part; what is none leaves the address as it is, as in browsers.
fn changed(href: &str, part: &str, value: &str) -> Option<String> {
    let mut url = Url::parse(href).ok()?;
    match part {
        "href" => url = Url::parse(value).ok()?,
        "protocol" => {
            let _ = url.set_scheme(value.trim_end_matches(':'));
        }
        "username" => {
            let _ = url.set_username(value);
        }
        "password" => {
            let _ = url.set_password((!value.is_empty()).then_some(value));
        }
        "hostname" => {
            let _ = url.set_host(Some(value));
        }
        "host" => match value.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())) {
            Some((name, port)) => {
                {
                    let _ = url.set_host(Some(name));
                };
                {
                    let _ = url.set_port(port.parse().ok());
                };
            }
            None => {
                let _ = url.set_host(Some(value));
            }
        },
        "port" => {
            let _ = url.set_port(value.parse().ok());
        }
        "pathname" => url.set_path(value),
        "search" => {
            let query = value.strip_prefix('?').unwrap_or(value);
            url.set_query((!query.is_empty()).then_some(query));
        }
        "hash" => {
            let hash = value.strip_prefix('#').unwrap_or(value);
            url.set_fragment((!hash.is_empty()).then_some(hash));
        }
        _ => {}
    }
    Some(parts(&url))
}

pub(super) fn bind<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    let utf8 = |ctx: Ctx<'js>, text: String| -> Result<Bytes<'js>> { TypedArray::new_copy(ctx, text.into_bytes()) };
    host.set("utf8", Function::new(ctx.clone(), utf8)?)?;
    let text = |ctx: Ctx<'js>, data: String, strict: bool| -> Result<String> {
        match String::from_utf8(bytes(&data)) {
            Ok(text) => Ok(text),
            Err(_) if strict => Err(Exception::throw_type(&ctx, "The encoded data was not valid for encoding utf-8")),
            Err(error) => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        }
    };
    host.set("text", Function::new(ctx.clone(), text)?)?;
    host.set("toBase64", Function::new(ctx.clone(), |data: String, url: bool| to_base64(&data, url))?)?;
    let decoded = |ctx: Ctx<'js>, text: String| -> Result<Bytes<'js>> { TypedArray::new_copy(ctx, from_base64(&text)) };
    host.set("fromBase64", Function::new(ctx.clone(), decoded)?)?;
    let decoded = |text: String| String::from_utf8_lossy(&from_base64(&text)).into_owned();
    host.set("textOfBase64", Function::new(ctx.clone(), decoded)?)?;
    let parse = |href: String, base: Option<String>| parsed(&href, base.as_deref()).as_ref().map(parts);
    host.set("url", Function::new(ctx.clone(), parse)?)?;
    let change = |href: String, part: String, value: String| changed(&href, &part, &value);
    host.set("changeUrl", Function::new(ctx.clone(), change)?)?;
    Ok(())
}
