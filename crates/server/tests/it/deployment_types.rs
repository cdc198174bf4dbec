//! `keywright import` and `keywright export`, type by type: what auth0-deploy-cli writes of a tenant goes in from both of its layouts,
//! comes out in both, and goes in again without a change (`management-api.md` §18).

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::deployment::{Place, files};

const TREE: &str = r###"
pages:
  - { name: login, enabled: false, html: ./pages/login.html }
  - { name: error_page, html: ./pages/error_page.html, show_log_link: true, url: "" }
  - { name: password_reset, enabled: true, html: ./pages/password_reset.html }
  - { name: guardian_multifactor, enabled: false, html: ./pages/guardian_multifactor.html }
rulesConfigs:
  - { key: TEAM_API, value: "##TEAM_API##" }
rules:
  - { name: first, script: ./rules/first.js, order: 1, enabled: true, stage: login_success }
  - { name: second, script: ./rules/second.js, order: 2, enabled: false, stage: login_success }
hooks: []
actions:
  - name: add-claim
    code: ./actions/add-claim/code.js
    deployed: true
    status: built
    runtime: node22
    dependencies: [{ name: lodash, version: 4.17.21 }]
    secrets: [{ name: KEY, value: "##ACTION_KEY##" }, { name: ANOTHER }]
    supported_triggers: [{ id: post-login, version: v3 }]
  - name: draft
    code: ./actions/draft/code.js
    deployed: false
    runtime: node18
    dependencies: []
    secrets: []
    supported_triggers: [{ id: credentials-exchange, version: v2 }]
  - name: add-claim
    code: ./actions/other/code.js
    deployed: true
    supported_triggers: [{ id: credentials-exchange, version: v2 }]
triggers:
  post-login:
    - { action_name: add-claim, display_name: Add a claim }
  credentials-exchange: []
clients:
  - { name: Backend, app_type: non_interactive, grant_types: [client_credentials] }
resourceServers:
  - { name: Orders, identifier: "https://orders.example/", scopes: [{ value: "read:orders" }] }
databases:
  - { name: Customers, strategy: auth0, enabled_clients: [], options: { passwordPolicy: good } }
connections:
  - name: acme
    strategy: oidc
    enabled_clients: []
    options:
      type: back_channel
      client_id: oidc
      client_secret: "##OIDC##"
      discovery_url: https://idp.example/.well-known/openid-configuration
      issuer: https://idp.example/
      scope: openid
clientGrants:
  - { client_id: Backend, audience: "https://orders.example/", scope: ["read:orders"] }
organizations:
  - name: umbrella
    display_name: Umbrella
    branding: { colors: { primary: "#0a0a0a", page_background: "#ffffff" } }
    metadata: { plan: pro }
    connections:
      - { name: Customers, assign_membership_on_login: true, is_signup_enabled: true, show_as_button: true }
      - { name: acme, assign_membership_on_login: false, show_as_button: false }
    client_grants: [{ client_id: Backend }]
    discovery_domains: []
emailProvider:
  name: smtp
  enabled: true
  default_from_address: login@acme.example
  credentials: { smtp_host: mail.acme.example, smtp_port: 587, smtp_user: keywright, smtp_pass: "##SMTP_PASS##" }
emailTemplates:
  - template: welcome_email
    body: ./emailTemplates/welcome_email.html
    enabled: true
    from: login@acme.example
    subject: Welcome
    syntax: liquid
    urlLifetimeInSeconds: 432000
branding:
  logo_url: https://acme.example/logo.png
  colors: { primary: "#0059d6", page_background: "#000000" }
  templates: [{ template: universal_login, body: ./branding_templates/universal_login.html }]
phoneProviders:
  - name: twilio
    disabled: false
    configuration: { sid: AC0, default_from: "+15550100", delivery_methods: [text] }
    credentials: { auth_token: "##TWILIO_AUTH_TOKEN##" }
