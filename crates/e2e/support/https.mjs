// An application on HTTPS under the development CA, so that it is same-site with the server, as applications on one domain
// with their identity provider are.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Key and certificate for localhost, issued by the CA in a server's data directory. */
function certificate(data) {
  const folder = mkdtempSync(join(tmpdir(), 'keywright-leaf-'));
  const file = (name) => join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  writeFileSync(file('ext'), 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n');
  openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key'), '-out', file('csr'), '-subj', '/CN=localhost');
  openssl('x509', '-req', '-in', file('csr'), '-CA', join(data, 'ca.pem'), '-CAkey', join(data, 'ca-key.pem'), '-days', '30', '-extfile', file('ext'), '-out', file('crt'));
  const pair = { key: readFileSync(file('key')), cert: readFileSync(file('crt')) };
  rmSync(folder, { recursive: true });
  return pair;
}

/** Listens on a free port. @returns `{origin, close}` */
export async function listenHttps(server, handler) {
  const listener = createServer(certificate(server.data), handler).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    origin: `https://localhost:${listener.address().port}`,
    async close() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
