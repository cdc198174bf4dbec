// Auth0's ManagementClient of npm against the built binary: people and what they have. Configuration: management-sdk.test.mjs.
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { after, describe, test } from 'node:test';
import { newPage } from './support/browser.mjs';
import { claims, exchangeCode, refresh, signUp } from './support/flow.mjs';
import { entries, managementClient, refused } from './support/management.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const connection = 'Username-Password-Authentication';
const { server, browser, callbacks, end } = await openStage();
const api = managementClient(server);

/** A job, when it has ended. */
async function ended(id) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const job = await api.jobs.get(id);
    if (job.status === 'completed' || job.status === 'failed') return job;
    assert.ok(Date.now() < deadline, `the job is still ${job.status}`);
  }
}

/** Somebody who logged in with a browser; has a session, a grant and a refresh token. */
async function loggedIn() {
  const { page, close } = await newPage(browser);
  const application = server.application('regular_web');
  const login = await signUp(page, server, callbacks, application);
  await close();
  const { body: tokens } = await exchangeCode(server, application, login);
  return { user_id: claims(tokens.id_token).sub, tokens };
}

describe(`Auth0's ManagementClient and users on ${engine}`, () => {
  after(end);

  test('users: made, read, found, changed and deleted', async () => {
    const made = await api.users.create({
      connection,
      email: 'Ana@Example.com',
      password: 'Tr0ub4dor&3x-correct',
      user_metadata: { language: 'pt' },
      app_metadata: { plan: 'free', seats: 3 },
      verify_email: false,
    });
    assert.match(made.user_id, /^auth0\|[0-9a-f]{24}$/);
    assert.equal(made.email, 'ana@example.com');
    assert.equal(made.identities[0].connection, connection);
    await refused(api.users.create({ connection, email: 'ana@example.com', password: 'Tr0ub4dor&3x-correct' }), 409, 'auth0_idp_error');
    await refused(api.users.create({ connection, email: 'weak@example.com', password: 'abc' }), 400);
    await refused(api.users.create({ email: 'x@example.com' }), 400, 'invalid_body');

    const { user_id } = made;
    assert.equal((await api.users.get(user_id, { fields: 'email', include_fields: true })).email, 'ana@example.com');
    assert.deepEqual((await api.users.listUsersByEmail({ email: 'ANA@example.com' })).map((user) => user.user_id), [user_id]);
    for (const q of [
      'email:"ana@example.com"',
      'email:ana*',
      'name:*example*',
      'app_metadata.plan:free AND NOT blocked:true',
      'app_metadata.seats:3',
      'user_metadata.language:"pt"',
      `identities.connection:"${connection}" AND email.domain:example.com`,
      'created_at:[2020-01-01 TO *] AND _exists_:email',
      '(email:nobody OR email:ana@example.com)',
    ]) {
      const found = await entries(api.users.list({ q, search_engine: 'v3', sort: 'created_at:-1' }));
      assert.ok(found.some((user) => user.user_id === user_id), q);
    }
    assert.deepEqual(await entries(api.users.list({ q: 'app_metadata.plan:gold' })), []);
    await refused(api.users.list({ q: 'email:(ana' }), 400, 'invalid_query_string');

    const changed = await api.users.update(user_id, { app_metadata: { plan: 'pro', seats: null }, nickname: 'annie' });
    assert.deepEqual(changed.app_metadata, { plan: 'pro' });
    assert.deepEqual(changed.user_metadata, { language: 'pt' });
    assert.equal((await api.users.update(user_id, { blocked: true })).blocked, true);
    assert.deepEqual((await entries(api.users.list({ q: 'blocked:true' }))).map((user) => user.user_id), [user_id]);
    await refused(api.users.update(user_id, { password: 'Tr0ub4dor&3x-other', email: 'new@example.com' }), 400);
    await api.users.delete(user_id);
    await refused(api.users.get(user_id), 404, 'inexistent_user');
  });

  test('roles and permissions of a user', async () => {
    const { user_id } = await api.users.create({ connection, email: 'roles@example.com', password: 'Tr0ub4dor&3x-correct', email_verified: true });
    const role = await api.roles.create({ name: 'reader' });
    await api.users.roles.assign(user_id, { roles: [role.id] });
    assert.deepEqual((await entries(api.users.roles.list(user_id))).map(({ id }) => id), [role.id]);
    assert.deepEqual((await entries(api.roles.users.list(role.id))).map((user) => user.user_id), [user_id]);
    const permissions = [{ resource_server_identifier: server.audience, permission_name: 'read:contacts' }];
    await api.users.permissions.create(user_id, { permissions });
    assert.equal((await entries(api.users.permissions.list(user_id))).length, 1);
    await api.users.permissions.delete(user_id, { permissions });
    await api.users.roles.delete(user_id, { roles: [role.id] });
    assert.deepEqual(await entries(api.users.roles.list(user_id)), []);
    assert.deepEqual(await entries(api.users.organizations.list(user_id)), []);
  });

  test('identities are linked and taken apart', async () => {
    const [first, second] = await Promise.all(['first', 'second'].map((name) =>
      api.users.create({ connection, email: `${name}@link.example.com`, password: 'Tr0ub4dor&3x-correct', email_verified: true })));
    const linked = await api.users.identities.link(first.user_id, { provider: 'auth0', user_id: second.user_id.slice('auth0|'.length) });
    assert.equal(linked.length, 2);
    assert.equal(linked[1].profileData.email, 'second@link.example.com');
    await refused(api.users.get(second.user_id), 404, 'inexistent_user');
    await refused(api.users.identities.link(first.user_id, { provider: 'auth0', user_id: second.user_id }), 409, 'identity_conflict');
    const left = await api.users.identities.delete(first.user_id, 'auth0', second.user_id.slice('auth0|'.length));
    assert.equal(left.length, 1);
    assert.equal((await api.users.get(second.user_id)).email, 'second@link.example.com');
  });

  test('sessions, refresh tokens and grants end', async () => {
    const { user_id, tokens } = await loggedIn();
    const sessions = await entries(api.users.sessions.list(user_id));
    assert.equal(sessions.length, 1);
    const session = await api.sessions.get(sessions[0].id);
    assert.equal(session.user_id, user_id);
    assert.equal((await api.sessions.update(session.id, { session_metadata: { shift: 'night' } })).session_metadata.shift, 'night');

    const families = await entries(api.users.refreshToken.list(user_id));
    assert.equal(families.length, 1);
    assert.equal((await api.refreshTokens.get(families[0].id)).user_id, user_id);
    assert.equal((await entries(api.userGrants.list({ user_id })))[0]?.user_id, user_id);
    assert.ok((await entries(api.users.logs.list(user_id))).some(({ type }) => type === 's' || type === 'ss'));

    await api.refreshTokens.delete(families[0].id);
    const refreshed = await refresh(server, server.application('regular_web'), tokens.refresh_token);
    assert.equal(refreshed.body.error, 'invalid_grant');
    await api.sessions.revoke(session.id);
    assert.deepEqual(await entries(api.users.sessions.list(user_id)), []);
    await api.userGrants.deleteByUserId({ user_id });
    assert.deepEqual(await entries(api.userGrants.list({ user_id })), []);
    await api.users.revokeAccess(user_id);
  });

  test('blocked users', async () => {
    const { user_id } = await api.users.create({ connection, email: 'blocked@example.com', password: 'Tr0ub4dor&3x-correct', email_verified: true });
    assert.deepEqual((await api.userBlocks.list(user_id)).blocked_for, []);
    assert.deepEqual((await api.userBlocks.listByIdentifier({ identifier: 'blocked@example.com' })).blocked_for, []);
    await api.userBlocks.delete(user_id);
    await api.userBlocks.deleteByIdentifier({ identifier: 'blocked@example.com' });
  });

  test('tickets', async () => {
    const { user_id } = await api.users.create({ connection, email: 'ticket@example.com', password: 'Tr0ub4dor&3x-correct', verify_email: false });
    const verification = await api.tickets.verifyEmail({ user_id, result_url: 'https://app.example.com/verified' });
    assert.ok(verification.ticket.startsWith(`${server.url}/u/email-verification?ticket=`), verification.ticket);
    const { ticket } = await api.tickets.changePassword({ user_id, ttl_sec: 600 });
    const page = await server.request(ticket);
    assert.equal(page.status, 200);
    await refused(api.tickets.changePassword({ user_id, email: 'ticket@example.com' }), 400);
    await refused(api.tickets.verifyEmail({ user_id: 'auth0|000000000000000000000000' }), 404, 'inexistent_user');
  });

  test('users are imported with hashes of elsewhere and exported', async () => {
    const { id: connection_id } = (await entries(api.connections.list({ name: connection })))[0];
    const people = [
      // bcrypt of "Tr0ub4dor&3x-correct" is not needed: what counts is that the record is taken as it is.
      { email: 'in-1@import.example.com', email_verified: true, password_hash: '$2b$10$nOUIs5kJ7naTuTFkBy1veuK0kSxUFXfuaOKdOKf9xYT0KKIGSJwFa', app_metadata: { source: 'legacy' } },
      { email: 'in-2@import.example.com', custom_password_hash: { algorithm: 'sha256', hash: { value: '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8', encoding: 'hex' } } },
      { email: 'not an address' },
    ];
    const users = new File([JSON.stringify(people)], 'users.json', { type: 'application/json' });
    const job = await api.jobs.usersImports.create({ users, connection_id, external_id: 'move-1' });
    assert.match(job.id, /^job_/);
    const done = await ended(job.id);
    assert.deepEqual({ ...done.summary }, { failed: 1, updated: 0, inserted: 2, total: 3 });
    const errors = await api.jobs.errors.get(job.id);
    assert.equal(errors.length, 1);
    assert.equal(errors[0].user.email, 'not an address');
    assert.equal((await api.users.listUsersByEmail({ email: 'in-1@import.example.com' }))[0].app_metadata.source, 'legacy');

    const spa = server.application('regular_web');
    const login = await server.postForm('/oauth/token', { grant_type: 'password', username: 'in-2@import.example.com', password: 'password', client_id: spa.client_id, client_secret: spa.client_secret });
    assert.notEqual(login.body.error_description, 'Wrong email or password.');

    const exported = await ended((await api.jobs.usersExports.create({ connection_id, format: 'json', fields: [{ name: 'email' }, { name: 'identities[0].connection', export_as: 'connection' }] })).id);
    const answer = await server.fetch(exported.location);
    const lines = gunzipSync(Buffer.from(await answer.arrayBuffer())).toString().trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.some((line) => line.email === 'in-2@import.example.com' && line.connection === connection));
  });

  test('a verification mail is sent by a job', async () => {
    const { user_id } = await api.users.create({ connection, email: 'verify@example.com', password: 'Tr0ub4dor&3x-correct', verify_email: false });
    const job = await api.jobs.verificationEmail.create({ user_id });
    assert.equal((await ended(job.id)).status, 'completed');
    const deadline = Date.now() + 20_000;
    for (;;) {
      const { body } = await server.request('/dev/inbox', { headers: { accept: 'application/json' } });
      if (JSON.stringify(body).includes('verify@example.com')) break;
      assert.ok(Date.now() < deadline, 'no mail came');
    }
  });

  test('statistics and device credentials', async () => {
    assert.equal(typeof (await api.stats.getActiveUsersCount()), 'number');
    assert.ok(Array.isArray(await api.stats.getDaily({})));
    assert.deepEqual(await entries(api.deviceCredentials.list({ user_id: 'auth0|000000000000000000000000' })), []);
  });
});
