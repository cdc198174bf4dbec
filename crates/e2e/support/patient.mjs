// Loaded into auth0-deploy-cli before it starts. The tool compiles its schemas for many seconds without looking at its sockets; on a
// busy machine a connection that was made meanwhile would be given up: by Node after a quarter of a second, because there is
// another address of localhost to try, and by undici after ten seconds.
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { Agent, setGlobalDispatcher } from 'undici';

const patience = 180_000;
setDefaultAutoSelectFamilyAttemptTimeout(patience);
setGlobalDispatcher(new Agent({ connect: { timeout: patience }, keepAliveTimeout: 1_000, headersTimeout: patience }));
