// Auth0's ManagementClient of npm against the built binary: every resource of a tenant's configuration is made, read, listed,
// changed and removed. What people have (users, sessions, jobs) is in management-sdk-users.test.mjs.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { entries, managementClient, refused } from './support/management.mjs';
import { engine, startServer } from './support/server.mjs';

const server = await startServer();
const api = managementClient(server);

describe(`Auth0's ManagementClient on ${engine}`, () => {
  after(() => server.stop());

  test('clients', async () => {
    const made = await api.clients.create({
      name: 'Web shop',
      app_type: 'regular_web',
      callbacks: ['https://shop.example.com/callback'],
      oidc_conformant: true,
      client_metadata: { team: 'blue' },
      jwt_configuration: { alg: 'RS256' },
      addons: { samlp: { audience: 'https://shop.example.com', mappings: { email: 'mail' } } },
    });
    assert.match(made.client_id, /^[0-9A-Za-z]{32}$/);
    assert.match(made.client_secret, /^[\w-]{64}$/);
    // Without the implicit grant, which applications have to ask for (CL-07).
    assert.deepEqual(made.grant_types, ['authorization_code', 'refresh_token', 'client_credentials']);
    assert.equal(made.addons.samlp.mappings.email, 'mail');

    const { client_id } = made;
    assert.deepEqual((await api.clients.get(client_id)).callbacks, made.callbacks);
    const listed = await entries(api.clients.list({ per_page: 2, fields: 'client_id,name', include_fields: true }));
    assert.ok(listed.some((client) => client.client_id === client_id && client.name === 'Web shop' && !client.callbacks));

    const changed = await api.clients.update(client_id, { client_metadata: { tier: 'gold' }, description: 'Sells shoes' });
    assert.deepEqual(changed.client_metadata, { team: 'blue', tier: 'gold' });
    const rotated = await api.clients.rotateSecret(client_id);
    assert.notEqual(rotated.client_secret, made.client_secret);

    const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
    const credential = await api.clients.credentials.create(client_id, { credential_type: 'public_key', name: 'first', pem });
    assert.match(credential.id, /^cred_/);
    assert.equal((await api.clients.credentials.list(client_id)).length, 1);
    const expires_at = '2030-01-01T00:00:00.000Z';
    await api.clients.credentials.update(client_id, credential.id, { expires_at });
    assert.equal(new Date((await api.clients.credentials.get(client_id, credential.id)).expires_at).toISOString(), expires_at);
    await api.clients.credentials.delete(client_id, credential.id);
    assert.ok(Array.isArray(await entries(api.clients.connections.get(client_id))));

    await api.clients.delete(client_id);
    await refused(api.clients.get(client_id), 404, 'inexistent_client');
    await refused(api.clients.create({ name: '<script>' }), 400, 'invalid_body');
    await refused(api.clients.create({ name: 'Shop', callbacks: ['not an address'] }), 400, 'invalid_body');
    await refused(api.clients.create({ name: 'Shop', no_such_member: 1 }), 400, 'invalid_body');
  });

  test('resource servers and client grants', async () => {
    const identifier = 'https://orders.example.com/';
    const made = await api.resourceServers.create({
      identifier,
      name: 'Orders',
      signing_alg: 'RS256',
      allow_offline_access: true,
      scopes: [{ value: 'read:orders', description: 'Read orders' }],
    });
    assert.equal((await api.resourceServers.get(identifier)).id, made.id, 'an identifier with slashes in the path');
    await refused(api.resourceServers.create({ identifier }), 409, 'resource_server_conflict');
    const scopes = [{ value: 'read:orders' }, { value: 'write:orders' }];
    assert.deepEqual((await api.resourceServers.update(made.id, { scopes })).scopes.map(({ value }) => value).sort(), ['read:orders', 'write:orders']);
    assert.ok((await entries(api.resourceServers.list({ per_page: 1 }))).some(({ id }) => id === made.id));

    const { client_id } = await api.clients.create({ name: 'Daemon', app_type: 'non_interactive' });
    const grant = await api.clientGrants.create({ client_id, audience: identifier, scope: ['read:orders'] });
    assert.match(grant.id, /^cgr_/);
    await refused(api.clientGrants.create({ client_id, audience: identifier, scope: [] }), 409);
    assert.deepEqual((await api.clientGrants.update(grant.id, { scope: ['write:orders'] })).scope, ['write:orders']);
    assert.deepEqual((await entries(api.clientGrants.list({ client_id }))).map(({ id }) => id), [grant.id]);
    assert.equal((await api.clientGrants.get(grant.id)).audience, identifier);
    await api.clientGrants.delete(grant.id);
    await api.resourceServers.delete(made.id);
    await refused(api.resourceServers.get(made.id), 404, 'inexistent_resource_server');
    await api.clients.delete(client_id);
  });

  test('connections', async () => {
    const made = await api.connections.create({
      name: 'Customers',
      strategy: 'auth0',
      options: { passwordPolicy: 'good', requires_username: true },
    });
    assert.match(made.id, /^con_/);
    assert.deepEqual(made.realms, ['Customers']);
    await refused(api.connections.create({ name: 'Customers', strategy: 'auth0' }), 409, 'connection_conflict');
    const changed = await api.connections.update(made.id, { options: { passwordPolicy: 'fair', disable_signup: true } });
    assert.equal(changed.options.requires_username, undefined, 'options are replaced as a whole');
    const { client_id } = server.application('spa');
    await api.connections.clients.update(made.id, [{ client_id, status: true }]);
    assert.deepEqual((await entries(api.connections.clients.get(made.id))).map((client) => client.client_id), [client_id]);
    assert.ok((await entries(api.connections.list({ strategy: ['auth0'], take: 1 }))).some(({ id }) => id === made.id));

    const social = await api.connections.create({
      name: 'github',
      strategy: 'github',
      options: { client_id: 'upstream', client_secret: 'upstream secret', email: true },
    });
    assert.deepEqual((await api.connections.get(social.id)).options.scope, ['user:email']);
    const oidc = await api.connections.create({
      name: 'partner',
      strategy: 'oidc',
      options: {
        type: 'back_channel',
        client_id: 'upstream',
        client_secret: 'upstream secret',
        issuer: 'https://partner.example.com/',
        authorization_endpoint: 'https://partner.example.com/authorize',
        token_endpoint: 'https://partner.example.com/token',
        jwks_uri: 'https://partner.example.com/keys',
        scope: 'openid profile email',
      },
    });
    for (const { id } of [made, social, oidc]) await api.connections.delete(id);
    await refused(api.connections.create({ name: 'x y', strategy: 'auth0' }), 400, 'invalid_body');
    await refused(api.connections.create({ name: 'xy', strategy: 'no-such-strategy' }), 400, 'invalid_body');
    await refused(api.connections.get('con_0000000000000000'), 404, 'inexistent_connection');
  });

  test('roles', async () => {
    const role = await api.roles.create({ name: 'editor', description: 'May edit' });
    await refused(api.roles.create({ name: 'editor' }), 409);
    const permission = { resource_server_identifier: server.audience, permission_name: 'read:contacts' };
    await api.roles.permissions.add(role.id, { permissions: [permission] });
    assert.deepEqual((await entries(api.roles.permissions.list(role.id))).map((one) => one.permission_name), ['read:contacts']);
    await api.roles.permissions.delete(role.id, { permissions: [permission] });
    assert.equal((await api.roles.update(role.id, { description: 'May edit more' })).description, 'May edit more');
    assert.deepEqual((await entries(api.roles.list({ name_filter: 'edit' }))).map(({ id }) => id), [role.id]);
    await api.roles.delete(role.id);
    await refused(api.roles.get(role.id), 404);
  });

  test('tenant settings', async () => {
    const changed = await api.tenants.settings.update({
      friendly_name: 'Acme',
      device_flow: { charset: 'digits', mask: '***-***' },
      session_lifetime: 24,
      idle_session_lifetime: 12,
      flags: { enable_client_connections: false },
    });
    assert.equal(changed.friendly_name, 'Acme');
    const read = await api.tenants.settings.get({ fields: 'device_flow,session_lifetime', include_fields: true });
    assert.deepEqual(read.device_flow, { charset: 'digits', mask: '***-***' });
    assert.equal(read.session_lifetime, 24);
    await refused(api.tenants.settings.update({ flags: { no_such_flag: true } }), 400, 'invalid_body');
  });

  test('rules and their settings', async () => {
    const script = 'function (user, context, callback) { callback(null, user, context); }';
    const first = await api.rules.create({ name: 'Add claims', script, enabled: true });
    assert.match(first.id, /^rul_/);
    const second = await api.rules.create({ name: 'Second', script, order: 7 });
    assert.equal(second.order, 7);
    await refused(api.rules.create({ name: 'Add claims', script }), 409);
    assert.equal((await api.rules.update(first.id, { enabled: false })).enabled, false);
    assert.deepEqual((await entries(api.rules.list({ enabled: false }))).map(({ id }) => id), [first.id]);
    await api.rules.delete(first.id);
    await api.rules.delete(second.id);
    await refused(api.rules.get(first.id), 404, 'inexistent_rule');

    await api.rulesConfigs.set('WEBHOOK_URL', { value: 'https://hooks.example.com/secret' });
    assert.deepEqual(await api.rulesConfigs.list(), [{ key: 'WEBHOOK_URL' }]);
    await api.rulesConfigs.delete('WEBHOOK_URL');
    assert.deepEqual(await api.rulesConfigs.list(), []);
  });

  test('actions, their versions and bindings', async () => {
    const code = 'exports.onExecutePostLogin = async (event, api) => {};';
    const action = await api.actions.create({
      name: 'Add claim',
      code,
      supported_triggers: [{ id: 'post-login', version: 'v3' }],
      secrets: [{ name: 'KEY', value: 'very secret' }],
    });
    assert.equal(action.secrets[0].name, 'KEY');
    assert.equal(action.secrets[0].value, undefined);
    const deployed = await api.actions.deploy(action.id);
    assert.equal(deployed.number, 1);
    await api.actions.update(action.id, { code: `${code} // 2` });
    assert.equal((await api.actions.deploy(action.id)).number, 2);
    const versions = await entries(api.actions.versions.list(action.id));
    assert.deepEqual(versions.map(({ number }) => number), [2, 1]);
    assert.equal((await api.actions.versions.get(action.id, versions[1].id)).code, code);
    await api.actions.versions.deploy(action.id, versions[1].id, {});

    const { bindings } = await api.actions.triggers.bindings.updateMany('post-login', {
      bindings: [{ ref: { type: 'action_name', value: 'Add claim' }, display_name: 'Adds it' }],
    });
    assert.equal(bindings[0].action.id, action.id);
    assert.equal((await entries(api.actions.triggers.bindings.list('post-login'))).length, 1);
    await refused(api.actions.delete(action.id), 400);
    await api.actions.delete(action.id, { force: true });
    assert.deepEqual(await entries(api.actions.triggers.bindings.list('post-login')), []);
    await refused(api.actions.get(action.id), 404);
    assert.ok((await api.actions.triggers.list()).triggers.some(({ id }) => id === 'post-login'));
    assert.deepEqual(await entries(api.actions.list()), []);
  });

  test('branding, theme and page template', async () => {
    const changed = await api.branding.update({ colors: { primary: '#0059d6', page_background: '#000000' }, logo_url: 'https://acme.example.com/logo.png' });
    assert.equal(changed.colors.primary, '#0059d6');
    assert.equal((await api.branding.get()).logo_url, 'https://acme.example.com/logo.png');
    await refused(api.branding.update({ colors: { primary: 'blue' } }), 400, 'invalid_body');

    await refused(api.branding.themes.getDefault(), 404, 'theme_not_found');
    const theme = await api.branding.themes.create(themeOf('Acme'));
    assert.equal((await api.branding.themes.getDefault()).themeId, theme.themeId);
    assert.equal((await api.branding.themes.update(theme.themeId, themeOf('Acme 2'))).displayName, 'Acme 2');
    await api.branding.themes.delete(theme.themeId);
    await refused(api.branding.themes.get(theme.themeId), 404, 'theme_not_found');

    await refused(api.branding.templates.getUniversalLogin(), 404);
    const template = '<!DOCTYPE html><html><head>{%- auth0:head -%}</head><body>{%- auth0:widget -%}</body></html>';
    await api.branding.templates.updateUniversalLogin({ template });
    assert.equal((await api.branding.templates.getUniversalLogin()).body, template);
    await api.branding.templates.deleteUniversalLogin();
  });

  test('prompts and their texts', async () => {
    assert.equal((await api.prompts.getSettings()).universal_login_experience, 'new');
    assert.equal((await api.prompts.updateSettings({ identifier_first: true })).identifier_first, true);
    await api.prompts.updateSettings({ identifier_first: false });
    assert.deepEqual(await api.prompts.customText.get('login', 'en'), {});
    await api.prompts.customText.set('login', 'en', { login: { title: 'Welcome to Acme' } });
    assert.deepEqual(await api.prompts.customText.get('login', 'en'), { login: { title: 'Welcome to Acme' } });
    const { client_id } = server.application('spa');
    const authorize = new URLSearchParams({ client_id, response_type: 'code', redirect_uri: 'http://localhost:3000/callback' });
    const begun = await server.request(`/authorize?${authorize}`);
    const page = await server.request(begun.headers.get('location'), { headers: { cookie: begun.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ') } });
    assert.match(page.body, /Welcome to Acme/);
    await api.prompts.customText.set('login', 'en', {});
    await refused(api.prompts.customText.get('no-such-prompt', 'en'), 400);
    await api.prompts.partials.set('login', { login: { 'form-content-start': '<p>Hello</p>' } });
    assert.deepEqual(await api.prompts.partials.get('login'), { login: { 'form-content-start': '<p>Hello</p>' } });
    assert.ok(Array.isArray(await entries(api.prompts.rendering.list())));
  });

  test('mail templates and provider', async () => {
    await refused(api.emailTemplates.get('welcome_email'), 404, 'inexistent_email_template');
    const template = { template: 'welcome_email', body: '<p>Hello {{ user.name }}</p>', from: 'Acme <hello@acme.example.com>', subject: 'Welcome', syntax: 'liquid', enabled: true };
    assert.equal((await api.emailTemplates.create(template)).subject, 'Welcome');
    await refused(api.emailTemplates.create(template), 409);
    assert.equal((await api.emailTemplates.update('welcome_email', { subject: 'Welcome!' })).subject, 'Welcome!');
    assert.equal((await api.emailTemplates.set('welcome_email', { ...template, subject: 'Hi' })).subject, 'Hi');

    await refused(api.emails.provider.get(), 404, 'inexistent_email_provider');
    const credentials = { smtp_host: 'smtp.example.com', smtp_port: 587, smtp_user: 'acme', smtp_pass: 'very secret' };
    await api.emails.provider.create({ name: 'smtp', enabled: false, default_from_address: 'hello@acme.example.com', credentials });
    const read = await api.emails.provider.get({ fields: 'name,enabled,credentials,default_from_address', include_fields: true });
    assert.equal(read.credentials.smtp_host, 'smtp.example.com');
    assert.equal(read.credentials.smtp_pass, undefined);
    assert.equal((await api.emails.provider.update({ default_from_address: 'new@acme.example.com' })).default_from_address, 'new@acme.example.com');
    await api.emails.provider.delete();
    await refused(api.emails.provider.get(), 404, 'inexistent_email_provider');
  });

  test('attack protection', async () => {
    const { bruteForceProtection, suspiciousIpThrottling, breachedPasswordDetection, botDetection, captcha } = api.attackProtection;
    assert.equal((await bruteForceProtection.update({ max_attempts: 5 })).max_attempts, 5);
    assert.equal((await bruteForceProtection.get()).max_attempts, 5);
    assert.equal((await suspiciousIpThrottling.update({ allowlist: ['192.0.2.0/24'] })).allowlist[0], '192.0.2.0/24');
    assert.equal((await breachedPasswordDetection.update({ enabled: false })).enabled, false);
    assert.ok(await botDetection.get());
    assert.ok(await captcha.get());
    await refused(bruteForceProtection.update({ max_attempts: 0 }), 400, 'invalid_body');
  });

  test('guardian', async () => {
    const factors = await api.guardian.factors.list();
    assert.ok(factors.some(({ name }) => name === 'otp'));
    assert.deepEqual(await api.guardian.factors.set('otp', { enabled: true }), { enabled: true });
    assert.equal((await api.guardian.factors.list()).find(({ name }) => name === 'otp').enabled, true);
    assert.deepEqual(await api.guardian.policies.set(['all-applications']), ['all-applications']);
    assert.deepEqual(await api.guardian.policies.list(), ['all-applications']);
    await api.guardian.policies.set([]);
  });

  test('custom domains', async () => {
    const made = await api.customDomains.create({ domain: 'login.acme.example.com', type: 'self_managed_certs' });
    const id = made.custom_domain_id;
    assert.match(id, /^cd_/);
    assert.equal((await api.customDomains.get(id)).domain, 'login.acme.example.com');
    assert.equal((await api.customDomains.list()).length, 1);
    await refused(api.customDomains.create({ domain: 'login.acme.example.com', type: 'self_managed_certs' }), 409);
    await api.customDomains.delete(id);
    assert.equal((await api.customDomains.list()).length, 0);
  });

  test('organizations', async () => {
    const made = await api.organizations.create({ name: 'acme', display_name: 'Acme Inc' });
    assert.match(made.id, /^org_/);
    await refused(api.organizations.create({ name: 'acme' }), 409, 'organization_conflict');
    assert.equal((await api.organizations.update(made.id, { display_name: 'Acme Ltd' })).display_name, 'Acme Ltd');
    assert.equal((await api.organizations.getByName('acme')).id, made.id);
    assert.deepEqual((await entries(api.organizations.list())).map(({ id }) => id), [made.id]);
    await api.organizations.delete(made.id);
    await refused(api.organizations.get(made.id), 404);
  });

  test('what was written is in the tenant log', async () => {
    const written = (await api.logs.list({ q: 'type:sapi', per_page: 100, sort: 'date:-1' })).data;
    assert.ok(written.some(({ description }) => description === 'Create a client'));
    assert.equal((await api.logs.get(written[0].log_id)).log_id, written[0].log_id);
    assert.ok(!JSON.stringify(written).includes('very secret'));
  });

  test('signing keys', async () => {
    const before = await api.keys.signing.list();
    const next = before.find((key) => key.next);
    // Verifiers get a minute to learn the next key before it signs.
    await server.advance(120);
    const rotated = await api.keys.signing.rotate();
    assert.equal(rotated.kid, next.kid);
    // Tokens that a revoked key signed are worth nothing from then on: this client has one of the new key.
    const { signing } = managementClient(server).keys;
    const previous = (await signing.list()).find((key) => key.previous);
    assert.equal((await signing.revoke(previous.kid)).kid, previous.kid);
    assert.equal((await signing.get(previous.kid)).revoked, true);
    await refused(api.keys.signing.list(), 401);
  });
});

/** A complete theme. */
function themeOf(displayName) {
  const font = { bold: false, size: 87.5 };
  return {
    displayName,
    borders: { button_border_radius: 3, button_border_weight: 1, buttons_style: 'rounded', input_border_radius: 3, input_border_weight: 1, inputs_style: 'rounded', show_widget_shadow: true, widget_border_weight: 0, widget_corner_radius: 5 },
    colors: { body_text: '#1e212a', error: '#d03c38', header: '#1e212a', icons: '#65676e', input_background: '#ffffff', input_border: '#c9cace', input_filled_text: '#000000', input_labels_placeholders: '#65676e', links_focused_components: '#635dff', primary_button: '#635dff', primary_button_label: '#ffffff', secondary_button_border: '#c9cace', secondary_button_label: '#1e212a', success: '#13a688', widget_background: '#ffffff', widget_border: '#c9cace' },
    fonts: { body_text: font, buttons_text: font, input_labels: font, links: font, subtitle: font, title: { bold: true, size: 150 }, font_url: '', links_style: 'normal', reference_text_size: 16 },
    page_background: { background_color: '#000000', background_image_url: '', page_layout: 'center' },
    widget: { header_text_alignment: 'center', logo_height: 52, logo_position: 'center', logo_url: '', social_buttons_layout: 'bottom' },
  };
}
