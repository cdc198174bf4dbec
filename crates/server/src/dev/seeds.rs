//! What `keywright dev` puts into a tenant: a connection, applications of all four types, an API and a user, so that
//! the tutorials work at once.
//!
//! Every step first looks whether its result is there: a second start finds what the first one made, with the same
//! credentials, and a start that was interrupted is completed by the next one. What the developer changed stays.

use keywright_app::{App, AppError, NewClient, NewUser, ProvisioningError, SignUpError};
use keywright_jose::Purpose;
use keywright_login::PLAYGROUND_PATH;
use keywright_management::SCOPES;
use keywright_store::{clients, users};
use keywright_types::{
    AppType, Client, ClientGrant, Connection, ConnectionOptions, OtherMembers, PasswordPolicy, Playground,
    ResourceServer, ResourceServerScope, SubjectType, Tenant, TenantSettings,
};
use secrecy::{ExposeSecret, SecretString};

use crate::tenant::create_tenant;

/// Auth0's name of a new tenant's database.
const CONNECTION: &str = "Username-Password-Authentication";
/// Identifier of the API, as the tutorials call it.
pub(crate) const API: &str = "appointments:api";
/// Scopes of the API, as the tutorials use them.
pub(crate) const API_SCOPES: [(&str, &str); 3] = [
    ("appointments", "Read and change your appointments"),
    ("contacts", "Read and change your contacts"),
    ("read:contacts", "Read your contacts"),
];
/// The user.
const EMAIL: &str = "user@example.com";
/// Ports on which an application under development usually listens.
const APPLICATION_PORTS: std::ops::RangeInclusive<u16> = 3000..=3005;

/// Grant type of the device flow.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The applications: name and type.
const APPLICATIONS: [(&str, AppType); 4] = [
    ("Regular Web App", AppType::RegularWeb),
    ("Single Page App", AppType::Spa),
    ("Native App", AppType::Native),
    ("Machine to Machine", AppType::NonInteractive),
];

/// The application of the playground.
const PLAYGROUND: &str = "Playground";
/// What it asks for: enough to see consent, an API and a refresh token.
const PLAYGROUND_SCOPE: &str = "openid profile email offline_access read:contacts";

/// Everything a developer needs to know.
pub(crate) struct Seeds {
    /// The tenant.
    pub(crate) tenant: Tenant,
    /// May do everything over the Management API.
    pub(crate) management: Application,
    /// One of each type.
    pub(crate) applications: Vec<Application>,
    /// Address of the user.
    pub(crate) email: &'static str,
    /// Password of the user.
    pub(crate) password: SecretString,
}

/// An application and how it proves who it is.
#[derive(Clone)]
pub(crate) struct Application {
    /// The document.
    pub(crate) client: Client,
    /// Absent for applications that cannot keep one.
    pub(crate) secret: Option<SecretString>,
}

