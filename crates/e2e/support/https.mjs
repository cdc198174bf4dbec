// Applications on HTTPS under the development CA, so that they are same-site with the server, as applications on one domain
// with their identity provider are.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { once } from 'node:events';
import { join } from 'node:path';

/** Key and certificate for localhost, issued by the CA in a server's data directory. @returns `{key, certificate}`, two paths */
export function issueCertificate(server) {
  const file = (name) => join(server.data, `application-${name}`);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  writeFileSync(file('ext'), 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n');
  openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key'), '-out', file('csr'), '-subj', '/CN=localhost');
  openssl('x509', '-req', '-in', file('csr'), '-CA', join(server.data, 'ca.pem'), '-CAkey', join(server.data, 'ca-key.pem'), '-days', '30', '-extfile', file('ext'), '-out', file('crt'));
  return { key: file('key'), certificate: file('crt') };
}

/** Listens on a free port. @returns `{origin, close}` */
export async function listenHttps(server, handler) {
  const { key, certificate } = issueCertificate(server);
  const listener = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, handler).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    origin: `https://localhost:${listener.address().port}`,
    async close() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