phoneTemplates:
  - { type: otp_verify, disabled: false, content: { syntax: liquid, from: "+15550100", body: { text: "{{ code }}" } } }
prompts:
  universal_login_experience: new
  identifier_first: true
  customText:
    en: { login: { login: { title: Hello } }, signup: { signup: { title: Welcome } } }
    de: { login: { login: { title: Hallo } } }
  partials:
    login: { login: { form-content-start: <p>Hi</p> } }
  screenRenderers:
    - login-id: { login-id: ./prompts/screenRenderSettings/login-id_login-id.json }
guardianFactors:
  - { name: otp, enabled: true, trial_expired: false }
  - { name: sms, enabled: false }
guardianFactorProviders:
  - { name: sms, provider: twilio, from: "+15550100", sid: AC0, auth_token: "##GUARDIAN_SMS_TWILIO_AUTH_TOKEN##" }
guardianFactorTemplates:
  - { name: sms, enrollment_message: "Enrol {{code}}", verification_message: "Code {{code}}" }
guardianPolicies: { policies: [all-applications] }
guardianPhoneFactorSelectedProvider: { provider: twilio }
guardianPhoneFactorMessageTypes: { message_types: [sms, voice] }
riskAssessment: { settings: { enabled: true }, new_device: { remember_for: 60 } }
supplementalSignals: { akamai_enabled: true }
attackProtection:
  botDetection: { bot_detection_level: high }
  captcha: { active_provider_id: hcaptcha, hcaptcha: { site_key: site, secret: "##CAPTCHA_HCAPTCHA_SECRET##" } }
customDomains:
  - { domain: login.acme.example, type: self_managed_certs, verification_method: txt, tls_policy: compatible, is_default: true }
tenant: { friendly_name: Acme, enabled_locales: [en, de] }
themes:
  - displayName: Acme
    borders: { button_border_radius: 3, button_border_weight: 1, buttons_style: rounded, input_border_radius: 3, input_border_weight: 1, inputs_style: rounded, show_widget_shadow: true, widget_border_weight: 0, widget_corner_radius: 5 }
    colors: { body_text: "#1e212a", error: "#d03c38", header: "#1e212a", icons: "#65676e", input_background: "#ffffff", input_border: "#c9cace", input_filled_text: "#000000", input_labels_placeholders: "#65676e", links_focused_components: "#635dff", primary_button: "#635dff", primary_button_label: "#ffffff", secondary_button_border: "#c9cace", secondary_button_label: "#1e212a", success: "#13a688", widget_background: "#ffffff", widget_border: "#c9cace" }
    fonts: { body_text: { bold: false, size: 87.5 }, buttons_text: { bold: false, size: 100 }, font_url: "", input_labels: { bold: false, size: 100 }, links: { bold: true, size: 87.5 }, links_style: normal, reference_text_size: 16, subtitle: { bold: false, size: 87.5 }, title: { bold: false, size: 150 } }
    page_background: { background_color: "#000000", background_image_url: "", page_layout: center }
    widget: { header_text_alignment: center, logo_height: 52, logo_position: center, logo_url: "", social_buttons_layout: bottom }
logStreams: []
"###;

