// Loaded into auth0-deploy-cli before it starts. The tool compiles its schemas for many seconds without looking at its sockets;
// on a busy machine a connection that was made meanwhile would be given up after undici's ten seconds.
import { Agent, setGlobalDispatcher } from 'undici';

setGlobalDispatcher(new Agent({ connect: { timeout: 180_000 }, keepAliveTimeout: 1_000, headersTimeout: 180_000 }));
