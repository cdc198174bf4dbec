// The regular web app of the tutorials: login with the authorization code flow, an access token for the
// Appointments API, a refresh token, logout. The tokens stay in the server's encrypted session cookie.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import express from 'express';
import openid from 'express-openid-connect';
import { appointmentsPage, errorPage, homePage, profilePage } from './views.mjs';

const port = Number(process.env.PORT ?? 3000);
const apiUrl = process.env.API_URL ?? 'http://localhost:3001';
const { auth, requiresAuth } = openid;

const app = express();
app.disable('x-powered-by');
app.use(express.static(fileURLToPath(new URL('public', import.meta.url)), { index: false }));

app.use(
  auth({
    issuerBaseURL: process.env.ISSUER_BASE_URL,
    baseURL: process.env.BASE_URL ?? `http://localhost:${port}`,
    clientID: process.env.CLIENT_ID,
    clientSecret: process.env.CLIENT_SECRET,
    // Encrypts the session cookie. Set one that stays to keep sessions over a restart.
    secret: process.env.SECRET ?? randomBytes(32).toString('hex'),
    authRequired: false,
    idpLogout: true,
    authorizationParams: {
      response_type: 'code',
      audience: process.env.AUDIENCE,
      scope: 'openid profile email offline_access appointments contacts',
    },
  }),
);

app.get('/', (req, res) => res.send(homePage(req.oidc.user)));

app.get('/signup', (req, res) => res.oidc.login({ returnTo: '/profile', authorizationParams: { screen_hint: 'signup' } }));

app.get('/profile', requiresAuth(), (req, res) => res.send(profilePage(req.oidc.user)));

app.get('/appointments', requiresAuth(), async (req, res) => {
  let token = req.oidc.accessToken;
  if (token.isExpired()) token = await token.refresh();
  const response = await fetch(`${apiUrl}/api/appointments`, {
    headers: { authorization: `Bearer ${token.access_token}` },
  });
  res.send(appointmentsPage(req.oidc.user, token, response.status, await response.json()));
});

// `isExpired` above is all that an application needs; the button shows what happens at the end of a token's life.
app.post('/refresh', requiresAuth(), async (req, res) => {
  await req.oidc.accessToken.refresh();
  res.redirect(303, '/appointments');
});

// A login that the user or the server refused comes back to /callback as an error.
app.use((error, req, res, next) => {
  const status = error.status ?? error.statusCode ?? 500;
  if (status >= 500) console.error(error);
  res.status(status).send(errorPage(error.error ?? 'error', error.error_description ?? error.message));
});

app.listen(port, '127.0.0.1', (error) => {
  if (error) {
    console.error(`The example web app cannot listen on port ${port}: ${error.message}`);
    process.exit(1);
  }
  console.log(`Example web app  http://localhost:${port}`);
});