const TEXTS: [(&str, &str); 14] = [
    ("pages/login.html", "<p>login</p>\n"),
    ("pages/error_page.html", "<p>{{ error }}</p>\n"),
    ("pages/password_reset.html", "<p>reset</p>\n"),
    ("pages/guardian_multifactor.html", "<p>factor</p>\n"),
    ("rules/first.js", "function first(user, context, callback) {\n  callback(null, user, context);\n}\n"),
    ("rules/second.js", "function second(user, context, callback) {\n  callback(null, user, context);\n}\n"),
    ("actions/add-claim/code.js", "exports.onExecutePostLogin = async () => {\n  return 1;\n};\n"),
    ("actions/draft/code.js", "exports.onExecuteCredentialsExchange = async () => {\n  return 2;\n};\n"),
    ("actions/other/code.js", "exports.onExecuteCredentialsExchange = async () => {\n  return 3;\n};\n"),
    ("emailTemplates/welcome_email.html", "<p>Welcome {{ user.name }}</p>\n"),
    (
        "branding_templates/universal_login.html",
        "<html><head>{%- auth0:head -%}</head><body>{%- auth0:widget -%}</body></html>\n",
    ),
    (
        "prompts/screenRenderSettings/login-id_login-id.json",
        r#"{"prompt":"login-id","screen":"login-id","rendering_mode":"advanced","context_configuration":["branding"]}"#,
    ),
    ("left/alone.txt", "x"),
    ("left/too.html", "x"),
];

/// Every secret of the tree, by its variable.
const SECRETS: [(&str, &str); 8] = [
    ("TEAM_API", "secret-team"),
    ("ACTION_KEY", "secret-action"),
    ("OIDC", "secret-oidc"),
    // What an export calls it.
    ("CONNECTIONS_OIDC_CLIENT_SECRET", "secret-oidc"),
    ("SMTP_PASS", "secret-smtp"),
    ("TWILIO_AUTH_TOKEN", "secret-phone"),
    ("GUARDIAN_SMS_TWILIO_AUTH_TOKEN", "secret-twilio"),
    ("CAPTCHA_HCAPTCHA_SECRET", "secret-captcha"),
];

impl Place {
    fn with_tree() -> Self {
        let place = Self::empty();
        place.write("tree/tenant.yaml", TREE);
        for (name, text) in TEXTS {
            place.write(&format!("tree/{name}"), text);
        }
        place
    }

    /// Runs a command with the secrets in its environment.
    fn with_secrets(&self, arguments: &[&str]) -> (bool, String) {
        self.on("login.example.com", arguments, &SECRETS)
    }

    fn on(&self, domain: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String) {
        let source = ["--domain", domain, "--database", "sqlite:a.db"];
        let mut command = self.command(&[arguments, &source].concat());
        command.envs(environment.iter().copied());
        let (status, output, error) = crate::process::run(&mut command);
        (status.success(), format!("{output}{error}"))
    }

