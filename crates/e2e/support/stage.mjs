// What most files begin with: a server, a browser that trusts it, and an application at the seeded callback URL.
import { launchBrowser } from './browser.mjs';
import { listenForCallbacks } from './callback.mjs';
import { startConfigurableServer } from './configure.mjs';
import { startServer } from './server.mjs';

/**
 * Called once at the top of a file; its tests end with `after(end)`.
 * @param configurable whether the tests change documents of the tenant: `server.configure`
 * @param callbacks false where an application of its own has the callback
 */
export async function openStage({ configurable = false, callbacks: listens = true } = {}) {
  const callbacks = listens ? await listenForCallbacks() : null;
  const server = configurable ? await startConfigurableServer() : await startServer();
  const browser = await launchBrowser(server);
  return {
    server,
    browser,
    callbacks,
    async end() {
      await callbacks?.close();
      await browser.close();
      await server.stop();
    },
  };
}
