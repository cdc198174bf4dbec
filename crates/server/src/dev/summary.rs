//! What `keywright dev` says when it is ready: one line of JSON for programs, a table and the tutorial's next steps
//! for people.

use std::fmt::Write as _;
use std::path::Path;

use keywright_login::PLAYGROUND_PATH;
use keywright_types::AppType;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::seeds::{API, API_SCOPES, Application, Seeds};

/// The line of `--json`, in this order. Here secrets are shown on purpose: it is what the developer asked for.
#[derive(Serialize)]
struct Line<'a> {
    base_url: String,
    domain: &'a str,
    ca_cert: &'a Path,
    management: Credentials<'a>,
    applications: Vec<ApplicationLine<'a>>,
    api: Api,
    user: User<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    playground: Option<String>,
}

#[derive(Serialize)]
struct Credentials<'a> {
    client_id: &'a str,
    client_secret: &'a str,
}

#[derive(Serialize)]
struct ApplicationLine<'a> {
    name: &'a str,
    app_type: Option<AppType>,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
}

#[derive(Serialize)]
struct Api {
    identifier: &'static str,
}

#[derive(Serialize)]
struct User<'a> {
    email: &'a str,
    password: &'a str,
}

/// One line of JSON, without the line's end.
pub(crate) fn json(seeds: &Seeds, certificate: &Path) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Line {
        base_url: seeds.tenant.url(""),
        domain: &seeds.tenant.domain,
        ca_cert: certificate,
        management: Credentials {
            client_id: &seeds.management.client.client_id,
            client_secret: seeds.management.secret.as_ref().map_or("", |secret| secret.expose_secret()),
        },
        applications: seeds
            .applications
            .iter()
            .map(|application| ApplicationLine {
                name: &application.client.name,
                app_type: application.client.app_type,
                client_id: &application.client.client_id,
                client_secret: shown_secret(application),
            })
            .collect(),
        api: Api { identifier: API },
        user: User { email: seeds.email, password: seeds.password.expose_secret() },
        playground: playground(seeds),
    })
}

/// A short table, and the tutorial's steps with real values. `hint` says how to learn more about the certificate.
pub(crate) fn table(seeds: &Seeds, certificate: &Path, hint: &str) -> String {
    let tenant = &seeds.tenant;
    let scopes = API_SCOPES.map(|(scope, _)| scope).join(" ");
    let playground = playground(seeds).map_or_else(String::new, |address| format!("Playground      {address}\n  "));
    let mut text = format!(
        "\nKeywright is ready at {}\n\n  \
         Domain          {}\n  \
         User            {}   password {}\n  \
         API             {API}   scopes {scopes}\n  \
         {playground}CA certificate  {}{hint}\n\n",
        tenant.issuer(),
        tenant.domain,
        seeds.email,
        seeds.password.expose_secret(),
        certificate.display(),
    );
    let _ = writeln!(text, "  {:<21} {:<32}  Client secret", "Application", "Client ID");
    for application in seeds.applications.iter().chain([&seeds.management]) {
        let secret = shown_secret(application).unwrap_or("(public)");
        let _ = writeln!(text, "  {:<21} {:<32}  {secret}", application.client.name, application.client.client_id);
    }
    let web = seeds.applications.iter().find(|each| each.client.app_type == Some(AppType::RegularWeb));
    if let Some((web, callback)) = web.and_then(|web| Some((web, web.client.callbacks.first()?))) {
        text.push_str(&next_steps(seeds, web, callback, certificate));
    }
    text
}

/// "Call your API using the regular web app login flow", with nothing left to fill in but the code.
fn next_steps(seeds: &Seeds, web: &Application, callback: &str, certificate: &Path) -> String {
    let client_id = &web.client.client_id;
    format!(
        "\nLog in with a browser:\n\n  \
         {}?response_type=code&client_id={client_id}&redirect_uri={callback}&scope=openid%20profile%20offline_access%20appointments%20contacts&audience={API}&state=xyzABC123\n\n\
         Then exchange the code from the address bar:\n\n  \
         export CURL_CA_BUNDLE=\"{}\"\n  \
         curl --request POST \\\n    --url '{}' \\\n    --header 'content-type: application/json' \\\n    \
         --data '{{\"grant_type\":\"authorization_code\",\"code\": \"YOUR_AUTHORIZATION_CODE\",\"client_id\": \"{client_id}\",\"client_secret\": \"{}\",\"redirect_uri\": \"{callback}\"}}'\n",
        seeds.tenant.url("/authorize"),
        certificate.display(),
        seeds.tenant.url("/oauth/token"),
        shown_secret(web).unwrap_or_default(),
    )
}

/// Where the playground is, unless the developer switched it off.
fn playground(seeds: &Seeds) -> Option<String> {
    let own = seeds.tenant.settings.playground.as_ref();
    own.filter(|own| own.enabled).map(|_| seeds.tenant.url(PLAYGROUND_PATH))
}

/// The secret of a confidential application.
fn shown_secret(application: &Application) -> Option<&str> {
    application.secret.as_ref().filter(|_| !application.client.is_public()).map(SecretString::expose_secret)
}
