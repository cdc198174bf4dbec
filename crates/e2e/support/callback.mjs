// The smallest application there is: a listener on the callback URL that every seeded application allows.
import { createServer } from 'node:http';
import { once } from 'node:events';

export const callbackPort = 3000;
export const appUrl = `http://localhost:${callbackPort}`;
export const callbackUrl = `${appUrl}/callback`;

const arrivalDeadline = 15_000;

/** Fails at once, and says why, where another program has a port that the tests need. */
export async function requireFreePort(port) {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
  } catch (error) {
    throw new Error(`The end-to-end tests need port ${port}, the one in the seeded URLs, and it is taken (${error.code}).`);
  }
  await new Promise((resolve) => probe.close(resolve));
}

export async function listenForCallbacks() {
  await requireFreePort(callbackPort);
  const arrived = [];
  const waiting = [];
  const arrive = (arrival) => (waiting.shift() ?? ((value) => arrived.push(value)))(arrival);

  const listener = createServer(async (request, response) => {
    const url = new URL(request.url, appUrl);
    if (url.pathname === '/favicon.ico') return response.writeHead(204).end();
    let body = '';
    for await (const chunk of request) body += chunk;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><html lang="en"><title>Application</title><h1>Back at the application</h1></html>');
    arrive({
      method: request.method,
      path: url.pathname,
      params: Object.fromEntries(request.method === 'POST' ? new URLSearchParams(body) : url.searchParams),
    });
  });
  listener.listen(callbackPort, '127.0.0.1');
  await once(listener, 'listening');

  return {
    /** The next arrival, `{method, path, params}`; the order is that of the browser's visits. */
    next() {
      if (arrived.length) return Promise.resolve(arrived.shift());
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(settle), 1);
          reject(new Error('the browser did not come back to the application'));
        }, arrivalDeadline);
        const settle = (arrival) => {
          clearTimeout(timer);
          resolve(arrival);
        };
        waiting.push(settle);
      });
    },
    /** Arrivals that no test has asked for: none may be left at the end of a test. */
    unexpected: () => arrived.splice(0),
    async close() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