    fn folder(&self, name: &str) -> BTreeMap<String, String> {
        files(&self.path(name))
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one tree, and a line for each type")]
fn every_type_goes_in_comes_out_in_both_layouts_and_goes_in_again_without_a_change() {
    let place = Place::with_tree();
    let (_, would) = place.with_secrets(&["import", "tree/tenant.yaml", "--dry-run"]);
    let (done, said) = place.with_secrets(&["import", "tree/tenant.yaml"]);
    assert!(done, "{said}");
    for line in [
        "created   pages login",
        "created   pages error_page",
        "created   pages password_reset",
        "created   rulesConfigs TEAM_API",
        "created   rules first",
        "created   actions add-claim",
        "created   actions draft",
        "changed   triggers post-login: bindings",
        "unchanged triggers credentials-exchange",
        "created   organizations umbrella",
        "created   emailProvider",
        "created   emailTemplates welcome_email",
        "created   branding/templates universal_login",
        "created   phoneProviders twilio",
        "created   phoneTemplates otp_verify",
        "changed   prompts : identifier_first",
        "changed   prompts/customText de login: texts",
        "changed   prompts/partials login: partials",
        "changed   prompts/screenRenderers login-id login-id: ",
        "changed   guardianFactors otp: enabled",
        "changed   guardianFactorProviders sms twilio: ",
        "changed   guardianPolicies : policies",
        "changed   risk-assessment/new_device : remember_for",
        "changed   supplementalSignals : akamai_enabled",
        "created   customDomains login.acme.example",
        "created   themes Acme",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!SECRETS.iter().any(|(_, secret)| said.contains(secret)), "{said}");
    let totals = |said: &str| said.lines().last().unwrap().to_owned();
    assert_eq!(totals(&would), totals(&said), "{would}");
    // With the secrets and without them: what is stored is what the files say.
    let (done, said) = place.with_secrets(&["import", "tree/tenant.yaml"]);
    assert!(done && said.contains("\nno changes ("), "{said}");
    let (done, said) = place.deploy(&["import", "tree/tenant.yaml"]);
    assert!(done && said.contains("\nno changes (") && said.contains("left out  rulesConfigs TEAM_API"), "{said}");
    let (done, said) = place.with_secrets(&["import", "tree/tenant.yaml", "--dry-run"]);
    assert!(done && said.contains("\nno changes ("), "{said}");

    for (target, again) in [("yaml/tenant.yaml", "yaml2/tenant.yaml"), ("folder", "folder2")] {
        let (done, said) = place.deploy(&["export", target]);
        assert!(done, "{said}");
        for environment in [&SECRETS[..], &[]] {
            let (done, said) = place.on("login.example.com", &["import", target], environment);
            assert!(done && said.contains("\nno changes ("), "{target}: {said}");
        }
        assert!(place.deploy(&["export", again]).0);
        let folder = |name: &str| place.folder(name.split('/').next().unwrap());
        assert_eq!(folder(target), folder(again), "{target}");
        let all = folder(target).values().cloned().collect::<String>();
        assert!(!all.contains("secret-"), "{all}");
        // Into another tenant, with the secrets: the same comes out.
        let domain = if target == "folder" { "two.example.com" } else { "one.example.com" };
        assert!(place.run(&["tenant", "create", "--domain", domain, "--database", "sqlite:a.db"]).0);
        let (_, said) = place.on(domain, &["import", target], &SECRETS);
        let refused: Vec<&str> = said.lines().filter(|line| line.starts_with("refused")).collect();
        // The grant for the other tenant's Management API is for nothing here.
        assert!(refused.iter().all(|line| line.contains("https://login.example.com/api/v2/")), "{said}");
        assert!(place.on(domain, &["export", "moved"], &[]).0);
        let (mut one, mut other) =
            (place.folder("moved"), if target == "folder" { folder(target) } else { BTreeMap::new() });
        if target == "folder" {
            let foreign =
                |name: &String, _: &mut String| !name.starts_with("grants/") && !name.starts_with("resource-servers/");
            one.retain(foreign);
            other.retain(foreign);
            assert_eq!(one, other);
        }
        fs::remove_dir_all(place.path("moved")).unwrap();
    }

    let folder = place.folder("folder");
    let file = |name: &str| parsed(folder.get(name).unwrap_or_else(|| panic!("{name}: {:?}", folder.keys())));
    for (name, expected) in [
        ("pages/login.json", json!({ "name": "login", "enabled": false, "html": "./login.html" })),
        (
            "rules/first.json",
            json!({ "name": "first", "script": "./first.js", "order": 1, "enabled": true, "stage": "login_success" }),
        ),
        ("guardian/factors/otp.json", json!({ "name": "otp", "enabled": true })),
        ("guardian/policies.json", json!({ "policies": ["all-applications"] })),
        ("guardian/phoneFactorMessageTypes.json", json!({ "message_types": ["sms", "voice"] })),
        ("guardian/phoneFactorSelectedProvider.json", json!({ "provider": "twilio" })),
        (
            "risk-assessment/settings.json",
            json!({ "settings": { "enabled": true }, "new_device": { "remember_for": 60 } }),
        ),
        ("supplemental-signals.json", json!({ "akamai_enabled": true })),
        (
            "triggers/triggers.json",
            json!({ "post-login": [{ "action_name": "add-claim", "display_name": "Add a claim" }] }),
        ),
        (
            "prompts/partials.json",
            json!({ "login": [{ "login": [{ "name": "form-content-start", "template": "partials/login/login/form-content-start.liquid" }] }] }),
        ),
        (
            "branding/templates/universal_login.json",
            json!({ "template": "universal_login", "body": "./universal_login.html" }),
        ),
    ] {
        assert_eq!(file(name), expected, "{name}");
    }
    assert_eq!(file("prompts/custom-text.json")["de"], json!({ "login": { "login": { "title": "Hallo" } } }));
    assert_eq!(file("prompts/screenRenderSettings/login-id_login-id.json")["rendering_mode"], "advanced");
    let action = file("actions/add-claim.json");
    let second = file("actions/add-claim 2.json");
    let [of_login, of_exchange] =
        if action["supported_triggers"][0]["id"] == "post-login" { [action, second] } else { [second, action] };
    assert_eq!(of_login["secrets"], json!([{ "name": "ANOTHER" }, { "name": "KEY" }]));
    assert_eq!((&of_login["deployed"], &of_exchange["deployed"]), (&json!(true), &json!(true)));
    assert_eq!(file("actions/draft.json")["deployed"], false);
    let code = |action: &Value| folder[action["code"].as_str().unwrap().trim_start_matches("./")].clone();
    assert!(code(&of_login).contains("return 1") && code(&of_exchange).contains("return 3"));
    assert_eq!(file("emails/provider.json")["credentials"]["smtp_pass"], "##SMTP_PASS##");
    assert_eq!(file("emails/welcome_email.json")["body"], "./welcome_email.html");
    assert_eq!(file("guardian/providers/sms-twilio.json")["auth_token"], "##GUARDIAN_SMS_TWILIO_AUTH_TOKEN##");
    assert_eq!(file("attack-protection/captcha.json")["hcaptcha"]["secret"], "##CAPTCHA_HCAPTCHA_SECRET##");
    assert_eq!(file("phone-providers/provider.json")[0]["credentials"]["auth_token"], "##TWILIO_AUTH_TOKEN##");
    assert_eq!(file("custom-domains/custom-domains.json")[0]["domain"], "login.acme.example");
    let organization = file("organizations/umbrella.json");
    assert_eq!(organization["client_grants"], json!([{ "client_id": "Backend" }]));
    assert_eq!(organization["connections"].as_array().unwrap().len(), 2);
    assert!(file("tenant.json").get("error_page").is_none(), "pages have files of their own");
}

#[test]
fn changes_are_made_where_the_files_differ() {
    let place = Place::with_tree();
    assert!(place.with_secrets(&["import", "tree/tenant.yaml"]).0);
    // Rules change places, by way of nobody else's.
    let script = "function f(user, context, callback) {\\n  callback(null, user, context);\\n}";
    place.write(
        "rules.yaml",
        &format!(
            "rules:\n  - {{ name: second, order: 1, script: \"{script}\" }}\n  - {{ name: first, order: 2 }}\n  \
             - {{ name: third, order: 3, script: \"{script}\" }}\n"
        ),
    );
    let (done, said) = place.deploy(&["import", "rules.yaml"]);
    assert!(done && said.contains("changed   rules second: order, script"), "{said}");
    assert!(said.contains("changed   rules first: order") && said.contains("created   rules third"), "{said}");
    assert!(place.deploy(&["import", "rules.yaml"]).1.contains("no changes"), "{said}");
    place.write("fourth.yaml", &format!("rules:\n  - {{ name: fourth, order: 1, script: \"{script}\" }}\n"));
    let (done, said) = place.deploy(&["import", "fourth.yaml"]);
    assert!(
        done && said.contains("created   rules fourth") && said.contains("changed   rules second: order"),
        "{said}"
    );
    place.write(
        "same.yaml",
        "rules:\n  - { name: first, order: 9 }\n  - { name: third, order: 9 }\n  - { name: fourth, stage: pre_authorize }\n",
    );
    let (done, said) = place.deploy(&["import", "same.yaml"]);
    assert!(!done && said.contains("refused   rules third: another rule of the files has the same order"), "{said}");
    assert!(said.contains("refused   rules fourth: stage cannot be changed"), "{said}");

    // An action that changes is deployed again; another secret is another action.
    place.write("tree/actions/add-claim/code.js", "exports.onExecutePostLogin = async () => {\n  return 7;\n};\n");
    let (done, said) = place.with_secrets(&["import", "tree/tenant.yaml"]);
    assert!(done && said.contains("changed   actions add-claim: code, deployed"), "{said}");
    let mut others = SECRETS;
    others[1].1 = "secret-other";
    others[0].1 = "secret-other";
    others[4].1 = "secret-other";
    let (done, said) = place.on("login.example.com", &["import", "tree/tenant.yaml"], &others);
    assert!(done && said.contains("changed   actions add-claim: secrets, deployed"), "{said}");
    assert!(said.contains("changed   rulesConfigs TEAM_API: value"), "{said}");
    assert!(said.contains("changed   emailProvider : credentials") && said.contains(" 3 changed"), "{said}");
    let (done, said) = place.on("login.example.com", &["import", "tree/tenant.yaml"], &others);
    assert!(done && said.contains("no changes"), "{said}");

    // Bindings, connections of an organization, texts: the list of the file is what is.
    place.write(
        "less.yaml",
        "triggers: { post-login: [] }\norganizations:\n  - { name: umbrella, connections: [{ name: Customers, \
         assign_membership_on_login: true, is_signup_enabled: false }], client_grants: [] }\n\
         prompts: { customText: { de: { login: { login: { title: Tag } } } } }\n",
    );
    let (done, said) = place.deploy(&["import", "less.yaml"]);
    assert!(done && said.contains("changed   organizations umbrella: connections, client_grants"), "{said}");
    assert!(said.contains("changed   triggers post-login: bindings"), "{said}");
    assert!(place.deploy(&["import", "less.yaml"]).1.contains("no changes"));
    assert!(place.deploy(&["export", "out"]).0);
    let organization = parsed(&place.folder("out")["organizations/umbrella.json"]);
    assert_eq!(organization["connections"].as_array().unwrap().len(), 1);
    assert_eq!(organization["connections"][0]["is_signup_enabled"], false);
    assert_eq!(organization["display_name"], "Umbrella", "what the file does not say stays");

    // Nothing is deleted unless that is asked for, and settings never are.
    place.write(
        "none.yaml",
        "actions: []\nrules: []\norganizations: []\nthemes: []\nphoneProviders: []\nphoneTemplates: []\n\
         customDomains: []\nrulesConfigs: []\nemailTemplates: []\npages: []\nemailProvider: {}\n",
    );
    let (done, said) = place.deploy(&["import", "none.yaml"]);
    assert!(done && said.ends_with("no changes (0 entries are as in the files)\n"), "{said}");
    assert!(place.with_secrets(&["import", "tree/tenant.yaml"]).0);
    let (done, said) = place.deploy(&["import", "none.yaml", "--delete"]);
    assert!(done && said.contains("deleted   actions add-claim") && said.contains("deleted   themes Acme"), "{said}");
    // Four rules, three actions, an organization, a theme, a provider, a template, a domain.
    assert!(said.ends_with("0 created, 0 changed, 12 deleted, 0 unchanged, 0 refused\n"), "{said}");
    assert!(place.deploy(&["export", "rest"]).0);
    let rest = place.folder("rest");
    assert!(
        rest.contains_key("emails/welcome_email.json") && rest.contains_key("pages/login.json"),
        "{:?}",
        rest.keys()
    );
    assert!(!rest.keys().any(|name| name.starts_with("actions/") || name.starts_with("rules/")), "{:?}", rest.keys());
}

#[test]
#[expect(clippy::too_many_lines, reason = "one tree, and a line for each type")]
fn what_is_wrong_is_named_with_its_file_and_nothing_of_it_is_written() {
    let place = Place::with_tree();
    assert!(place.with_secrets(&["import", "tree/tenant.yaml"]).0);
    assert!(place.deploy(&["export", "before"]).0);
    let wrong = [
        (
            "actions/no-code.json",
            r#"{"name":"no-code","code":"","deployed":true,"supported_triggers":[{"id":"post-login"}]}"#,
        ),
        ("actions/no-trigger.json", r#"{"name":"no-trigger","code":"x","supported_triggers":[{"id":"none"}]}"#),
        (
            "actions/modules.json",
            r#"{"name":"m","code":"x","modules":[{"module_name":"a"}],"supported_triggers":[{"id":"post-login"}]}"#,
        ),
        ("triggers/triggers.json", r#"{"post-login":[{"action_name":"nobody"}],"no-such-trigger":[]}"#),
        ("rules/bad-.json", r#"{"name":"bad-","script":"function f() {}"}"#),
        ("organizations/a.json", r#"{"name":"aa","connections":[{"name":"nobody"}]}"#),
        (
            "organizations/b.json",
            r#"{"name":"umbrella","display_name":"Other","connections":[{"name":"acme","is_signup_enabled":true}]}"#,
        ),
        ("organizations/c.json", r#"{"name":"cc","client_grants":[{"client_id":"nobody"}]}"#),
        ("organizations/d.json", r#"{"name":"dd","connections":[{"name":"acme","is_signup_enabled":true}]}"#),
        ("emails/none.json", r#"{"template":"none","enabled":true}"#),
        ("emails/welcome_email.json", r#"{"template":"welcome_email","body":"./welcome_email.html"}"#),
        ("emails/welcome_email.html", "{{ user.name "),
        ("emails/provider.json", r#"{"name":"smtp","credentials":{"smtp_host":"other.example","smtp_port":25}}"#),
        ("guardian/factors/none.json", r#"{"name":"none","enabled":true}"#),
        ("guardian/policies.json", r#"{"policies":["sometimes"]}"#),
        ("pages/other.json", r#"{"name":"other","html":"<p></p>"}"#),
        ("prompts/custom-text.json", r#"{"xx":{"login":{"login":{"title":"x"}}},"en":{"none":{}}}"#),
        ("branding/templates/universal_login.json", r#"{"template":"universal_login","body":"<p>no tags</p>"}"#),
        ("custom-domains/custom-domains.json", r#"[{"domain":"no domain","type":"self_managed_certs"}]"#),
        ("themes/theme.json", r#"{"displayName":"Half","colors":{}}"#),
        (
            "roles/reader.json",
            r#"{"name":"Reader","permissions":[{"permission_name":"none","resource_server_identifier":"https://orders.example/"}]}"#,
        ),
        ("attack-protection/none.json", r#"{"enabled":true}"#),
        ("log-streams/one.json", r#"{"name":"one"}"#),
        ("log-streams/two.json", r#"{"name":"two"}"#),
    ];
    for (name, text) in wrong {
        place.write(&format!("wrong/{name}"), text);
    }
    for dry in [true, false] {
        let arguments: &[&str] = if dry { &["import", "wrong", "--dry-run"] } else { &["import", "wrong"] };
        let (done, said) = place.deploy(arguments);
        assert!(!done, "{said}");
        for line in [
            "refused   logStreams : this version of Keywright does not store this type: 2 entries were not imported",
            "refused   attack-protection/none : this version of Keywright does not store this type: 1 entry was not imported",
            "refused   rules bad- (rules/bad-.json): Payload validation error",
            "refused   organizations aa (organizations/a.json): there is no connection nobody",
            "refused   organizations cc (organizations/c.json): there is no client grant of nobody",
            "refused   actions m (actions/modules.json): Payload validation error",
            "refused   emailTemplates none (emails/none.json): ",
            "refused   guardianFactors none (guardian/factors/none.json): ",
            "refused   guardianPolicies (guardian/policies.json): Payload validation error",
            "refused   pages other (pages/other.json): ",
            "refused   prompts/customText xx login (prompts/custom-text.json): ",
            "refused   prompts/customText en none (prompts/custom-text.json): ",
            "refused   customDomains no domain (custom-domains/custom-domains.json): Payload validation error",
            "refused   themes Half (themes/theme.json): Payload validation error",
            "refused   triggers no-such-trigger (triggers/triggers.json): ",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        if dry {
            continue;
        }
        // What only the database knows.
        for line in [
            "refused   actions no-code (actions/no-code.json): An action without code cannot be deployed",
            "refused   actions no-trigger (actions/no-trigger.json): There is no trigger none",
            "refused   triggers post-login (triggers/triggers.json): That action does not exist.",
            "refused   organizations umbrella (organizations/b.json): umbrella stays as it was: Only database connections",
            "refused   organizations dd (organizations/d.json): Only database connections",
            "refused   emailTemplates welcome_email (emails/welcome_email.json): body is not a Liquid template",
            "refused   emailProvider (emails/provider.json): Payload validation error: 'Missing required property: smtp_pass'",
            "refused   branding/templates universal_login (branding/templates/universal_login.json): The template must contain",
            "refused   roles Reader (roles/reader.json): ",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        assert!(said.contains("0 created, 0 changed, 0 deleted"), "{said}");
    }
    assert!(place.deploy(&["export", "after"]).0);
    assert_eq!(place.folder("before"), place.folder("after"));
    // What cannot be read is named, and nothing at all is written.
    for (name, text, reason) in [
        ("triggers/triggers.json", "{", "triggers/triggers.json"),
        ("custom-domains/custom-domains.json", "{}", "custom-domains.json: not a list"),
        ("actions/a.json", r#"{"name":"a","code":"./actions/none.js"}"#, "none.js: there is no such file"),
        ("rules/a.json", r#"{"name":"a","script":"./../../a.db"}"#, "outside of the folder"),
        (
            "prompts/partials.json",
            r#"{"login":[{"login":[{"name":"x","template":"../../a.db"}]}]}"#,
            "outside of the folder",
        ),
        ("prompts/partials.json", r#"{"login":{}}"#, "partials.json: login is not a list of screens"),
        ("prompts/custom-text.json", r#"{"en":1}"#, "custom-text.json"),
        ("tenant.json", "[]", "tenant.json"),
    ] {
        let _ = fs::remove_dir_all(place.path("broken"));
        place.write(&format!("broken/{name}"), text);
        place.write("broken/roles/new.json", r#"{"name":"New"}"#);
        let (done, said) = place.deploy(&["import", "broken"]);
        assert!(!done && said.contains(reason) && !said.contains("created"), "{name}: {said}");
    }
    for (text, reason) in [
        ("prompts: { screenRenderers: [{ login: { login: ./none.json } }] }", "none.json: there is no such file"),
        ("triggers: []", "triggers is not an object"),
        ("themes: {}", "themes is not a list"),
    ] {
        place.write("broken.yaml", text);
        let (done, said) = place.deploy(&["import", "broken.yaml"]);
        assert!(!done && said.contains(reason) && said.contains("broken.yaml") || said.contains("none.json"), "{said}");
    }
    place.write("parts.yaml", "attackProtection: { none: { a: 1 } }\nhooks: []\nflows: [{ name: x }, { name: y }]\n");
    let (done, said) = place.deploy(&["import", "parts.yaml"]);
    assert!(
        !done && said.contains("refused   attackProtection.none : this version of Keywright does not store"),
        "{said}"
    );
    assert!(said.contains("refused   flows : ") && said.contains("2 entries were not imported"), "{said}");
    assert!(!said.contains("hooks"), "what is empty is passed over: {said}");
}