/// Why the seeds are not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeedError {
    /// The store.
    #[error(transparent)]
    App(#[from] AppError),
    /// A document.
    #[error("{what} cannot be created: {cause}")]
    Provisioning {
        /// What it is for the developer.
        what: &'static str,
        /// Why.
        cause: ProvisioningError,
    },
    /// The user.
    #[error("the user cannot be created: {0}")]
    User(#[from] SignUpError),
}

/// Completes the tenant of `domain`.
pub(crate) async fn plant(app: &App, domain: &str) -> Result<Seeds, SeedError> {
    let tenant = tenant(app, domain).await?;
    let existing = existing_applications(app, &tenant).await?;
    let management = management(app, &tenant, &existing).await?;
    let mut applications = Vec::new();
    for (name, app_type) in APPLICATIONS {
        applications.push(application(app, &tenant, &existing, name, app_type).await?);
    }
    api(app, &tenant).await?;
    let (tenant, playground) = playground(app, tenant, &existing).await?;
    for application in applications.iter().filter(|each| each.client.app_type == Some(AppType::NonInteractive)) {
        let scopes = API_SCOPES.iter().map(|(scope, _)| (*scope).to_owned()).collect();
        client_grant(app, &tenant, &application.client.client_id, API, scopes).await?;
    }
    let with_users: Vec<&Application> = applications.iter().chain(&playground).collect();
    let connection = connection(app, &tenant, &with_users).await?;
    let password = password(app, &tenant);
    user(app, &tenant, &connection, &password).await?;
    Ok(Seeds { tenant, management, applications, email: EMAIL, password })
}

async fn tenant(app: &App, domain: &str) -> Result<Tenant, SeedError> {
    if let Some(tenant) = app.tenant_by_domain(domain).await? {
        return Ok((*tenant).clone());
    }
    // PAR is there to be tried; Auth0 has it off in a new tenant, and so has `keywright tenant create`.
    let settings = TenantSettings {
        friendly_name: Some("Keywright".to_owned()),
        pushed_authorization_requests_supported: Some(true),
        ..TenantSettings::default()
    };
    let created = create_tenant(app, domain, settings).await;
    created.map(|(tenant, _)| tenant).map_err(failure("the tenant"))
}

/// All applications of the tenant, the oldest first.
async fn existing_applications(app: &App, tenant: &Tenant) -> Result<Vec<Application>, SeedError> {
    let id = tenant.id.clone();
    let mut rows = app.store().read(move |tx| clients::list(tx, &id).map_err(AppError::from)).await?;
    rows.sort_by_key(|row| row.created_at);
    let mut applications = Vec::new();
    for row in rows {
        if let Some(record) = app.client(&tenant.id, &row.client_id).await? {
            applications.push(Application { client: record.client.clone(), secret: record.secret.clone() });
        }
    }
    Ok(applications)
}

/// The oldest application with a grant for the Management API: the one that came with the tenant. Made anew when the
/// developer deleted it.
async fn management(app: &App, tenant: &Tenant, existing: &[Application]) -> Result<Application, SeedError> {
    let audience = tenant.management_audience();
    for application in existing {
        if app.client_grant(&tenant.id, &application.client.client_id, &audience, SubjectType::Client).await?.is_some()
        {
            return Ok(application.clone());
        }
    }
    let new = NewClient {
        name: "Keywright Management".to_owned(),
        app_type: Some(AppType::NonInteractive),
        ..NewClient::default()
    };
    let application = create_application(app, tenant, new).await?;
    let scopes = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
    client_grant(app, tenant, &application.client.client_id, &audience, scopes).await?;
    Ok(application)
}

async fn application(
    app: &App,
    tenant: &Tenant,
    existing: &[Application],
    name: &str,
    app_type: AppType,
) -> Result<Application, SeedError> {
    if let Some(application) = existing.iter().find(|each| each.client.name == name) {
        return Ok(application.clone());
    }
    create_application(app, tenant, new_application(name, app_type)).await
}

/// The playground, with an application of its own, unless the developer has switched it off or given it another one.
async fn playground(
    app: &App,
    tenant: Tenant,
    existing: &[Application],
) -> Result<(Tenant, Option<Application>), SeedError> {
    let own = tenant.settings.playground.clone();
    let chosen = own.as_ref().map(|own| own.client_id.as_str());
    if own.as_ref().is_some_and(|own| !own.enabled)
        || existing.iter().any(|each| each.client.name != PLAYGROUND && Some(&*each.client.client_id) == chosen)
    {
        return Ok((tenant, None));
    }
    let application = if let Some(application) = existing.iter().find(|each| each.client.name == PLAYGROUND) {
        application.clone()
    } else {
        let new = NewClient {
            name: PLAYGROUND.to_owned(),
            app_type: Some(AppType::Native),
            callbacks: vec![tenant.url(PLAYGROUND_PATH)],
            ..NewClient::default()
        };
        create_application(app, &tenant, new).await?
    };
    if chosen == Some(&*application.client.client_id) {
        return Ok((tenant, Some(application)));
    }
    let fresh = Playground {
        enabled: true,
        audience: API.to_owned(),
        scope: PLAYGROUND_SCOPE.to_owned(),
        ..Playground::default()
    };
    let playground = Playground { client_id: application.client.client_id.clone(), ..own.unwrap_or(fresh) };
    let settings = TenantSettings { playground: Some(playground), ..tenant.settings };
    app.update_tenant_settings(&tenant.id, &settings).await.map_err(failure("the playground"))?;
    Ok((Tenant { settings, ..tenant }, Some(application)))
}

async fn create_application(app: &App, tenant: &Tenant, new: NewClient) -> Result<Application, SeedError> {
    let (mut client, secret) = app.new_client(new);
    if client.app_type == Some(AppType::Native) {
        // Off in a new application (DV-07); here it is there to be tried.
        client.grant_types.push(DEVICE_CODE.to_owned());
    }
    // Public applications have one too, for the day on which they become confidential; nobody is told.
    app.create_client(&tenant.id, &client, Some(&secret)).await.map_err(failure("an application"))?;
    Ok(Application { client, secret: Some(secret) })
}

/// The addresses under which an application on this machine is usually developed.
fn new_application(name: &str, app_type: AppType) -> NewClient {
    let new = NewClient { name: name.to_owned(), app_type: Some(app_type), ..NewClient::default() };
    if app_type == AppType::NonInteractive {
        return new;
    }
    let origins: Vec<String> = APPLICATION_PORTS.map(|port| format!("http://localhost:{port}")).collect();
    let mut callbacks: Vec<String> = origins.iter().map(|origin| format!("{origin}/callback")).collect();
    if app_type == AppType::Spa {
        callbacks.extend(origins.iter().cloned());
    }
    let allowed_logout_urls = origins.iter().flat_map(|origin| [origin.clone(), format!("{origin}/")]).collect();
    let web_origins = if app_type == AppType::Native { Vec::new() } else { origins };
    NewClient { callbacks, allowed_logout_urls, web_origins, ..new }
}

async fn api(app: &App, tenant: &Tenant) -> Result<(), SeedError> {
    if app.api(&tenant.id, API).await?.is_some() {
        return Ok(());
    }
    let scope = |(value, description): (&str, &str)| ResourceServerScope {
        value: value.to_owned(),
        description: Some(description.to_owned()),
    };
    let api = ResourceServer {
        id: app.random().hex(12),
        name: "Appointments".to_owned(),
        identifier: API.to_owned(),
        scopes: API_SCOPES.into_iter().map(scope).collect(),
        allow_offline_access: true,
        ..ResourceServer::default()
    };
    app.create_api(&tenant.id, &api, None).await.map_err(failure("the API"))
}

async fn client_grant(
    app: &App,
    tenant: &Tenant,
    client_id: &str,
    audience: &str,
    scope: Vec<String>,
) -> Result<(), SeedError> {
    if app.client_grant(&tenant.id, client_id, audience, SubjectType::Client).await?.is_some() {
        return Ok(());
    }
    let grant = ClientGrant {
        id: format!("cgr_{}", app.random().identifier(16)),
        client_id: client_id.to_owned(),
        audience: audience.to_owned(),
        scope,
        subject_type: SubjectType::Client,
        allow_all_scopes: false,
        other: OtherMembers::new(),
    };
    app.create_client_grant(&tenant.id, &grant).await.map_err(failure("a client grant"))
}

/// The connection, enabled for the applications.
async fn connection(app: &App, tenant: &Tenant, applications: &[&Application]) -> Result<Connection, SeedError> {
    let client_ids = applications.iter().map(|application| application.client.client_id.clone());
    let known = app.connections(&tenant.id).await?;
    if let Some(connection) = known.iter().find(|each| each.name == CONNECTION) {
        let mut connection = connection.clone();
        let missing: Vec<String> = client_ids.filter(|client_id| !connection.is_enabled_for(client_id)).collect();
        if !missing.is_empty() {
            connection.enabled_clients.extend(missing);
            app.update_connection(&tenant.id, &connection).await.map_err(failure("the connection"))?;
        }
        return Ok(connection);
    }
    let connection = Connection {
        id: format!("con_{}", app.random().identifier(16)),
        name: CONNECTION.to_owned(),
        strategy: "auth0".to_owned(),
        enabled_clients: client_ids.collect(),
        is_domain_connection: false,
        authentication: keywright_types::ConnectionAuthentication::default(),
        options: ConnectionOptions { password_policy: Some(PasswordPolicy::Good), ..ConnectionOptions::default() },
        other: OtherMembers::new(),
    };
    app.create_connection(&tenant.id, &connection).await.map_err(failure("the connection"))?;
    Ok(connection)
}

async fn user(app: &App, tenant: &Tenant, connection: &Connection, password: &SecretString) -> Result<(), SeedError> {
    let new = NewUser {
        email: EMAIL.to_owned(),
        username: connection.options.requires_username.then(|| "user".to_owned()),
        password: password.expose_secret().to_owned(),
        email_verified: true,
        ..NewUser::default()
    };
    let (id, name) = (tenant.id.clone(), connection.name.clone());
    let known = app.store().read(move |tx| users::find_by_email(tx, &id, &name, EMAIL).map_err(AppError::from)).await?;
    if known.is_some() {
        return Ok(());
    }
    match app.create_user(&tenant.id, connection, new).await {
        // Another server of the same database was faster.
        Ok(_) | Err(SignUpError::UserExists) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}

/// TN-07: "First start creates no default credential". The password follows from the master key of the data directory:
/// nobody else knows it, and a second start knows it again without having kept it anywhere.
fn password(app: &App, tenant: &Tenant) -> SecretString {
    let digest = app.data_keys().digest(Purpose::ClientSecret, &tenant.id, b"password of the development user");
    readable(digest.as_bytes()).into()
}

/// Four words of two syllables and two digits, `Mobi-Tuka-Rine-Dalo-47`: 48 random bits that can be typed from a phone,
/// with three kinds of characters as the policy "good" wants them.
fn readable(bytes: &[u8]) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aeio";
    let letter =
        |table: &[u8], byte: u8| char::from(table.get(usize::from(byte) % table.len()).copied().unwrap_or(b'a'));
    let mut words: Vec<String> = bytes
        .chunks_exact(2)
        .take(4)
        .map(|pair| {
            let syllables = pair.iter().flat_map(|byte| [letter(CONSONANTS, byte >> 4), letter(VOWELS, byte & 3)]);
            let mut word: String = syllables.collect();
            if let Some(first) = word.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            word
        })
        .collect();
    words.push(format!("{:02}", bytes.get(8).map_or(0, |byte| byte % 100)));
    words.join("-")
}

fn failure(what: &'static str) -> impl FnOnce(ProvisioningError) -> SeedError {
    move |cause| SeedError::Provisioning { what, cause }
}

#[cfg(test)]
mod tests {
    use keywright_app::check_password;

    use super::*;

    #[test]
    fn the_password_is_readable_and_strong_enough() {
        let password = readable(&[0x00, 0x13, 0x22, 0x31, 0xf3, 0xe2, 0x00, 0x01, 147]);
        assert_eq!(password, "Bado-Fige-Zovi-Babe-47");
        let options = ConnectionOptions { password_policy: Some(PasswordPolicy::Good), ..ConnectionOptions::default() };
        assert!(check_password(&options, &password).is_acceptable());
        assert_ne!(readable(&[7; 32]), readable(&[8; 32]));
    }

    #[test]
    fn applications_have_the_addresses_of_their_kind() {
        let web = new_application("x", AppType::RegularWeb);
        assert_eq!(web.callbacks.len(), 6);
        assert_eq!(web.callbacks.first().unwrap(), "http://localhost:3000/callback");
        assert_eq!(web.callbacks.last().unwrap(), "http://localhost:3005/callback");
        assert!(web.allowed_logout_urls.contains(&"http://localhost:3000/".to_owned()));
        let spa = new_application("x", AppType::Spa);
        assert!(spa.callbacks.contains(&"http://localhost:3001".to_owned()));
        assert!(spa.web_origins.contains(&"http://localhost:3001".to_owned()));
        assert!(new_application("x", AppType::NonInteractive).callbacks.is_empty());
    }
}
