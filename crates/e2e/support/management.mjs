// Auth0's ManagementClient of npm, unmodified, pointed at a server under test.
import assert from 'node:assert/strict';
import { ManagementClient } from 'auth0';

/** A client that fetches its own token as an application of the seeded kind does. */
export function managementClient(server, credentials = server.description.management) {
  return new ManagementClient({
    domain: server.domain,
    clientId: credentials.client_id,
    clientSecret: credentials.client_secret,
    maxRetries: 0,
    // The SDK's own `fetch` with the development CA; a program would set NODE_EXTRA_CA_CERTS.
    fetch: (input, options) => globalThis.fetch(input, { ...options, dispatcher: server.agent }),
  });
}

/** Every entry of a list, page after page as the SDK reads it. */
export async function entries(list) {
  const all = [];
  for await (const entry of await list) all.push(entry);
  return all;
}

/** That a call is refused with this status, and with this error code where one is named. */
export function refused(call, statusCode, errorCode) {
  return assert.rejects(call, (error) => {
    assert.equal(error.statusCode, statusCode, `${error.statusCode}: ${error.message}`);
    assert.equal(error.body?.statusCode, statusCode);
    if (errorCode) assert.equal(error.body.errorCode, errorCode);
    return true;
  });
}
